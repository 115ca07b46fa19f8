"""Folding facts: forwards only, dates that are missing or nonsense, disputes, splits, proven expiry."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shipby.domain.deadlines.fold import Folded, fold, open_ledger, receive
from shipby.domain.deadlines.workflow import Command, carry_out
from shipby.domain.events import EventType
from shipby.domain.intents import IntentAction, intent_id
from shipby.domain.postings.posting import Cancellation, MarketplacePosting, Posting, RungKind, Stage
from tests.support import builders as a

LATER = a.NOW + timedelta(hours=1)
S = a.settings()


def received(**changes: Any) -> Posting:
    return receive(a.detail(**changes), seller=a.SELLER, settings=S, at=a.NOW).posting


def read(minutes: int = 60, **changes: Any) -> MarketplacePosting:
    return a.detail(**{"read_at": a.NOW + timedelta(minutes=minutes), **changes})


def then(posting: Posting, **changes: Any) -> Folded:
    folded = fold(posting, read(**changes), S, at=LATER)
    assert folded is not None
    assert folded.posting.version == posting.version + 1
    assert folded.events
    return folded


def types(folded: Folded) -> list[EventType]:
    return [event.type for event in folded.events]


def cancelled(by: str, *, rating: bool = False) -> dict[str, object]:
    block = Cancellation(reason_id=1, reason=f"by {by}", type=by, after_ship=False, affects_rating=rating)
    return {"status": "cancelled", "substatus": "posting_canceled", "actions": (), "cancellation": block}


def test_the_first_read_is_version_one_with_its_ladder_and_one_event() -> None:
    folded = receive(a.detail(), seller=a.SELLER, settings=S, at=a.NOW)
    assert folded.posting.version == 1
    assert folded.posting.stage is Stage.RECEIVED
    assert types(folded) == [EventType.POSTING_RECEIVED]
    assert folded.posting.next_alarm == a.alarm(a.NOW + timedelta(hours=2), RungKind.CONFIRM_BY)


@pytest.mark.parametrize(
    ("status", "stage", "also"),
    [
        ("awaiting_deliver", Stage.RECEIVED, EventType.POSTING_ASSEMBLED),
        ("delivering", Stage.IN_TRANSIT, EventType.POSTING_IN_TRANSIT),
        ("delivered", Stage.DELIVERED, EventType.POSTING_DELIVERED),
        ("not_accepted", Stage.BLOCKED, EventType.POSTING_BLOCKED),
        ("cancelled", Stage.CANCELLED, EventType.POSTING_CANCELLED),
        ("cancelled_from_split_pending", Stage.CANCELLED, EventType.POSTING_SPLIT),
    ],
)
def test_a_posting_first_seen_late_in_its_life_starts_where_it_is(status: str, stage: Stage, also: EventType) -> None:
    folded = receive(a.detail(status=status), seller=a.SELLER, settings=S, at=a.NOW)
    assert folded.posting.stage is stage
    assert types(folded)[0] is EventType.POSTING_RECEIVED
    assert also in types(folded)


def test_an_older_read_is_ignored_whole() -> None:
    posting = then(received(), status="delivering").posting
    assert fold(posting, read(59, status="awaiting_packaging"), S, at=LATER) is None


def test_a_newer_read_that_says_the_same_changes_nothing() -> None:
    assert fold(received(), read(), S, at=LATER) is None


@pytest.mark.parametrize("status", ["awaiting_packaging", "awaiting_deliver", "awaiting_registration"])
@pytest.mark.parametrize("reached", ["delivering", "delivered"])
def test_the_stage_never_goes_backwards_though_the_status_is_mirrored(status: str, reached: str) -> None:
    posting = then(received(), status=reached).posting
    folded = fold(posting, read(120, status=status), S, at=LATER)
    assert folded is not None
    assert folded.posting.stage is posting.stage
    assert folded.posting.status == status
    assert folded.posting.assembled_at == posting.assembled_at


def test_a_delivered_posting_is_not_put_back_on_the_road() -> None:
    posting = then(received(), status="delivered").posting
    folded = fold(posting, read(120, status="driver_pickup"), S, at=LATER)
    assert folded is not None
    assert folded.posting.stage is Stage.DELIVERED


@pytest.mark.parametrize("final", [Stage.CANCELLED])
def test_nothing_wakes_a_cancelled_posting(final: Stage) -> None:
    posting = a.posting(stage=final, rungs=(), next_alarm=None)
    folded = fold(posting, read(status="delivered"), S, at=LATER)
    assert folded is not None
    assert folded.posting.stage is final
    assert folded.posting.next_alarm is None
    assert not folded.cancelled


def test_a_closed_posting_can_still_be_cancelled_and_nothing_else() -> None:
    closed = a.posting(stage=Stage.CLOSED)
    assert then(closed, status="client_arbitration").posting.stage is Stage.CLOSED
    assert then(closed, **cancelled("client")).posting.stage is Stage.CANCELLED


def test_a_cut_off_that_moves_a_to_b_and_back_and_again_is_told_each_time() -> None:
    b = a.CUT_OFF + timedelta(hours=3)
    posting, told = received(), []
    for minute, date in enumerate((b, a.CUT_OFF, b), start=61):
        folded = fold(posting, read(minute, shipment_date=date, tariff_steps=()), S, at=LATER)
        assert folded is not None
        posting = folded.posting
        told += [e.data["new"] for e in folded.events if e.type is EventType.POSTING_CUT_OFF_MOVED]
        assert posting.cut_off == date
        assert any(rung.kind is RungKind.SHIPMENT_DATE and rung.due == date for rung in posting.rungs)
    assert told == [b.isoformat(), a.CUT_OFF.isoformat(), b.isoformat()]


def test_empty_dates_wait_and_the_last_ladder_stands() -> None:
    posting = received()
    folded = then(posting, shipment_date=None, without_delay=None, substatus="posting_registered")
    assert folded.posting.cut_off == a.CUT_OFF
    assert {rung.kind for rung in folded.posting.rungs} >= {RungKind.SHIPMENT_DATE, RungKind.REMIND_AT}


def test_a_posting_without_any_date_only_waits_for_its_confirmation() -> None:
    posting = received(shipment_date=None, tariff_steps=())
    assert [rung.kind for rung in posting.rungs] == [RungKind.CONFIRM_BY]


def test_a_date_in_the_year_9999_gives_no_clock() -> None:
    never = datetime(9999, 12, 31, tzinfo=UTC)
    posting = received(shipment_date=never, without_delay=never, delivery_by=never, tariff_steps=())
    assert [rung.kind for rung in posting.rungs] == [RungKind.CONFIRM_BY]


@pytest.mark.parametrize("stage", [Stage.RECEIVED, Stage.PICKED, Stage.PACKED, Stage.HANDED_OVER])
def test_a_dispute_blocks_and_its_end_puts_the_posting_back(stage: Stage) -> None:
    posting = a.posting(stage=stage, status="awaiting_deliver", assembled_at=a.NOW)
    blocked = then(posting, status="not_accepted")
    assert blocked.posting.stage is Stage.BLOCKED
    assert blocked.posting.blocked_from is stage
    assert types(blocked) == [EventType.POSTING_BLOCKED]
    arbitration = fold(blocked.posting, read(70, status="arbitration"), S, at=LATER)
    assert arbitration is not None
    assert arbitration.posting.stage is Stage.BLOCKED
    back = fold(arbitration.posting, read(80, status="awaiting_deliver"), S, at=LATER)
    assert back is not None
    assert back.posting.stage is stage
    assert back.posting.blocked_reason == ""
    assert types(back) == [EventType.POSTING_UNBLOCKED]


def test_a_dispute_past_the_date_stays_a_dispute_however_often_it_is_read() -> None:
    after = int((a.CUT_OFF - a.NOW).total_seconds() // 60) + 2 * 24 * 60
    disputed = fold(received(), read(after, status="not_accepted", actions=("cancel",)), S, at=a.CUT_OFF)
    assert disputed is not None
    assert disputed.posting.stage is Stage.BLOCKED
    assert fold(disputed.posting, read(after + 1, status="not_accepted", actions=("cancel",)), S, at=a.CUT_OFF) is None
    settled = fold(disputed.posting, read(after + 2, status="awaiting_packaging", actions=("ship",)), S, at=a.CUT_OFF)
    assert settled is not None
    assert settled.posting.stage is Stage.RECEIVED


def test_a_dispute_that_ends_past_the_date_with_nothing_offered_ends_expired_by_the_first_read() -> None:
    after = int((a.CUT_OFF - a.NOW) / timedelta(minutes=1)) + 3000
    disputed = fold(received(), read(after, status="not_accepted", actions=("cancel",)), S, at=a.CUT_OFF)
    assert disputed is not None
    ended = read(after + 1, status="awaiting_packaging", actions=("cancel",))
    settled = fold(disputed.posting, ended, S, at=a.CUT_OFF)
    assert settled is not None
    assert (settled.posting.stage, settled.posting.blocked_from) == (Stage.EXPIRED, Stage.RECEIVED)
    assert EventType.POSTING_EXPIRED in types(settled)
    assert fold(settled.posting, ended, S, at=a.CUT_OFF) is None


def test_the_end_of_a_dispute_does_not_lift_a_block_of_our_own() -> None:
    picked = a.posting(stage=Stage.PICKED)
    own = carry_out(picked, Command.INSPECT, at=a.NOW, actor="key:k1", reason="scratched", passed=False).posting
    disputed = then(own, status="not_accepted").posting
    back = fold(disputed, read(80, status="awaiting_packaging"), S, at=LATER)
    assert back is not None
    assert back.posting.stage is Stage.BLOCKED
    assert "scratched" in back.posting.blocked_reason


def test_a_dispute_after_delivery_ends_in_delivered() -> None:
    posting = a.posting(stage=Stage.DELIVERED, status="delivered", delivered_at=a.NOW)
    disputed = then(posting, status="client_arbitration").posting
    assert disputed.stage is Stage.BLOCKED
    back = fold(disputed, read(80, status="delivered"), S, at=LATER)
    assert back is not None
    assert back.posting.stage is Stage.DELIVERED
    assert back.posting.next_alarm is not None
    assert back.posting.next_alarm.kind is RungKind.CLOSE_AT


def test_a_dispute_does_not_bring_an_expired_posting_back_to_life() -> None:
    expired = a.posting(stage=Stage.EXPIRED, blocked_from=Stage.PACKED, expired_reason="given up")
    disputed = then(expired, status="not_accepted").posting
    assert disputed.stage is Stage.EXPIRED
    back = fold(disputed, read(80, status="awaiting_deliver"), S, at=LATER)
    assert back is not None
    assert back.posting.stage is Stage.EXPIRED
    assert back.posting.expired_reason == "given up"


@pytest.mark.parametrize("by", ["client", "customer", "ozon", "system", "seller", "delivery"])
def test_a_cancel_says_by_whom(by: str) -> None:
    folded = then(received(), **cancelled(by, rating=True))
    assert folded.posting.cancelled_by == by
    assert folded.cancelled
    assert types(folded) == [EventType.POSTING_CANCELLED]
    assert folded.events[0].data["affects_rating"] is True
    assert folded.posting.next_alarm is None


def test_a_cancel_without_a_block_is_by_somebody_unknown() -> None:
    assert then(received(), status="cancelled").posting.cancelled_by == "unknown"


def test_the_parent_of_a_split_is_not_a_cancel_and_names_its_parts() -> None:
    folded = then(received(), status="cancelled_from_split_pending", related_numbers=("1-1", "1-2"), actions=())
    assert folded.posting.stage is Stage.CANCELLED
    assert folded.posting.cancelled_by == "split"
    assert not folded.cancelled
    assert types(folded) == [EventType.POSTING_SPLIT]
    assert folded.events[0].data["into"] == ["1-1", "1-2"]


PAST = a.CUT_OFF + timedelta(hours=30)
OVERDUE: dict[str, Any] = {"read_at": PAST, "without_delay": a.CUT_OFF + timedelta(hours=24)}


def test_past_its_date_with_nothing_offered_is_proven_expired_and_still_has_a_next_step() -> None:
    folded = then(received(), **OVERDUE, actions=("cancel",))
    assert folded.posting.stage is Stage.EXPIRED
    assert folded.posting.blocked_from is Stage.RECEIVED
    assert types(folded) == [EventType.POSTING_EXPIRED]
    assert folded.posting.next_alarm is not None
    assert folded.posting.next_alarm.kind is RungKind.GIVE_UP_AT


@pytest.mark.parametrize(
    "still", ["ship", "ship_async", "label_download_big", "pack", "awaiting_delivery", "non_int_delivering"]
)
def test_late_is_not_expired_while_ship_label_or_hand_over_is_offered(still: str) -> None:
    assert then(received(), **OVERDUE, actions=("cancel", still)).posting.stage is Stage.RECEIVED


def test_no_actions_at_all_prove_nothing() -> None:
    assert then(received(), **OVERDUE, actions=()).posting.stage is Stage.RECEIVED


def test_before_its_date_nothing_is_expired() -> None:
    assert then(received(), actions=("cancel",), substatus="x").posting.stage is Stage.RECEIVED


def test_a_posting_without_dates_never_expires_by_itself() -> None:
    blank = received(shipment_date=None, tariff_steps=())
    gone = read(100_000, shipment_date=None, tariff_steps=(), actions=("cancel",), substatus="x")
    folded = fold(blank, gone, S, at=LATER)
    assert folded is not None
    assert folded.posting.stage is Stage.RECEIVED


def test_an_override_with_a_reason_is_not_undone_by_the_next_read() -> None:
    expired = then(received(), **OVERDUE, actions=("cancel",)).posting
    back = carry_out(expired, Command.OVERRIDE, at=PAST, actor="key:k1", reason="the courier waits").posting
    again = fold(
        back, read(**{**OVERDUE, "read_at": PAST + timedelta(hours=1), "actions": ("cancel", "x")}), S, at=PAST
    )
    assert again is None or again.posting.stage is Stage.RECEIVED


def test_an_expired_posting_that_was_sent_after_all_goes_on() -> None:
    expired = a.posting(stage=Stage.EXPIRED, blocked_from=Stage.PACKED, expired_reason="given up")
    folded = then(expired, status="delivering")
    assert folded.posting.stage is Stage.IN_TRANSIT
    assert folded.posting.expired_reason == ""
    assert folded.posting.blocked_from is None


def test_delivery_starts_the_clock_that_closes_the_posting() -> None:
    moving = then(received(), status="delivering").posting
    told = moving.synced_at + timedelta(seconds=30)
    folded = fold(moving, read(120, status="delivered", delivered_at=told), S, at=LATER)
    assert folded is not None
    assert folded.posting.delivered_at == told
    assert folded.posting.next_alarm == a.alarm(told + S.close_after, RungKind.CLOSE_AT)


@pytest.mark.parametrize("told", [None, a.NOW - timedelta(days=19), a.NOW + timedelta(days=9)])
def test_a_date_that_may_be_the_hand_over_takes_no_day_of_the_buyers_window(told: datetime | None) -> None:
    """`fact_delivery_date` is officially the hand-over into delivery: only a read before it shows otherwise."""
    facts = read(60, status="delivered", delivering_date=a.NOW - timedelta(days=20), delivered_at=told)
    for before in (received(), then(received(), status="delivering").posting):
        folded = fold(before, facts, S, at=LATER)
        assert folded is not None
        assert folded.posting.delivered_at == facts.read_at
        assert folded.posting.handed_over_at == facts.delivering_date


def test_a_hand_over_counts_wherever_it_is_told() -> None:
    left = a.NOW - timedelta(days=2)
    for facts in ({"delivering_date": left}, {"delivered_at": left}):
        assert then(received(), status="delivered", **facts).posting.handed_over_at == left
    assert then(received(), status="delivering", delivered_at=left).posting.handed_over_at is None
    assert (
        then(received(), status="delivered", delivering_date=LATER + timedelta(days=3)).posting.handed_over_at is None
    )
    assert then(received(), status="awaiting_deliver", delivering_date=left).posting.handed_over_at is None


def test_a_number_set_by_the_carrier_joins_the_history_once() -> None:
    folded = then(received(), tracking_number="CARRIER-1", carrier="CDEK")
    assert folded.tracking is not None
    assert (folded.tracking.sequence, folded.tracking.old, folded.tracking.new) == (1, "", "CARRIER-1")
    assert EventType.TRACKING_CHANGED in types(folded)
    assert fold(folded.posting, read(70, tracking_number="CARRIER-1", carrier="CDEK"), S, at=LATER) is None


def test_a_number_of_our_own_open_intent_is_left_to_that_intent() -> None:
    ours = intent_id(a.intent().ref, IntentAction.SET_TRACKING, 1)
    posting = replace(received(), open_intents=(ours,))
    assert fold(posting, read(tracking_number="NEW-NUMBER"), S, at=LATER) is None


def test_the_ledger_opens_with_what_was_paid_per_line_and_in_total() -> None:
    lines = (a.line(), a.line(sku="2", quantity=1, price=a.rub("10.01")), a.line(quantity=1))
    ledger = open_ledger(a.detail(lines=lines), seller=a.SELLER)
    assert ledger is not None
    assert ledger.paid == 3 * 12_500 + 1_001
    assert {sku: line.paid for sku, line in ledger.lines.items()} == {"149123456": 37_500, "2": 1_001}
    assert open_ledger(a.detail(lines=()), seller=a.SELLER) is None
