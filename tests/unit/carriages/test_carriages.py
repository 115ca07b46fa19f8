"""Carriages: states, scans, clocks, and the three-way difference."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipby.domain.carriages import (
    ADVICE,
    COMPARE_AFTER,
    COMPARE_EVERY,
    COMPARISONS,
    FIRST_WAIT,
    LONGEST_WAIT,
    MAX_PARCELS,
    SETTLE_AFTER,
    Carriage,
    CarriageCall,
    CarriageState,
    CarrierSight,
    DifferenceKind,
    approved,
    ask,
    carrier_sight,
    compare,
    ended,
    fingerprint,
    holding,
    made,
    may_send_again,
    new_carriage,
    next_comparison,
    not_sent,
    paper_wait,
    scan_in,
    sending,
    turned_down,
)
from shipby.domain.errors import InvalidInputError, StageMismatchError
from tests.support import builders as a

K, S = DifferenceKind, CarrierSight


def carriage(**changes: Any) -> Carriage:
    fresh = new_carriage(
        seller=a.SELLER, delivery_method_id="77", departure="2026-03-02", wanted=(), at=a.NOW, actor="key:k"
    )
    return replace(fresh, **changes)


@pytest.mark.parametrize(
    ("ours", "act", "sight", "before", "after"),
    [
        (True, True, S.WAITING, None, K.NOT_TAKEN),
        (True, True, S.TAKEN, None, None),
        (True, False, S.WAITING, K.NOT_IN_ACT, K.NOT_IN_ACT),
        (True, False, S.TAKEN, K.TAKEN_WITHOUT_ACT, K.TAKEN_WITHOUT_ACT),
        (False, True, S.WAITING, K.NOT_SCANNED, K.NOT_SCANNED),
        (False, True, S.TAKEN, K.TAKEN_UNSCANNED, K.TAKEN_UNSCANNED),
        (True, True, S.REFUSED, K.REFUSED, K.REFUSED),
        (False, True, S.REFUSED, K.REFUSED, K.REFUSED),
        (True, False, S.GONE, K.CANCELLED, K.CANCELLED),
        (True, True, S.GONE, K.CANCELLED, K.CANCELLED),
        (False, False, S.TAKEN, None, None),
    ],
)
def test_each_way_to_disagree_has_its_name(
    ours: bool, act: bool, sight: CarrierSight, before: DifferenceKind | None, after: DifferenceKind | None
) -> None:
    for left, wanted in ((False, before), (True, after)):
        found = compare({"n"} if ours else (), {"n"} if act else (), {"n": sight}, left=left)
        assert [one.kind for one in found.items] == ([wanted] if wanted else [])
        assert bool(found) is bool(wanted)


def test_a_posting_that_the_carrier_does_not_name_waits() -> None:
    found = compare(["b", "a"], ["a", "b", "c"], {})
    assert [(one.number, one.kind) for one in found.items] == [
        ("a", K.NOT_TAKEN),
        ("b", K.NOT_TAKEN),
        ("c", K.NOT_SCANNED),
    ]
    assert (found.ours, found.act, found.taken) == (2, 3, 0)


def test_every_difference_says_what_to_do() -> None:
    assert set(ADVICE) == set(DifferenceKind)
    [one] = compare(["a"], [], {}).items
    assert one.advice.startswith("scanned by us, not in the act")


NUMBERS = st.sets(st.sampled_from([f"n-{turn}" for turn in range(6)]))


@given(NUMBERS, NUMBERS, NUMBERS)
def test_three_equal_lists_never_differ_and_unequal_ones_always_do(
    ours: set[str], act: set[str], taken: set[str]
) -> None:
    found = compare(ours, act, dict.fromkeys(taken, CarrierSight.TAKEN))
    named = {one.number for one in found.items}
    everywhere = ours & act & taken
    assert named == (ours | act) - everywhere
    assert len(found.items) == len(named)


@pytest.mark.parametrize(
    ("status", "sight"),
    [
        ("", S.WAITING),
        ("awaiting_deliver", S.WAITING),
        ("awaiting_packaging", S.WAITING),
        ("delivering", S.TAKEN),
        ("delivered", S.TAKEN),
        ("a_status_of_next_year", S.TAKEN),
        ("not_accepted", S.REFUSED),
        ("arbitration", S.REFUSED),
        ("cancelled", S.GONE),
    ],
)
def test_a_status_tells_whether_the_carrier_has_it(status: str, sight: CarrierSight) -> None:
    assert carrier_sight(status) is sight


def test_a_carriage_goes_forward_step_by_step() -> None:
    first = carriage()
    assert (first.state, first.open) == (CarriageState.REQUESTED, True)
    announced = sending(first, CarriageCall.CREATE, at=a.NOW, known=["1"])
    assert (announced.sent, announced.known) == (CarriageCall.CREATE, ("1",))
    assert announced.next_alarm is not None
    assert announced.next_alarm.due == a.NOW + SETTLE_AFTER
    opened = made(announced, "9001")
    assert (opened.state, opened.sent, opened.known, opened.next_alarm) == (CarriageState.OPEN, "", (), None)
    held = holding(replace(opened, wanted=("b", "a", "c")), ["b", "a"], {"c": "no"})
    assert (held.numbers, held.wanted, dict(held.refused)) == (("a", "b"), (), {"c": "no"})
    asked = ask(held, CarriageCall.APPROVE, agreed=fingerprint(["a", "b"]))
    assert asked.agreed == fingerprint(["b", "a"]) != fingerprint(["a"])
    closed = approved(asked, at=a.NOW)
    assert (closed.state, closed.asked, closed.approved_at) == (CarriageState.APPROVED, "", a.NOW)


def test_a_call_without_a_trace_is_believed_undone_only_after_a_while() -> None:
    announced = sending(carriage(), CarriageCall.CREATE, at=a.NOW)
    assert not may_send_again(announced, a.NOW + SETTLE_AFTER - timedelta(seconds=1))
    assert may_send_again(announced, a.NOW + SETTLE_AFTER)
    assert may_send_again(not_sent(announced), a.NOW)


@pytest.mark.parametrize("state", [one for one in CarriageState if one is not CarriageState.OPEN])
def test_only_an_open_carriage_may_be_asked_for_approval(state: CarriageState) -> None:
    with pytest.raises(StageMismatchError):
        ask(carriage(state=state), CarriageCall.APPROVE)


def test_a_second_wish_waits_for_the_first_one() -> None:
    asked = ask(carriage(state=CarriageState.OPEN), CarriageCall.CANCEL)
    with pytest.raises(StageMismatchError):
        ask(asked, CarriageCall.APPROVE)
    again = turned_down(asked, "it was too late")
    assert (again.asked, again.problem) == ("", "it was too late")
    assert ask(again, CarriageCall.APPROVE).problem == ""


def test_a_carriage_that_ended_is_over() -> None:
    over = ended(carriage(asked="cancel"), CarriageState.CANCELLED, at=a.NOW)
    assert (over.open, over.asked, over.next_alarm) == (False, "", None)
    with pytest.raises(StageMismatchError):
        scan_in(over, "n")
    with pytest.raises(StageMismatchError):
        scan_in(carriage(state=CarriageState.DOCUMENTED, numbers=("n",), closed_at=a.NOW), "n")


def test_scans_keep_their_order_and_come_once() -> None:
    row = scan_in(scan_in(carriage(), "b"), "a")
    assert row.scanned == ("b", "a")
    with pytest.raises(StageMismatchError, match="already"):
        scan_in(row, "b")
    with pytest.raises(StageMismatchError, match="begin another one"):
        scan_in(replace(row, scanned=tuple(str(turn) for turn in range(MAX_PARCELS))), "c")


def test_too_many_postings_are_not_asked_for() -> None:
    wanted = [str(turn) for turn in range(MAX_PARCELS + 1)]
    with pytest.raises(InvalidInputError):
        new_carriage(seller="s", delivery_method_id="1", departure="2026-03-02", wanted=wanted, at=a.NOW, actor="k")


def test_the_same_wish_has_the_same_id_and_names_the_day() -> None:
    assert carriage().id == carriage().id
    assert carriage().id.startswith("20260302-")


def test_scans_are_compared_after_an_hour_and_then_daily_while_they_differ() -> None:
    closed = approved(carriage(state=CarriageState.OPEN), at=a.NOW)
    assert next_comparison(closed) == a.NOW + COMPARE_AFTER
    assert next_comparison(closed, timedelta(minutes=1)) == a.NOW + timedelta(minutes=1)
    compared = replace(closed, compared_at=a.NOW, comparisons=1)
    assert next_comparison(compared) is None
    assert next_comparison(replace(compared, differences=2)) == a.NOW + COMPARE_EVERY
    assert next_comparison(replace(compared, differences=2, comparisons=COMPARISONS)) is None
    with pytest.raises(StageMismatchError):
        next_comparison(carriage())


def test_papers_are_asked_for_ever_more_slowly() -> None:
    waits = [paper_wait(turn) for turn in range(12)]
    assert waits[:3] == [FIRST_WAIT, FIRST_WAIT * 2, FIRST_WAIT * 4]
    assert waits == sorted(waits)
    assert paper_wait(1000) == LONGEST_WAIT
