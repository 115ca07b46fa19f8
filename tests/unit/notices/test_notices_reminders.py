"""Reminders that were put by: told only while they still ask for something."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shipby.domain.events import Event, EventType
from shipby.domain.notices.reminders import posting_wants, return_wants
from shipby.domain.postings.posting import BEFORE_PACKED, MAIN_LINE, RungKind, Stage
from shipby.domain.returns.return_case import ReturnStage
from tests.support import builders as a

AFTER = [stage for stage in MAIN_LINE if stage not in BEFORE_PACKED]


def reminded(rung: str = RungKind.REMIND_AT, kind: EventType = EventType.POSTING_REMINDED, **data: Any) -> Event:
    return Event(type=kind, at=a.NOW, actor="x", data={"rung": rung, "cut_off": a.CUT_OFF.isoformat(), **data})


@pytest.mark.parametrize("stage", sorted(BEFORE_PACKED))
def test_a_reminder_stands_until_it_is_packed(stage: Stage) -> None:
    assert posting_wants(reminded(), a.posting(stage=stage))
    assert posting_wants(reminded(), a.posting(stage=Stage.BLOCKED, blocked_from=stage))


@pytest.mark.parametrize("stage", [*AFTER, Stage.CANCELLED, Stage.EXPIRED])
def test_no_reminder_is_told_of_what_is_packed_handed_over_or_over(stage: Stage) -> None:
    assert not posting_wants(reminded(), a.posting(stage=stage))


@pytest.mark.parametrize("stage", list(Stage))
def test_what_happened_is_told_in_every_stage(stage: Stage) -> None:
    told = Event(type=EventType.POSTING_CANCELLED, at=a.NOW, actor="x")
    assert posting_wants(told, a.posting(stage=stage))


_DEAD = {Stage.HANDED_OVER, Stage.IN_TRANSIT, Stage.DELIVERED, Stage.CLOSED, Stage.CANCELLED}
_STALE = {
    EventType.POSTING_RECEIVED: set(Stage) - {Stage.RECEIVED},
    EventType.POSTING_BLOCKED: set(Stage) - {Stage.BLOCKED},
    EventType.POSTING_EXPIRED: set(Stage) - {Stage.EXPIRED},
    EventType.POSTING_LATE: _DEAD,
    EventType.POSTING_OVERDUE: _DEAD,
    EventType.POSTING_GIVE_UP_SHADOWED: _DEAD,
    EventType.BUYER_ANSWERED: _DEAD | {Stage.EXPIRED},
    EventType.POSTING_AMENDED: _DEAD | {Stage.EXPIRED},
    EventType.POSTING_CUT_OFF_MOVED: _DEAD | {Stage.EXPIRED},
    EventType.LABEL_FAILED: _DEAD | {Stage.EXPIRED},
    EventType.LABEL_UNPROVEN: _DEAD | {Stage.EXPIRED},
    EventType.AUTOMATION_HELD: {Stage.CLOSED, Stage.CANCELLED},
}


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("kind", sorted(_STALE))
def test_a_line_that_asks_for_something_is_told_exactly_while_that_is_to_be_done(kind: EventType, stage: Stage) -> None:
    blocked = stage is Stage.BLOCKED
    posting = a.posting(stage=stage, blocked_from=Stage.RECEIVED if blocked else None)
    stale = stage in _STALE[kind] and not (blocked and kind is EventType.POSTING_RECEIVED)
    assert posting_wants(Event(type=kind, at=a.NOW, actor="x"), posting) is not stale


def test_a_line_about_a_label_is_dropped_once_there_is_one_and_about_a_cut_off_once_it_moved_again() -> None:
    failed, unproven = (
        Event(type=kind, at=a.NOW, actor="x") for kind in (EventType.LABEL_FAILED, EventType.LABEL_UNPROVEN)
    )
    packed = a.posting(stage=Stage.PACKED)
    assert not posting_wants(failed, replace(packed, label_ready_at=a.NOW))
    assert not posting_wants(unproven, replace(packed, printed_at=a.NOW))
    moved = Event(type=EventType.POSTING_CUT_OFF_MOVED, at=a.NOW, actor="x", data={"new": a.CUT_OFF.isoformat()})
    assert posting_wants(moved, packed)
    assert not posting_wants(moved, replace(packed, shipment_date=a.CUT_OFF + timedelta(days=1)))


def test_a_cut_off_that_moved_to_later_has_reminders_of_its_own() -> None:
    assert not posting_wants(reminded(), a.posting(shipment_date=a.CUT_OFF + timedelta(hours=1)))
    assert posting_wants(reminded(), a.posting(shipment_date=a.CUT_OFF - timedelta(hours=1)))
    assert posting_wants(reminded(), a.posting(shipment_date=None))


def test_several_reminders_told_as_one_stand_as_long_as_one_of_them_does() -> None:
    confirmed = a.posting(stage=Stage.CONFIRMED)
    assert not posting_wants(reminded(RungKind.CONFIRM_BY), confirmed)
    assert posting_wants(reminded(RungKind.CONFIRM_BY, also=["remind_at"]), confirmed)


@pytest.mark.parametrize(
    ("rung", "stands", "settled"),
    [
        (RungKind.LABEL_BY, a.posting(), a.posting(label_ready_at=a.NOW)),
        (RungKind.DELIVERY_BY, a.posting(stage=Stage.IN_TRANSIT), a.posting(stage=Stage.DELIVERED, delivered_at=a.NOW)),
        (RungKind.PASSPORT_BY, a.posting(passport_since=a.NOW), a.posting()),
        (RungKind.GOODS_BY, a.posting(goods_by=(a.NOW,)), a.posting()),
        (RungKind.GOODS_BY, a.posting(goods_by=(a.NOW,)), a.posting(stage=Stage.PICKED, goods_by=(a.NOW,))),
        (RungKind.ANSWER_TRACKING_BY, a.posting(tracking_asked_at=a.NOW), a.posting()),
        (
            RungKind.REPORT_BY,
            a.posting(stage=Stage.HANDED_OVER, integration="non_integrated"),
            a.posting(stage=Stage.DELIVERED, integration="non_integrated"),
        ),
        (RungKind.AUTO_CANCEL_ESTIMATE, a.posting(stage=Stage.EXPIRED), a.posting(stage=Stage.IN_TRANSIT)),
        (RungKind.GIVE_UP_AT, a.posting(stage=Stage.PACKED), a.posting(stage=Stage.HANDED_OVER)),
        ("a clock of a newer release", a.posting(), a.posting(stage=Stage.HANDED_OVER)),
    ],
)
def test_each_clock_asks_until_its_own_matter_is_settled(rung: str, stands: Any, settled: Any) -> None:
    assert posting_wants(reminded(rung), stands)
    assert not posting_wants(reminded(rung), settled)


def test_a_packed_posting_is_hurried_to_the_courier_until_it_is_handed_over() -> None:
    hurry = reminded(kind=EventType.POSTING_PRIORITISED, stage=Stage.PACKED)
    assert posting_wants(hurry, a.posting(stage=Stage.PACKED))
    assert not posting_wants(hurry, a.posting(stage=Stage.HANDED_OVER))
    unpacked = reminded(kind=EventType.POSTING_PRIORITISED, stage=Stage.PICKED)
    assert posting_wants(unpacked, a.posting(stage=Stage.PICKED))
    assert not posting_wants(unpacked, a.posting(stage=Stage.PACKED))


def test_choices_are_shown_while_there_is_something_to_choose() -> None:
    shown = reminded(kind=EventType.POSTING_CHOICES)
    assert posting_wants(shown, a.posting(stage=Stage.EXPIRED))
    assert posting_wants(shown, a.posting(stage=Stage.PACKED))
    assert not posting_wants(shown, a.posting(stage=Stage.HANDED_OVER))


def test_a_return_is_reminded_of_until_it_is_decided() -> None:
    reminder = Event(type=EventType.RETURN_REMINDED, at=a.NOW, actor="x")
    assert return_wants(reminder, a.return_case())
    assert not return_wants(reminder, a.return_case(stage=ReturnStage.DECIDED))
    assert not return_wants(reminder, a.return_case(open_intent="r.1.return_action.1"))
    opened = Event(type=EventType.RETURN_OPENED, at=a.NOW, actor="x")
    assert not return_wants(opened, a.return_case(stage=ReturnStage.CLOSED))
    decided = Event(type=EventType.RETURN_DECIDED, at=a.NOW, actor="x")
    assert return_wants(decided, a.return_case(stage=ReturnStage.CLOSED))
