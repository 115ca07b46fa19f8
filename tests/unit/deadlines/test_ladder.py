"""The ladder: exactly one next alarm, moved clocks, priced steps. Properties over random facts, settings and lives."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from shipby.domain.deadlines.firing import fire
from shipby.domain.deadlines.fold import fold, receive
from shipby.domain.deadlines.ladder import (
    LOOK_AGAIN_EVERY,
    MAX_TARIFF_RUNGS,
    build_rungs,
    next_alarm,
    pending,
    rewind,
    unwatched,
)
from shipby.domain.deadlines.policy import PRESETS, Offers
from shipby.domain.deadlines.workflow import Command, carry_out
from shipby.domain.errors import ShipbyError
from shipby.domain.market import Market
from shipby.domain.postings.posting import BEFORE_PACKED, Posting, RungKind, Stage, TariffStep
from shipby.domain.sellers.settings import Automation, SellerSettings
from tests.support import builders as a

DAY = timedelta(days=1)
NEVER = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
EVERYTHING = Offers(actions=("cancel", "ship", "set_cutoff", "can_create_chat"))
REMINDERS = (RungKind.REMIND_AT, RungKind.CONFIRM_BY)


def step(hours: int, charge: str, minimum: str = "0") -> TariffStep:
    until = a.CUT_OFF + timedelta(hours=hours)
    return TariffStep(until=until, rate=Decimal(1), minimum=a.rub(minimum), charge=a.rub(charge))


LAST = TariffStep(until=NEVER, rate=Decimal(3), minimum=a.rub("150"), charge=a.rub("90"))
STEPS = (step(0, "0"), step(24, "20", "50"), step(48, "120", "100"), LAST)


def test_the_price_of_a_step_is_what_it_adds_and_a_charge_is_at_least_its_minimum() -> None:
    posting = receive(a.detail(tariff_steps=STEPS), seller=a.SELLER, settings=a.settings(), at=a.NOW).posting
    priced = [(rung.kind, rung.due, rung.price) for rung in posting.rungs if rung.price is not None]
    assert priced == [
        (RungKind.SHIPMENT_DATE, a.CUT_OFF, a.rub("50")),
        (RungKind.TARIFF_STEP, a.CUT_OFF + timedelta(hours=24), a.rub("70")),
        (RungKind.TARIFF_STEP, a.CUT_OFF + timedelta(hours=48), a.rub("30")),
    ]
    assert posting.at_risk == a.rub("50")


def test_the_money_at_risk_is_what_the_next_step_adds_and_the_late_price_what_all_have_added() -> None:
    posting = receive(a.detail(tariff_steps=STEPS), seller=a.SELLER, settings=a.settings(), at=a.NOW).posting
    risks, prices = [], []
    while posting.next_alarm is not None and posting.next_alarm.kind is not RungKind.GIVE_UP_AT:
        posting = fire(posting, posting.next_alarm, a.settings(), at=posting.next_alarm.due, actor="s").posting
        risks.append(posting.at_risk)
        prices.append(posting.late_price)
    assert [risk.amount if risk else None for risk in dict.fromkeys(risks)] == ["50.00", "70.00", "30.00", None]
    assert [price.amount if price else None for price in dict.fromkeys(prices)] == [None, "50.00", "120.00", "150.00"]


def test_a_posting_keeps_only_the_next_few_priced_steps() -> None:
    steps = tuple(step(hours, str(hours + 1)) for hours in range(0, 240, 24))
    rungs = build_rungs(a.posting(), a.detail(tariff_steps=steps), a.settings())
    assert sum(rung.kind is RungKind.TARIFF_STEP for rung in rungs) == MAX_TARIFF_RUNGS


def test_a_moved_clock_rings_again_only_if_it_moved_later() -> None:
    posting = rewind(a.posting(stage=Stage.PACKED, rungs=(a.rung(),), fired={}))
    assert posting.next_alarm == a.alarm()
    rang = fire(posting, a.alarm(), a.settings(), at=a.CUT_OFF, actor="s").posting
    look = a.alarm(a.CUT_OFF + LOOK_AGAIN_EVERY, RungKind.LOOK_AGAIN)
    assert rang.next_alarm == look
    earlier = rewind(replace(rang, rungs=(a.rung(due=a.CUT_OFF - timedelta(hours=1)),)))
    assert earlier.next_alarm == look
    later = rewind(replace(rang, rungs=(a.rung(due=a.CUT_OFF + timedelta(hours=1)),)))
    assert later.next_alarm == a.alarm(a.CUT_OFF + timedelta(hours=1))


def test_nobody_is_reminded_to_pack_what_is_packed_or_gone() -> None:
    rungs = (a.rung(RungKind.CONFIRM_BY, a.NOW), a.rung(RungKind.REMIND_AT, a.NOW))
    for stage in Stage:
        alarm = next_alarm(a.posting(stage=stage, rungs=rungs, blocked_from=Stage.PICKED))
        wakes = alarm is not None and alarm.kind is not RungKind.LOOK_AGAIN
        assert wakes is (stage in BEFORE_PACKED)


def test_a_label_that_came_needs_no_reminder() -> None:
    rungs = (a.rung(RungKind.LABEL_BY, a.NOW),)
    assert next_alarm(a.posting(rungs=rungs)) == a.alarm(a.NOW, RungKind.LABEL_BY)
    assert a.nothing_else_rings(rewind(a.posting(rungs=rungs, label_ready_at=a.NOW)))


def test_finished_postings_have_no_alarm() -> None:
    posting = a.full_posting(delivered_at=a.NOW, fired={})
    everything = (*posting.rungs, a.rung(RungKind.CLOSE_AT, a.NOW))
    for stage in (Stage.CLOSED, Stage.CANCELLED):
        assert next_alarm(replace(posting, stage=stage, rungs=everything)) is None
    assert next_alarm(replace(posting, stage=Stage.DELIVERED, rungs=everything)) is not None


# Properties

STATUSES = (
    "awaiting_packaging",
    "awaiting_deliver",
    "awaiting_registration",
    "delivering",
    "driver_pickup",
    "delivered",
    "not_accepted",
    "arbitration",
    "client_arbitration",
    "cancelled",
    "cancelled_from_split_pending",
    "something_new",
)
hours = st.integers(-200, 400)
moments = st.one_of(st.none(), st.just(NEVER), hours.map(lambda h: a.NOW + timedelta(hours=h)))
steps_of = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 90)), max_size=7).map(
    lambda pairs: tuple(step(hour, str(charge)) for hour, charge in pairs) + ((LAST,) if pairs else ())
)
facts_of = st.fixed_dictionaries(
    {
        "status": st.sampled_from(STATUSES),
        "shipment_date": moments,
        "without_delay": moments,
        "delivery_by": moments,
        "delivered_at": st.one_of(st.none(), st.just(a.NOW)),
        "tariff_steps": steps_of,
        "actions": st.sampled_from([(), ("cancel",), EVERYTHING.actions, ("label_download",), ("unheard_of",)]),
        "substatus": st.sampled_from(
            ["posting_created", "posting_awaiting_passport_data", "posting_not_in_sort_center"]
        ),
        "tracking_number": st.sampled_from(["", "T-1", "T-2"]),
    }
)
policies = st.builds(
    SellerSettings,
    seller=st.just(a.SELLER),
    confirm_within=st.integers(0, 50).map(lambda h: timedelta(hours=h)),
    remind_before=st.lists(st.integers(0, 50).map(lambda h: timedelta(hours=h)), max_size=4).map(tuple),
    give_up_after=st.integers(0, 200).map(lambda h: timedelta(hours=h)),
    auto_cancel=st.sampled_from(list(Automation)),
    auto_move_date=st.sampled_from(list(Automation)),
    auto_ask_buyer=st.sampled_from(list(Automation)),
    policy=st.sampled_from(sorted(PRESETS)),
    market=st.sampled_from(Market),
)
acts = st.lists(
    st.one_of(
        st.tuples(st.just("read"), facts_of, policies),
        st.tuples(st.just("do"), st.sampled_from(list(Command)), st.booleans()),
        st.tuples(st.just("ring"), st.integers(0, 3), st.none()),
        st.tuples(st.just("wait"), st.integers(1, 48), st.none()),
    ),
    max_size=25,
)


def is_quiet(posting: Posting) -> bool:
    """Whether nothing rings for it: it is over, or it has just left without a delivery date and nothing has rung."""
    left = posting.stage in (Stage.HANDED_OVER, Stage.IN_TRANSIT)
    return posting.stage in (Stage.CANCELLED, Stage.CLOSED) or (left and not posting.fired and not posting.rungs)


def holds(posting: Posting) -> None:
    """What is true of every posting at every version."""
    assert posting.next_alarm == next_alarm(posting)
    assert list(posting.rungs) == sorted(posting.rungs, key=lambda rung: (rung.due, rung.kind))
    assert all(rung.due.year < NEVER.year for rung in posting.rungs)
    alarm = posting.next_alarm
    assert (alarm is None) == is_quiet(posting)
    if alarm is not None and alarm.kind is RungKind.LOOK_AGAIN:
        assert [rung.kind for rung in pending(posting)] == [RungKind.LOOK_AGAIN]
    elif alarm is not None:
        assert any(rung.kind is alarm.kind and rung.due == alarm.due for rung in posting.rungs)
        assert posting.fired.get(alarm.kind, a.NOW - timedelta(days=400)) < alarm.due
        assert alarm.kind not in REMINDERS or posting.stage in BEFORE_PACKED
    assert (posting.stage in (Stage.BLOCKED, Stage.EXPIRED)) == (posting.blocked_from is not None)


@settings(max_examples=150, deadline=None)
@given(first=facts_of, policy=policies, life=acts)
def test_any_life_has_exactly_one_next_alarm_that_rings_once_and_in_time(
    first: dict[str, object], policy: SellerSettings, life: list[tuple[str, object, object]]
) -> None:
    now = a.NOW
    posting = receive(a.detail(**first), seller=a.SELLER, settings=policy, at=now).posting
    holds(posting)
    rang: set[tuple[str, datetime]] = set()
    for act, what, more in life:
        before, version = posting, posting.version
        match act:
            case "wait":
                now += timedelta(hours=int(str(what)))
            case "read":
                assert isinstance(what, dict)
                assert isinstance(more, SellerSettings)
                policy = more
                folded = fold(posting, a.detail(read_at=now, **what), policy, at=now)
                posting = folded.posting if folded else posting
                assert fold(posting, a.detail(read_at=now, **what), policy, at=now) is None
            case "do":
                assert isinstance(what, Command)
                try:
                    done = carry_out(posting, what, at=now, actor="key:k", reason="why", passed=bool(more))
                except ShipbyError:
                    continue
                posting = done.posting
            case "ring":
                alarm = posting.next_alarm
                if alarm is None:
                    continue
                now = max(now, alarm.due)
                due = {(rung.kind, rung.due) for rung in pending(posting) if rung.due <= now}
                fired = fire(posting, alarm, policy, at=now, actor="s", offers=EVERYTHING)
                posting = fired.posting
                assert fired.events
                assert due
                assert not due & rang
                rang |= due
                assert all(rung.due > now for rung in pending(posting))
                if before.stage not in BEFORE_PACKED:
                    assert not any(event.data.get("rung") in REMINDERS for event in fired.events)
        assert posting.version - version == (0 if posting is before else 1)
        if before.late and not posting.late:
            assert act == "read"
        holds(posting)


@settings(max_examples=60, deadline=None)
@given(facts=facts_of, policy=policies)
def test_ringing_every_alarm_in_turn_comes_in_order_of_time_to_an_end_or_to_one_look_after_the_other(
    facts: dict[str, object], policy: SellerSettings
) -> None:
    posting = receive(a.detail(**facts), seller=a.SELLER, settings=policy, at=a.NOW).posting
    dues: list[datetime] = []
    looks = 0
    while posting.next_alarm is not None and looks < 3:
        alarm = posting.next_alarm
        looks = looks + 1 if alarm.kind is RungKind.LOOK_AGAIN else 0
        dues.append(alarm.due)
        posting = fire(posting, alarm, policy, at=alarm.due, actor="s", offers=EVERYTHING).posting
        assert len(dues) <= 40
    assert dues == sorted(dues)
    assert (posting.next_alarm is None) == is_quiet(posting)


SUBSTATUSES = (
    "posting_created",
    "posting_awaiting_passport_data",
    "posting_not_in_sort_center",
    "posting_registration_error",
    "posting_in_arbitration",
    "posting_on_way_to_city",
    "ship_failed",
    "",
)


def test_an_open_posting_of_any_stage_status_and_substatus_has_a_next_alarm_until_it_is_over() -> None:
    for stage in Stage:
        aside = stage in (Stage.BLOCKED, Stage.EXPIRED)
        for origin in [*BEFORE_PACKED, Stage.HANDED_OVER, Stage.IN_TRANSIT] if aside else [None]:
            known = a.posting(stage=stage, blocked_from=origin, shipment_date=None, rungs=(), next_alarm=None)
            for status in STATUSES:
                for substatus in SUBSTATUSES:
                    facts = a.detail(status=status, substatus=substatus, shipment_date=None, tariff_steps=())
                    folded = fold(known, replace(facts, delivery_by=None), a.settings(), at=a.NOW)
                    posting = folded.posting if folded else rewind(known)
                    told = (stage, origin, status, substatus)
                    assert (posting.next_alarm is None) == is_quiet(posting), told
                    # What nothing rings for yet is found by the audit as soon as it takes too long.
                    open_one = posting.stage not in (Stage.CANCELLED, Stage.CLOSED)
                    assert (posting.next_alarm is None and open_one) == unwatched(posting, a.NOW + 8 * DAY), told
