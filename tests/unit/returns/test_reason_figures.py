"""Reason figures: sums of cells are the totals at every step, whatever is merged, cut, packed or grouped."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipby.domain.returns.reason_figures import (
    LONGEST_TEXT,
    OTHER,
    Base,
    Cause,
    Count,
    Dimension,
    Figures,
    Goods,
    Kind,
    bounded,
    fitted,
    from_text,
    grouped,
    to_text,
    totals_of,
)

few = st.sampled_from(["", "a", "б", "丙"])
counts = st.integers(0, 50)
goods = st.builds(Goods, sku=few, carrier=few, supplier=few)
amounts = st.dictionaries(st.sampled_from(["RUB", "CNY"]), st.integers(-(10**9), 10**9), max_size=2)
cells = st.tuples(
    st.builds(Cause, kind=st.sampled_from(Kind), reason=few, initiator=few, goods=goods),
    st.builds(Count, cases=counts, pieces=counts, value=amounts, refunded=amounts, postage=amounts),
)
lines = st.tuples(goods, st.integers(1, 50), st.booleans())
dimensions = st.lists(st.sampled_from(Dimension), unique=True).map(tuple)


@st.composite
def figures(draw: st.DrawFn) -> Figures:
    made = Figures()
    for which, pieces, shipped in draw(st.lists(lines, max_size=12)):
        made.receive(which, pieces, shipped=shipped)
    for cause, count in draw(st.lists(cells, max_size=12)):
        made.lose(cause, count)
    return made


def sums(made: Figures) -> object:
    """What must not change: the totals per kind, without amounts of nothing, and the base."""
    totals = []
    for kind in Kind:
        total = made.total(kind)
        money = [
            {name: minor for name, minor in part.items() if minor}
            for part in (total.value, total.refunded, total.postage)
        ]
        totals.append((total.cases, total.pieces, money))
    return totals, made.total_base()


@settings(max_examples=40)
@given(figures(), figures(), dimensions)
def test_days_put_together_add_up(one: Figures, other: Figures, by: tuple[Dimension, ...]) -> None:
    both = grouped([to_text(one), to_text(other)], by)
    totals = totals_of(both.rows)

    for kind in Kind:
        assert totals.get(kind, Count()) == one.total(kind) + other.total(kind)
    base = one.total_base() + other.total_base()
    assert (both.received, both.shipped) == (base.received, base.shipped)


@settings(max_examples=40)
@given(figures(), st.integers(0, 5), st.integers(0, 5))
def test_cutting_drops_nothing_and_says_how_much_it_put_together(made: Figures, cells: int, base: int) -> None:
    kept = bounded(made, cells=cells, base=base)

    assert sums(kept) == sums(made)
    assert len(kept.cells) <= cells + len(Kind)
    assert len(kept.base) <= base + 1
    assert kept.cut_cells == max(0, len(made.cells) - cells)
    assert kept.cut_base == max(0, len(made.base) - base)
    assert bounded(kept, cells=cells, base=base) == kept


@settings(max_examples=40)
@given(figures())
def test_figures_come_back_from_their_text_unchanged(made: Figures) -> None:
    assert from_text(to_text(made)) == made


@settings(max_examples=40)
@given(figures(), dimensions)
def test_rows_add_up_to_the_totals_however_they_are_grouped(made: Figures, by: tuple[Dimension, ...]) -> None:
    rows = grouped([to_text(made)], by).rows
    added = totals_of(rows)

    for kind in Kind:
        assert added.get(kind, Count()) == made.total(kind)
    assert len({(row.kind, row.group) for row in rows}) == len(rows)
    assert [row.count.pieces for row in rows] == sorted((row.count.pieces for row in rows), reverse=True)


@settings(max_examples=40)
@given(figures(), dimensions)
def test_a_denominator_is_all_there_was_of_the_rows_goods(made: Figures, by: tuple[Dimension, ...]) -> None:
    for row in grouped([to_text(made)], by).rows:
        wanted = dict(zip(by, row.group, strict=True))
        base = sum(
            (
                one
                for which, one in made.base.items()
                if all(
                    getattr(which, name) == wanted.get(name, getattr(which, name))
                    for name in (Dimension.SKU, Dimension.CARRIER, Dimension.SUPPLIER)
                )
            ),
            Base(),
        )
        assert row.out_of == (base.received if row.kind is Kind.CANCEL else base.shipped)


def cause(sku: str = "1", reason: str = "r", kind: Kind = Kind.RETURN) -> Cause:
    return Cause(kind, reason, "client", Goods(sku, "CDEK", "acme"))


def test_a_rate_is_pieces_by_pieces_shipped_for_returns_and_received_for_cancels() -> None:
    made = Figures()
    made.receive(Goods("1", "CDEK", "acme"), 3, shipped=True)
    made.receive(Goods("1", "CDEK", "acme"), 1, shipped=False)
    made.lose(cause(), Count(cases=1, pieces=1))
    made.lose(cause(kind=Kind.CANCEL), Count(cases=1, pieces=1))

    found = {row.kind: (row.out_of, row.rate) for row in grouped([to_text(made)], (Dimension.SKU,)).rows}

    assert found == {Kind.RETURN: (3, Decimal("0.3333")), Kind.CANCEL: (4, Decimal("0.2500"))}


def test_without_a_denominator_there_is_no_rate_and_none_for_what_was_put_together() -> None:
    made = Figures()
    made.lose(cause("1"), Count(cases=1, pieces=2))
    made.lose(cause("2"), Count(cases=1, pieces=1))
    made.receive(Goods("3", "CDEK", "acme"), 5, shipped=True)

    kept = bounded(made, cells=1, base=0)

    assert {row.group: (row.out_of, row.rate) for row in grouped([to_text(kept)], (Dimension.SKU,)).rows} == {
        ("1",): (0, None),
        (OTHER,): (5, None),
    }


def test_goods_with_a_cell_keep_their_denominator_before_larger_ones_without() -> None:
    made = Figures()
    made.receive(Goods("1", "CDEK", "acme"), 1, shipped=True)
    made.receive(Goods("2", "CDEK", "acme"), 100, shipped=True)
    made.lose(cause("1"), Count(cases=1, pieces=1))

    assert set(bounded(made, cells=10, base=1).base) == {Goods("1", "CDEK", "acme"), Goods(OTHER, OTHER, OTHER)}


def test_a_very_large_day_fits_into_its_row_and_keeps_its_sums() -> None:
    made = Figures()
    for number in range(4_000):
        which = Goods(str(10**9 + number), f"Перевозчик {number % 40}", f"Поставщик {number % 900}")
        made.receive(which, number % 7 + 1, shipped=number % 3 > 0)
        made.lose(
            Cause(Kind.RETURN, f"Причина {number} " + "я" * 100, "client", which),
            Count(cases=1, pieces=number % 5 + 1, value={"RUB": number}),
        )

    kept, text = fitted(made, largest=150_000)

    assert 50_000 < len(text.encode()) <= 150_000
    assert sums(kept) == sums(made)
    assert from_text(text) == kept
    assert kept.cut_cells > 0


def test_nothing_fits_into_no_room() -> None:
    with pytest.raises(ValueError, match="not even the totals"):
        fitted(Figures(), largest=10)


def test_texts_are_kept_up_to_a_length() -> None:
    made = Figures()
    made.lose(Cause(Kind.CANCEL, "я" * 500, "x" * 500, Goods("s" * 500, "c" * 500, "p" * 500)), Count(pieces=1))

    (found,) = made.cells
    assert {len(text) for text in (found.reason, found.initiator, found.goods.sku, found.goods.carrier)} == {
        LONGEST_TEXT
    }
