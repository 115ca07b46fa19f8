"""Pick order, pick lists and packing slips: whatever comes in, in whatever order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from shipby.domain.labels.options import HandlingMark
from shipby.domain.labels.own_labels import PickList
from shipby.domain.packing.cards import ProductCard
from shipby.domain.packing.picking import bin_key, make_pick_list, packing_slip, pick_order
from shipby.domain.postings.posting import Line, MarketplacePosting, Posting
from tests.support import builders as a

BINS = ("", "A-1", "A-2", "A-10", "a-2", "B-01", "Стеллаж 3", "Стеллаж 12", "0", "²")
SKUS = tuple(f"sku-{n}" for n in range(6))


def card(sku: str, place: str, **changes: object) -> ProductCard:
    return ProductCard(seller=a.SELLER, sku=sku, version=1, bin=place, **changes)  # type: ignore[arg-type]  # of any field


def goods(sku: str, quantity: int = 1) -> Line:
    return a.line(sku=sku, offer_id=sku.upper(), name=f"name of {sku}", quantity=quantity)


def shop(**bins: list[tuple[str, int]]) -> tuple[list[Posting], dict[str, MarketplacePosting]]:
    postings = [a.posting(number=number, shipment_date=a.NOW + timedelta(hours=n)) for n, number in enumerate(bins)]
    details = {number: a.detail(number=number, lines=tuple(goods(*one) for one in of)) for number, of in bins.items()}
    return postings, details


def listed(postings: list[Posting], details: dict[str, MarketplacePosting], cards: dict[str, ProductCard]) -> PickList:
    return make_pick_list(postings, details, cards, code="SB:PL:1", made_at=a.NOW, time_zone="Europe/Moscow")


@st.composite
def warehouses(draw: st.DrawFn) -> tuple[list[Posting], dict[str, MarketplacePosting], dict[str, ProductCard]]:
    cards = {sku: card(sku, draw(st.sampled_from(BINS))) for sku in draw(st.lists(st.sampled_from(SKUS), unique=True))}
    postings, details = [], {}
    for index in range(draw(st.integers(0, 8))):
        due = draw(st.none() | st.integers(0, 3).map(lambda hours: a.NOW + timedelta(hours=hours)))
        number = f"n-{index}"
        postings.append(a.posting(number=number, shipment_date=due))
        lines = draw(st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 4)), max_size=4))
        if draw(st.booleans()):
            details[number] = a.detail(number=number, lines=tuple(goods(*one) for one in lines))
    return postings, details, cards


def test_bins_sort_as_people_read_them_and_no_bin_comes_last() -> None:
    shuffled = ["", "B-1", "A-10", "A-2", "a-2", "A-2-10", "A-2-9", "10", "9"]

    assert sorted(shuffled, key=bin_key) == ["9", "10", "A-2", "a-2", "A-2-9", "A-2-10", "A-10", "B-1", ""]


def test_postings_come_by_their_first_bin_on_the_way_and_then_by_the_ladder() -> None:
    postings, details = shop(late=[("x", 1)], two=[("z", 1), ("y", 1)], third=[("y", 2)], nowhere=[("none", 1)])
    cards = {"x": card("x", "A-10"), "y": card("y", "A-2"), "z": card("z", "C-1")}

    assert pick_order(postings, details, cards) == ("two", "third", "late", "nowhere")


def test_one_row_names_every_parcel_that_wants_the_product_with_its_pieces() -> None:
    postings, details = shop(first=[("x", 1), ("x", 2)], second=[("x", 4)])

    [row] = listed(postings, details, {}).rows

    assert row.postings == (("first", 3), ("second", 4))
    assert (row.bin, row.quantity, row.cut_off) == ("", 7, postings[0].cut_off)


@given(warehouses(), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_the_order_things_come_in_changes_nothing(
    warehouse: tuple[list[Posting], dict[str, MarketplacePosting], dict[str, ProductCard]], random: object
) -> None:
    postings, details, cards = warehouse
    turned = list(postings)
    random.shuffle(turned)  # type: ignore[attr-defined]  # hypothesis types it as object
    other_details = dict(reversed(details.items()))
    other_cards = dict(reversed(cards.items()))

    assert listed(postings, details, cards) == listed(turned, other_details, other_cards)


@given(warehouses())
@settings(max_examples=150, deadline=None)
def test_the_pieces_of_a_list_are_the_pieces_of_its_postings(
    warehouse: tuple[list[Posting], dict[str, MarketplacePosting], dict[str, ProductCard]],
) -> None:
    postings, details, cards = warehouse
    made = listed(postings, details, cards)
    wanted: dict[tuple[str, str], int] = {}
    for number, detail in details.items():
        for line in detail.lines:
            wanted[number, line.sku] = wanted.get((number, line.sku), 0) + line.quantity

    assert {(number, row.sku): pieces for row in made.rows for number, pieces in row.postings} == wanted
    assert all(row.quantity == sum(pieces for _, pieces in row.postings) for row in made.rows)
    assert sorted(made.postings) == sorted(posting.number for posting in postings)
    assert [bin_key(row.bin) for row in made.rows] == sorted(bin_key(row.bin) for row in made.rows)
    bins = [row.bin for row in made.rows]
    assert "" not in bins or all(place == "" for place in bins[bins.index("") :])


def test_a_slip_has_its_lines_in_walking_order_with_inserts_marks_and_notes_said_once() -> None:
    [posting], details = shop(one=[("x", 1), ("y", 2)])
    cards = {
        "x": card("x", "B-1", inserts=("manual",), marks=(HandlingMark.BATTERY, HandlingMark.FRAGILE), note="film"),
        "y": card("y", "A-1", inserts=("manual", "card"), marks=(HandlingMark.FRAGILE,)),
    }

    told = replace(details["one"], boxes=4)
    assert packing_slip(posting, told, cards).boxes == 4
    assert packing_slip(replace(posting, boxes=3), details["one"], cards).boxes == 3
    assert packing_slip(posting, details["one"], cards).boxes == 1
    slip = packing_slip(posting, details["one"], cards, boxes=2, time_zone="Asia/Vladivostok")

    assert [(line.bin, line.sku, line.quantity) for line in slip.lines] == [("A-1", "y", 2), ("B-1", "x", 1)]
    assert slip.inserts == ("manual", "card")
    assert slip.marks == (HandlingMark.FRAGILE, HandlingMark.BATTERY)
    assert slip.notes == ("X: film",)
    assert slip.cut_off is not None
    assert slip.cut_off == posting.cut_off
    assert slip.cut_off.utcoffset() == timedelta(hours=10)
