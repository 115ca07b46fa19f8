"""What postings hold of goods: rules, for any lines and any stock."""

from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from shipby.domain.stock.item import Movement, MovementKind, StockItem, moved
from shipby.domain.stock.reservation import (
    HeldLine,
    Pieces,
    Want,
    movements,
    picked,
    pieces_of,
    sent,
    settle,
    taken_over,
    within,
)

MUG, SPOON = "mug", "spoon"
KIT = {MUG: 1, SPOON: 2}


def want(sku: str, count: int, parts: Mapping[str, int] | None = None) -> Want:
    return Want(sku=sku, count=count, parts=parts or {sku: 1})


def held(lines: Sequence[HeldLine]) -> dict[str, int]:
    return {line.sku: line.held for line in lines}


def test_a_line_holds_what_is_free_and_lacks_the_rest() -> None:
    lines = settle((), [want(MUG, 3)], {MUG: 2})
    assert (lines[0].held, lines[0].short) == (2, 1)


def test_a_kit_is_taken_whole_or_not_at_all() -> None:
    assert held(settle((), [want("set", 2, KIT)], {MUG: 5, SPOON: 3})) == {"set": 1}
    assert held(settle((), [want("set", 1, KIT)], {MUG: 5, SPOON: 1})) == {"set": 0}


def test_two_lines_that_need_the_same_piece_never_share_it() -> None:
    lines = settle((), [want("set", 1, KIT), want(MUG, 1)], {MUG: 1, SPOON: 2})
    assert held(lines) == {"set": 1, MUG: 0}


def test_what_one_line_lets_go_another_takes_in_the_same_step() -> None:
    before = settle((), [want(MUG, 2)], {MUG: 2})
    lines = settle(before, [want("set", 2, KIT)], {MUG: 0, SPOON: 4})
    assert held(lines) == {"set": 2}
    assert movements(before, lines) == {SPOON: Movement(kind=MovementKind.RESERVE, reserved=4)}


def test_what_may_belong_to_an_unread_part_is_not_let_go() -> None:
    before = settle((), [want(MUG, 2)], {MUG: 2})
    kept = settle(before, [want(MUG, 1)], {}, keep=True)
    assert (kept[0].held, kept[0].wanted, kept[0].short) == (2, 1, 0)
    assert held(settle(kept, [want(MUG, 1)], {})) == {MUG: 1}


def test_unpicked_pieces_are_let_go_first() -> None:
    before = picked(settle((), [want(MUG, 2)], {MUG: 2}))
    more = settle(before, [want(MUG, 3)], {MUG: 1})
    assert (more[0].held, more[0].picked) == (3, 2)
    less = settle(more, [want(MUG, 2)], {})
    assert (less[0].held, less[0].picked) == (2, 2)


def test_what_left_the_house_is_taken_from_stock_though_nobody_had_reserved_it() -> None:
    before = settle((), [want(MUG, 2)], {MUG: 1})
    grown = settle(before, [want(MUG, 2)], {MUG: 1})
    gone = sent(grown)
    assert movements(before, gone) == {MUG: Movement(kind=MovementKind.CONSUME, on_hand=-2, reserved=-1)}
    assert (gone[0].gone, gone[0].held, gone[0].short) == (2, 0, 0)


counts = st.integers(min_value=0, max_value=4)
wanted_lines = st.lists(
    st.builds(
        want,
        st.sampled_from(["mug", "spoon", "set", "box"]),
        counts,
        st.none(),
    ).map(lambda one: want(one.sku, one.count, {"set": KIT, "box": {MUG: 2, SPOON: 1}}.get(one.sku))),
    max_size=4,
    unique_by=lambda one: one.sku,
)


@given(st.lists(st.tuples(wanted_lines, st.booleans(), st.booleans()), max_size=6), counts, counts)
def test_however_a_posting_changes_the_stock_agrees_with_what_it_holds(
    steps: list[tuple[list[Want], bool, bool]], mugs: int, spoons: int
) -> None:
    stock = {
        sku: StockItem(seller="s", pool="main", sku=sku, version=1, on_hand=count)
        for sku, count in ((MUG, mugs), (SPOON, spoons))
    }
    lines: tuple[HeldLine, ...] = ()
    for wants, off_shelf, keep in steps:
        after = settle(lines, wants, {sku: one.free for sku, one in stock.items()}, keep=keep)
        after = picked(after) if off_shelf else after
        for sku, movement in movements(lines, after).items():
            stock[sku] = moved(stock[sku], movement)
        lines = after
        reserved = pieces_of(lines)
        for sku, one in stock.items():
            of_lines = reserved.get(sku, Pieces())
            assert (one.reserved, one.picked) == (of_lines.held, of_lines.picked)
            assert one.free >= 0
        assert all(line.held <= line.wanted for line in lines) or keep
    gone = sent(lines)
    for sku, movement in movements(lines, gone).items():
        stock[sku] = moved(stock[sku], movement)
    left = pieces_of(gone)
    assert all(one.reserved == left.get(sku, Pieces()).held for sku, one in stock.items())
    assert all(line.gone == min(line.wanted, line.gone) for line in gone)


@given(wanted_lines, wanted_lines, counts, counts, st.booleans())
def test_a_split_moves_pieces_and_neither_makes_nor_loses_one(
    whole: list[Want], part: list[Want], mugs: int, spoons: int, read_since: bool
) -> None:
    before = settle((), whole, {MUG: mugs, SPOON: spoons})
    kept, taken = taken_over(before, part, read_since=read_since)
    assert pieces_of([*kept, *taken]) == pieces_of(before)
    assert all(line.held <= line.wanted for line in taken)
    assert all(line.held >= 0 for line in kept)


def test_a_change_of_many_skus_is_made_in_parts_each_of_them_whole() -> None:
    wants = [want(f"sku{number}", 1) for number in range(5)]
    target = settle((), wants, {one.sku: 1 for one in wants})
    first, whole = within((), target, most=2)
    assert (held(first), whole) == ({"sku0": 1, "sku1": 1, "sku2": 0, "sku3": 0, "sku4": 0}, False)
    second, whole = within(first, target, most=2)
    assert (sum(held(second).values()), whole) == (4, False)
    assert within(second, target, most=2) == (target, True)
    released, whole = within(target, (), most=3)
    assert (sum(held(released).values()), whole) == (2, False)
