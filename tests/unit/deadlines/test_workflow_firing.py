"""Firing: one claim for all that is due, no reminder after packing, never early, at most one sweep late."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipby.domain.deadlines.firing import fire, needs_offers
from shipby.domain.deadlines.fold import fold, receive
from shipby.domain.deadlines.ladder import pending, rewind
from shipby.domain.deadlines.policy import PRESETS, Offers
from shipby.domain.deadlines.workflow import Command, carry_out, start_tracking_clock, stop_tracking_clock
from shipby.domain.errors import StageMismatchError
from shipby.domain.events import Event, EventType
from shipby.domain.market import Market
from shipby.domain.postings.posting import BEFORE_PACKED, Posting, Rung, RungKind, Stage, TariffStep
from shipby.domain.sellers.settings import SellerSettings
from tests.support import builders as a

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
S = a.settings()
NEVER = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
ALL = Offers(actions=("can_create_chat", "cancel", "set_cutoff", "ship"))
REMINDERS = {RungKind.CONFIRM_BY, RungKind.REMIND_AT}


def ladder(*rungs: Rung, **changes: Any) -> Posting:
    return rewind(a.posting(**{"stage": Stage.CONFIRMED, "rungs": rungs, **changes}))


def catch_up(posting: Posting, at: datetime) -> tuple[Posting, tuple[Event, ...]]:
    assert posting.next_alarm is not None
    fired = fire(posting, posting.next_alarm, S, at=at, actor="system:x", offers=ALL)
    assert fired.posting.version == posting.version + 1
    assert fired.posting.next_alarm is None or fired.posting.next_alarm.due > at
    return fired.posting, fired.events


def reminders(*before: timedelta) -> list[Rung]:
    return [a.rung(RungKind.REMIND_AT, a.CUT_OFF - ago) for ago in before]


def test_an_outage_tells_several_overdue_reminders_as_one() -> None:
    posting = ladder(
        a.rung(RungKind.CONFIRM_BY, a.NOW), *reminders(4 * HOUR, HOUR, 15 * MINUTE), a.rung(), stage=Stage.RECEIVED
    )
    after, (told,) = catch_up(posting, a.CUT_OFF - 30 * MINUTE)
    assert told.type is EventType.POSTING_REMINDED
    assert (told.data["rung"], told.data["also"]) == (RungKind.REMIND_AT, [RungKind.CONFIRM_BY])
    assert told.data["due"] == (a.CUT_OFF - HOUR).isoformat()
    assert after.next_alarm == a.alarm(a.CUT_OFF - 15 * MINUTE, RungKind.REMIND_AT)


def test_a_reminder_whose_cut_off_has_passed_is_covered_by_the_late_event_and_does_not_ring_again() -> None:
    posting = ladder(*reminders(HOUR, 15 * MINUTE), a.rung())
    after, events = catch_up(posting, a.CUT_OFF + 10 * MINUTE)
    assert [event.type for event in events] == [EventType.POSTING_LATE]
    assert after.fired[RungKind.REMIND_AT] == a.CUT_OFF - 15 * MINUTE
    assert a.nothing_else_rings(after)


def steps_from(cut_off: datetime, *charges: str) -> tuple[TariffStep, ...]:
    """One charge until the cut-off, and another every twelve hours from there."""
    ends = [cut_off + 12 * HOUR * number for number in range(len(charges) - 1)]
    return tuple(
        TariffStep(until=until, rate=Decimal(1), minimum=a.rub("0"), charge=a.rub(charge))
        for until, charge in zip([*ends, NEVER], charges, strict=True)
    )


@pytest.mark.parametrize(("later", "price"), [(MINUTE, "138"), (6 * HOUR, "60"), (12 * HOUR, "60")])
def test_a_date_moved_to_before_a_step_that_has_rung_is_priced_once(later: timedelta, price: str) -> None:
    told = a.detail(tariff_steps=steps_from(a.CUT_OFF, "0", "60", "138", "225"), in_process_at=a.NOW)
    posting = receive(told, seller=a.SELLER, settings=S, at=a.NOW).posting
    late, _ = catch_up(posting, a.CUT_OFF + 12 * HOUR)
    assert late.late_price == a.rub("138")

    moved = a.CUT_OFF + later
    again = replace(
        told,
        shipment_date=moved,
        tariff_steps=steps_from(moved, "0", "60", "138", "225"),
        read_at=a.CUT_OFF + 13 * HOUR,
    )
    folded = fold(late, again, S, at=a.CUT_OFF + 13 * HOUR)
    assert folded is not None
    after, events = catch_up(folded.posting, a.CUT_OFF + 13 * HOUR)

    assert EventType.POSTING_LATE in [event.type for event in events], "the new date rings all the same"
    assert (after.late, after.late_price) == (True, a.rub(price))


def test_a_missing_label_is_asked_for_whichever_clock_tells_of_it() -> None:
    posting = ladder(a.rung(RungKind.LABEL_BY, a.CUT_OFF - HOUR), a.rung(), assembled_at=a.NOW)
    _, (late,) = catch_up(posting, a.CUT_OFF + HOUR)
    assert (late.type, late.data["label"]) == (EventType.POSTING_LATE, "missing")


def test_an_outage_past_everything_is_one_claim_in_the_order_of_the_clocks() -> None:
    second = a.CUT_OFF + 24 * HOUR
    posting = ladder(
        *reminders(HOUR),
        a.rung(price=a.rub("50")),
        a.rung(RungKind.TARIFF_STEP, a.CUT_OFF + 12 * HOUR, a.rub("50")),
        a.rung(RungKind.WITHOUT_DELAY, second),
        a.rung(RungKind.GIVE_UP_AT, second + 72 * HOUR),
        without_delay=second,
    )
    after, events = catch_up(posting, second + 100 * HOUR)
    assert [event.type for event in events] == [
        EventType.POSTING_LATE,
        EventType.POSTING_OVERDUE,
        EventType.POSTING_CHOICES,
        EventType.POSTING_GIVE_UP_SHADOWED,
    ]
    assert (after.late_price, a.nothing_else_rings(after)) == (a.rub("100"), True)
    assert events[0].data["rung"] == RungKind.TARIFF_STEP


def test_matters_of_their_own_are_told_each_for_itself() -> None:
    posting = ladder(
        *reminders(HOUR),
        a.rung(RungKind.PASSPORT_BY, a.CUT_OFF - HOUR),
        a.rung(RungKind.AUTO_CANCEL_ESTIMATE, a.CUT_OFF - HOUR),
        passport_since=a.NOW,
    )
    _, events = catch_up(posting, a.CUT_OFF - 30 * MINUTE)
    assert [event.data["rung"] for event in events] == ["remind_at", "passport_by", "auto_cancel_estimate"]


def test_what_a_blocked_posting_missed_is_not_told_as_a_reminder_after_its_cut_off() -> None:
    posting = ladder(*reminders(HOUR), a.rung(), stage=Stage.BLOCKED, blocked_from=Stage.PICKED)
    late, _ = catch_up(posting, a.CUT_OFF)
    back = carry_out(late, Command.UNBLOCK, at=a.CUT_OFF + HOUR, actor="key:k", reason="mended").posting
    assert back.next_alarm == a.alarm(a.CUT_OFF - HOUR, RungKind.REMIND_AT)
    _, (silent,) = catch_up(back, a.CUT_OFF + HOUR)
    assert silent.type is EventType.POSTING_CHANGED


def test_a_clock_that_is_over_though_its_alarm_stands_is_put_down_silently() -> None:
    stale = a.posting(stage=Stage.PACKED, rungs=(), next_alarm=a.alarm(a.NOW, RungKind.CONFIRM_BY))
    after, (silent,) = catch_up(stale, a.NOW)
    assert (silent.type, a.nothing_else_rings(after)) == (EventType.POSTING_CHANGED, True)


@pytest.mark.parametrize("kind", list(RungKind)[:15])
def test_only_clocks_that_hang_on_offers_make_the_caller_read_them(kind: RungKind) -> None:
    wants = {RungKind.MOVE_DATE_AT, RungKind.ASK_BUYER_AT, RungKind.WITHOUT_DELAY, RungKind.GIVE_UP_AT}
    posting = a.posting(stage=Stage.CONFIRMED, rungs=(a.rung(kind, a.NOW),))
    assert needs_offers(posting, a.NOW) is (kind in wants)
    assert not needs_offers(posting, a.NOW - MINUTE)


# The clock started by hand


def test_the_clock_of_a_request_can_be_moved_stopped_and_not_stopped_twice() -> None:
    posting = ladder(stage=Stage.IN_TRANSIT)
    started = start_tracking_clock(posting, a.NOW, S, at=a.NOW, actor="key:k", reason="chat of today")
    assert started.events[0].data["by"] == (a.NOW + timedelta(days=3)).isoformat()
    moved = start_tracking_clock(started.posting, a.NOW + HOUR, S, at=a.NOW + HOUR, actor="key:k").posting
    assert moved.next_alarm == a.alarm(a.NOW + 49 * HOUR, RungKind.ANSWER_TRACKING_BY)
    stopped = stop_tracking_clock(moved, S, at=a.NOW, actor="key:k").posting
    assert stopped.next_alarm is None
    with pytest.raises(StageMismatchError):
        stop_tracking_clock(stopped, S, at=a.NOW, actor="key:k")


@pytest.mark.parametrize("stage", [Stage.DELIVERED, Stage.CLOSED, Stage.CANCELLED, Stage.EXPIRED])
def test_nobody_waits_for_the_number_of_what_is_over(stage: Stage) -> None:
    with pytest.raises(StageMismatchError):
        start_tracking_clock(a.posting(stage=stage), a.NOW, S, at=a.NOW, actor="key:k")


# Properties

SWEEP = timedelta(minutes=1)
minutes = st.integers(0, 600).map(lambda count: timedelta(minutes=count))
policies = st.builds(
    SellerSettings,
    seller=st.just(a.SELLER),
    confirm_within=minutes,
    remind_before=st.lists(minutes, max_size=6).map(tuple),
    hand_over_before=minutes,
    give_up_after=minutes,
    auto_cancel_estimate=minutes,
    policy=st.sampled_from(sorted(PRESETS)),
    market=st.sampled_from(Market),
)
steps = st.lists(st.tuples(minutes, st.integers(-50, 200)), max_size=5).map(
    lambda pairs: tuple(
        TariffStep(until=until, rate=Decimal(1), minimum=a.rub("0"), charge=a.rub(str(charge)))
        for until, charge in [*((a.NOW + ahead, charge) for ahead, charge in pairs), (NEVER, 300)]
    )
)
facts = st.fixed_dictionaries(
    {
        "shipment_date": minutes.map(lambda ahead: a.NOW + ahead),
        "without_delay": st.none() | minutes.map(lambda ahead: a.NOW + ahead),
        "tariff_steps": st.just(()) | steps,
        "substatus": st.sampled_from(["posting_created", "posting_awaiting_passport_data"]),
        "actions": st.sampled_from([("ship",), ALL.actions]),
    }
)
work = st.lists(st.tuples(st.integers(0, 700), st.sampled_from([*Command][:5])), max_size=6)
skews = st.lists(st.integers(-120, 120).map(lambda count: timedelta(seconds=count)), min_size=1, max_size=4)


@settings(max_examples=80, deadline=None)
@given(first=facts, policy=policies, doing=work, skewed=skews, moved=st.none() | st.tuples(st.integers(0, 700), facts))
def test_every_clock_rings_once_not_before_its_time_and_at_most_one_sweep_late(
    first: dict[str, Any],
    policy: SellerSettings,
    doing: list[tuple[int, Command]],
    skewed: list[timedelta],
    moved: tuple[int, dict[str, Any]] | None,
) -> None:
    """Sweeps every minute by workers whose clocks lie up to two minutes apart, while people work and dates move."""
    posting = receive(a.detail(**first, status="awaiting_deliver"), seller=a.SELLER, settings=policy, at=a.NOW).posting
    rang: set[tuple[str, datetime]] = set()
    known_since = dict.fromkeys(((rung.kind, rung.due) for rung in pending(posting)), a.NOW)
    for minute in range(1300):
        now = a.NOW + minute * SWEEP
        for _, command in (entry for entry in doing if entry[0] == minute):
            try:
                posting = carry_out(posting, command, at=now, actor="key:k").posting
            except StageMismatchError:
                continue
        if moved is not None and moved[0] == minute:
            folded = fold(posting, a.detail(read_at=now, **moved[1], status="awaiting_deliver"), policy, at=now)
            posting = folded.posting if folded else posting
        known_since |= {
            (rung.kind, rung.due): now for rung in pending(posting) if (rung.kind, rung.due) not in known_since
        }
        clock = now + skewed[minute % len(skewed)]
        alarm = posting.next_alarm
        if alarm is not None and alarm.due <= clock:
            due = {(str(rung.kind), rung.due) for rung in pending(posting) if rung.due <= clock}
            fired = fire(posting, alarm, policy, at=clock, actor="system:x", offers=ALL)
            assert all(when <= clock for _, when in due)
            assert not due & rang
            rang |= due
            if posting.stage not in BEFORE_PACKED:
                told = {event.data.get("rung") for event in fired.events if event.type is EventType.POSTING_REMINDED}
                assert not told & REMINDERS
            if posting.stage in (Stage.HANDED_OVER, Stage.IN_TRANSIT):
                assert EventType.POSTING_PRIORITISED not in {event.type for event in fired.events}
            posting = fired.posting
            known_since |= {
                (rung.kind, rung.due): now for rung in pending(posting) if (rung.kind, rung.due) not in known_since
            }
        # A worker whose clock is slow leaves it to the next one: the delay is the skew and one turn of the workers.
        slack = max(-min(skewed), timedelta(0)) + SWEEP * len(skewed)
        for rung in pending(posting):
            assert now < max(rung.due, known_since[rung.kind, rung.due]) + slack
