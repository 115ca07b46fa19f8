"""Into which parcels goods may go: every piece once, never beyond a limit, and never on a guess."""

from __future__ import annotations

from collections import Counter
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipby.domain.packing.splitting import MOST_PIECES, Limits, Measure, propose, sides

BOOK, LAMP, POT = (
    Measure(weight_g=400, sides_mm=(210, 150, 30)),
    Measure(weight_g=1500, sides_mm=(400, 200, 200)),
    Measure(weight_g=2600, sides_mm=(300, 300, 250)),
)
CARDS = {"book": BOOK, "lamp": LAMP, "pot": POT}


def parcels(goods: dict[str, int], limits: Limits, there: dict[str, int] | None = None) -> list[dict[str, int]]:
    return [dict(parcel.products) for parcel in propose(goods, CARDS, limits, there or {}).parcels]


def test_what_fits_stays_together() -> None:
    found = propose({"book": 2, "lamp": 1}, CARDS, Limits(weight_g=2300), {})
    assert [dict(parcel.products) for parcel in found.parcels] == [{"book": 2, "lamp": 1}]
    assert (found.parcels[0].weight_g, found.parcels[0].sides_mm) == (2300, (400, 260, 200))
    assert found.problems == ()


def test_one_gram_more_is_another_parcel() -> None:
    assert parcels({"book": 2, "lamp": 1}, Limits(weight_g=2299)) == [{"book": 1, "lamp": 1}, {"book": 1}]


def test_sizes_are_of_goods_laid_on_each_other_in_whatever_order_the_limit_is_named() -> None:
    for limit in permutations((400, 260, 200)):
        assert parcels({"book": 2, "lamp": 1}, Limits(sides_mm=limit)) == [{"book": 2, "lamp": 1}]
    assert len(parcels({"book": 2, "lamp": 1}, Limits(sides_mm=(400, 259, 200)))) == 2


def test_a_count_limits_too() -> None:
    assert parcels({"book": 5}, Limits(pieces=2)) == [{"book": 2}, {"book": 2}, {"book": 1}]


def test_what_is_not_there_waits_in_a_parcel_of_its_own() -> None:
    found = propose({"book": 3, "pot": 1}, CARDS, Limits(), {"book": 1, "pot": 0})
    assert [(dict(each.products), each.waits) for each in found.parcels] == [
        ({"book": 1}, False),
        ({"book": 2, "pot": 1}, True),
    ]
    assert [each.waits for each in propose({"book": 1}, CARDS, Limits(), {"book": 0}).parcels] == [True]
    assert [each.waits for each in propose({"book": 1}, CARDS, Limits(), {"book": -4}).parcels] == [True]


def test_more_in_stock_than_wanted_is_no_more_in_the_parcel() -> None:
    assert parcels({"book": 3}, Limits(), {"book": 50, "lamp": 9}) == [{"book": 3}]


@pytest.mark.parametrize(
    ("limits", "lacks"),
    [
        (Limits(weight_g=1), "no weight_g:"),
        (Limits(sides_mm=(1, 1, 1)), "no sides_mm:"),
        (Limits(weight_g=1, sides_mm=(1, 1, 1)), "no weight_g and no sides_mm:"),
    ],
)
def test_what_nobody_measured_is_not_guessed(limits: Limits, lacks: str) -> None:
    found = propose({"unknown": 1, "book": 1}, CARDS, limits, {})
    assert found.parcels == ()
    [(sku, problem)] = found.problems
    assert sku == "unknown"
    assert lacks in problem


def test_without_a_limit_nothing_has_to_be_measured() -> None:
    [parcel] = propose({"unknown": 2}, {}, Limits(pieces=5), {}).parcels
    assert (dict(parcel.products), parcel.weight_g, parcel.sides_mm) == ({"unknown": 2}, None, None)


def test_a_piece_beyond_every_limit_is_named_and_left_alone() -> None:
    found = propose({"book": 1, "pot": 1}, CARDS, Limits(weight_g=2599), {})
    assert [sku for sku, _ in found.problems] == ["pot"]
    assert [dict(parcel.products) for parcel in found.parcels] == [{"pot": 1}, {"book": 1}]


def test_nobody_splits_thousands_by_hand() -> None:
    found = propose({"book": MOST_PIECES + 1}, CARDS, Limits(), {})
    assert found.parcels == ()
    assert len(found.problems) == 1


_MEASURES = st.builds(
    lambda weight, lengths: Measure(weight_g=weight, sides_mm=sides(lengths)),
    st.integers(1, 900),
    st.tuples(*[st.integers(1, 300)] * 3),
)


@given(
    cards=st.dictionaries(st.sampled_from("abcde"), _MEASURES, min_size=1),
    counts=st.lists(st.integers(1, 8), min_size=5, max_size=5),
    limits=st.builds(
        Limits,
        weight_g=st.none() | st.integers(1, 3000),
        sides_mm=st.none() | st.tuples(*[st.integers(1, 600)] * 3),
        pieces=st.none() | st.integers(1, 9),
    ),
    there=st.dictionaries(st.sampled_from("abcde"), st.integers(0, 9)),
)
def test_every_piece_is_in_exactly_one_parcel_and_no_parcel_is_beyond_a_limit(
    cards: dict[str, Measure], counts: list[int], limits: Limits, there: dict[str, int]
) -> None:
    goods = dict(zip(sorted(cards), counts, strict=False))
    found = propose(goods, cards, limits, there)
    packed = sum((Counter(parcel.products) for parcel in found.parcels), Counter[str]())
    assert packed == Counter(goods)
    alone = {sku for sku, _ in found.problems}
    for parcel in found.parcels:
        assert parcel.weight_g is not None
        assert parcel.sides_mm is not None
        if set(parcel.products) & alone:
            assert sum(parcel.products.values()) == 1
            continue
        assert limits.weight_g is None or parcel.weight_g <= limits.weight_g
        assert limits.pieces is None or sum(parcel.products.values()) <= limits.pieces
        if limits.sides_mm is not None:
            assert all(side <= most for side, most in zip(parcel.sides_mm, sides(limits.sides_mm), strict=True))
    late = sum((Counter(parcel.products) for parcel in found.parcels if parcel.waits), Counter[str]())
    assert late == Counter({sku: max(n - there.get(sku, n), 0) for sku, n in goods.items()}) - Counter()
    backwards = propose(dict(reversed(goods.items())), dict(reversed(cards.items())), limits, there)
    assert backwards == found
