"""Stages: every step at the bench, every refusal, and what a ringing alarm does."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shipby.domain.deadlines.firing import Fired, fire, may_be_labelled
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.deadlines.policy import Move
from shipby.domain.deadlines.workflow import Command, Step, block, carry_out, expire
from shipby.domain.errors import ActionNotOfferedError, InvalidInputError, ShipbyError, StageMismatchError
from shipby.domain.events import EventType, posting_ref
from shipby.domain.intents import IntentAction, intent_id
from shipby.domain.postings.posting import MAIN_LINE, Posting, RungKind, Stage
from shipby.domain.sellers.settings import Automation, SellerSettings
from tests.support import builders as a

AT = a.NOW + timedelta(minutes=1)
BENCH = [Command.CONFIRM, Command.PICK, Command.INSPECT, Command.PACK, Command.HAND_OVER]


def do(posting: Posting, command: Command, **more: object) -> Step:
    step = carry_out(posting, command, at=AT, actor="key:k1", **more)  # type: ignore[arg-type]  # test shorthand
    assert step.posting.version == posting.version + 1
    assert all(event.actor == "key:k1" and event.at == AT for event in step.events)
    return step


def at_stage(stage: Stage, **changes: object) -> Posting:
    return rewind(a.posting(stage=stage, **changes))


def test_a_posting_walks_the_bench_from_received_to_handed_over() -> None:
    posting, walked = at_stage(Stage.RECEIVED, assembled_at=a.NOW), []
    for command in BENCH:
        step = do(posting, command)
        posting = step.posting
        walked.append((posting.stage, step.events[0].type))
    assert walked == [
        (Stage.CONFIRMED, EventType.POSTING_CONFIRMED),
        (Stage.PICKED, EventType.POSTING_PICKED),
        (Stage.INSPECTED, EventType.POSTING_INSPECTED),
        (Stage.PACKED, EventType.POSTING_PACKED),
        (Stage.HANDED_OVER, EventType.POSTING_HANDED_OVER),
    ]
    assert posting.handed_over_at == AT
    assert posting.packed_at == AT


def test_inspection_may_be_skipped() -> None:
    assert do(at_stage(Stage.PICKED), Command.PACK).posting.stage is Stage.PACKED


ALLOWED = {
    Command.CONFIRM: {Stage.RECEIVED},
    Command.PICK: {Stage.CONFIRMED},
    Command.INSPECT: {Stage.PICKED},
    Command.PACK: {Stage.PICKED, Stage.INSPECTED},
    Command.HAND_OVER: {Stage.PACKED},
    Command.OVERRIDE: {Stage.EXPIRED},
    Command.UNBLOCK: {Stage.BLOCKED},
}


@pytest.mark.parametrize("command", list(Command))
@pytest.mark.parametrize("stage", list(Stage))
def test_a_command_works_at_its_stages_and_is_refused_at_every_other(command: Command, stage: Stage) -> None:
    side = {"blocked_from": Stage.PICKED, "expired_reason": "x", "blocked_reason": "y"}
    posting = at_stage(stage, assembled_at=a.NOW, **(side if stage in (Stage.EXPIRED, Stage.BLOCKED) else {}))
    if stage in ALLOWED[command]:
        assert do(posting, command, reason="because").posting.stage is not stage
        return
    with pytest.raises((StageMismatchError, ActionNotOfferedError)) as caught:
        do(posting, command, reason="because")
    assert posting.number in str(caught.value)


def test_an_expired_posting_offers_the_override_and_a_blocked_one_the_unblock() -> None:
    with pytest.raises(ActionNotOfferedError) as caught:
        do(at_stage(Stage.EXPIRED, blocked_from=Stage.PACKED), Command.HAND_OVER)
    assert caught.value.offered == ("override",)
    with pytest.raises(ActionNotOfferedError) as caught:
        do(at_stage(Stage.BLOCKED, blocked_from=Stage.PACKED), Command.HAND_OVER)
    assert caught.value.offered == ("unblock",)


def test_nothing_is_handed_over_that_the_marketplace_has_not_assembled() -> None:
    with pytest.raises(ActionNotOfferedError) as caught:
        do(at_stage(Stage.PACKED), Command.HAND_OVER)
    assert caught.value.offered == ("ship",)


def test_a_late_hand_over_tells_its_price() -> None:
    moved = {"shipment_date": AT - timedelta(seconds=1)}
    late = at_stage(Stage.PACKED, assembled_at=a.NOW, late=True, late_price=a.rub("50"), **moved)
    data = do(late, Command.HAND_OVER).events[0].data
    assert data["late"] is True
    assert data["price"] == {"amount": "50.00", "currency": "RUB"}


def test_a_failed_inspection_blocks_and_needs_a_reason() -> None:
    with pytest.raises(InvalidInputError):
        do(at_stage(Stage.PICKED), Command.INSPECT, passed=False)
    step = do(at_stage(Stage.PICKED), Command.INSPECT, passed=False, reason="cracked")
    assert step.posting.stage is Stage.BLOCKED
    assert step.posting.blocked_from is Stage.PICKED
    assert "cracked" in step.posting.blocked_reason
    back = do(step.posting, Command.UNBLOCK, reason="replaced")
    assert back.posting.stage is Stage.PICKED
    assert back.posting.blocked_reason == ""
    assert back.events[0].type is EventType.POSTING_UNBLOCKED


@pytest.mark.parametrize(("command", "stage"), [(Command.OVERRIDE, Stage.EXPIRED), (Command.UNBLOCK, Stage.BLOCKED)])
def test_override_and_unblock_need_a_reason(command: Command, stage: Stage) -> None:
    with pytest.raises(InvalidInputError) as caught:
        do(at_stage(stage, blocked_from=Stage.PICKED), command)
    assert caught.value.errors[0][0] == "reason"


def test_an_override_puts_the_posting_back_and_keeps_the_reason() -> None:
    expired = expire(at_stage(Stage.PACKED), "given up", at=AT, actor="system:x").posting
    assert expired.blocked_from is Stage.PACKED
    step = do(expired, Command.OVERRIDE, reason="courier waits")
    assert step.posting.stage is Stage.PACKED
    assert step.posting.override_reason == "courier waits"
    assert step.events[0].data["expired_reason"] == "given up"


def test_a_posting_that_is_being_cancelled_is_not_overridden_and_names_the_intent() -> None:
    intent = intent_id(posting_ref(a.NUMBER), IntentAction.CANCEL, 1)
    expired = at_stage(Stage.EXPIRED, blocked_from=Stage.PACKED, open_intents=(intent,))
    with pytest.raises(ActionNotOfferedError) as caught:
        do(expired, Command.OVERRIDE, reason="courier waits")
    assert caught.value.offered == (f"/v1/intents/{intent}",)
    other = intent_id(posting_ref(a.NUMBER), IntentAction.SET_TRACKING, 1)
    back = do(replace(expired, open_intents=(other,)), Command.OVERRIDE, reason="courier waits")
    assert back.posting.stage is Stage.PACKED


def test_a_blocked_posting_that_expires_leaves_no_block_behind_after_an_override() -> None:
    blocked = block(at_stage(Stage.PICKED), "scratched", at=AT, actor="key:k1").posting
    back = do(expire(blocked, "given up", at=AT, actor="s").posting, Command.OVERRIDE, reason="checked").posting
    assert (back.stage, back.blocked_reason, back.blocked_from) == (Stage.PICKED, "", None)


@pytest.mark.parametrize("stage", [Stage.CLOSED, Stage.CANCELLED, Stage.EXPIRED])
def test_what_is_over_does_not_expire(stage: Stage) -> None:
    with pytest.raises(StageMismatchError):
        expire(at_stage(stage, blocked_from=Stage.PICKED), "x", at=AT, actor="s")


@pytest.mark.parametrize("stage", list(Stage))
def test_labels_are_for_assembled_postings_that_are_still_to_be_sent(stage: Stage) -> None:
    origin = {"blocked_from": Stage.PACKED} if stage in (Stage.BLOCKED, Stage.EXPIRED) else {}
    expected = stage in MAIN_LINE[:5] or stage is Stage.BLOCKED
    assert may_be_labelled(at_stage(stage, assembled_at=a.NOW, late=True, **origin)) is expected
    assert not may_be_labelled(at_stage(stage, **origin))


# Alarms


def rings(
    kind: RungKind, stage: Stage = Stage.CONFIRMED, settings: SellerSettings | None = None, **changes: object
) -> Fired:
    rung = a.rung(kind, a.NOW, a.rub("50") if kind in (RungKind.SHIPMENT_DATE, RungKind.TARIFF_STEP) else None)
    dates: dict[str, object] = {"delivery_by": a.NOW} if kind is RungKind.DELIVERY_BY else {}
    if kind in (RungKind.SHIPMENT_DATE, RungKind.TARIFF_STEP):
        dates["shipment_date"] = a.NOW
    posting = rewind(a.posting(stage=stage, rungs=(rung,), **(dates | changes)))
    assert posting.next_alarm is not None
    fired = fire(posting, posting.next_alarm, settings or a.settings(), at=AT, actor="system:alarm")
    assert fired.posting.version == posting.version + 1
    over = fired.posting.next_alarm is None and kind is RungKind.CLOSE_AT
    assert over or a.nothing_else_rings(fired.posting)
    assert kind is RungKind.CLOSE_AT or fired.posting.fired[kind] == a.NOW
    return fired


def test_an_alarm_never_fires_before_its_time() -> None:
    posting = a.posting()
    assert posting.next_alarm is not None
    early = posting.next_alarm.due - timedelta(microseconds=1)
    with pytest.raises(InvalidInputError):
        fire(posting, posting.next_alarm, a.settings(), at=early, actor="s")


def test_an_alarm_that_is_no_longer_the_next_one_does_not_fire() -> None:
    with pytest.raises(StageMismatchError):
        fire(a.posting(), a.alarm(a.NOW, RungKind.REMIND_AT), a.settings(), at=AT, actor="s")


@pytest.mark.parametrize("kind", [RungKind.SHIPMENT_DATE, RungKind.TARIFF_STEP])
def test_passing_a_priced_date_makes_it_late_with_its_price_and_never_expired(kind: RungKind) -> None:
    fired = rings(kind)
    assert (fired.posting.late, fired.posting.late_price) == (True, a.rub("50"))
    assert fired.posting.stage is Stage.CONFIRMED
    assert fired.events[0].type is EventType.POSTING_LATE
    assert fired.events[0].data["price"] == {"amount": "50.00", "currency": "RUB"}


def test_the_unpriced_second_deadline_keeps_the_price_of_the_step_before() -> None:
    fired = rings(RungKind.WITHOUT_DELAY, late_price=a.rub("70"), late=True, without_delay=a.NOW)
    assert (fired.posting.late_price, fired.posting.overdue) == (a.rub("70"), True)
    assert fired.events[0].type is EventType.POSTING_OVERDUE


@pytest.mark.parametrize(
    ("kind", "stage"),
    [
        (RungKind.CONFIRM_BY, Stage.RECEIVED),
        (RungKind.REMIND_AT, Stage.PICKED),
        (RungKind.LABEL_BY, Stage.PACKED),
        (RungKind.AUTO_CANCEL_ESTIMATE, Stage.EXPIRED),
        (RungKind.DELIVERY_BY, Stage.IN_TRANSIT),
    ],
)
def test_reminders_change_nothing_but_that_they_rang(kind: RungKind, stage: Stage) -> None:
    fired = rings(kind, stage)
    assert fired.posting.stage is stage
    assert fired.events[0].type is EventType.POSTING_REMINDED
    assert Move.CANCEL not in fired.moves


def test_a_delivered_posting_closes() -> None:
    fired = rings(RungKind.CLOSE_AT, Stage.DELIVERED)
    assert fired.posting.stage is Stage.CLOSED
    assert fired.events[0].type is EventType.POSTING_CLOSED


GIVE_UP = {
    Automation.OFF: (EventType.POSTING_REMINDED, Stage.CONFIRMED, False),
    Automation.SHADOW: (EventType.POSTING_GIVE_UP_SHADOWED, Stage.CONFIRMED, False),
    Automation.ON: (EventType.POSTING_EXPIRED, Stage.EXPIRED, True),
}


@pytest.mark.parametrize("policy", list(Automation))
def test_giving_up_reminds_says_what_it_would_do_or_does_it(policy: Automation) -> None:
    fired = rings(RungKind.GIVE_UP_AT, settings=a.settings(auto_cancel=policy))
    assert (fired.events[-1].type, fired.posting.stage, Move.CANCEL in fired.moves) == GIVE_UP[policy]


def test_a_posting_proven_expired_is_still_given_up_when_the_policy_says_so() -> None:
    on = a.settings(auto_cancel=Automation.ON)
    fired = rings(RungKind.GIVE_UP_AT, Stage.EXPIRED, on, blocked_from=Stage.PICKED, expired_reason="proven")
    assert Move.CANCEL in fired.moves
    assert fired.posting.expired_reason == "proven"


def test_the_policy_never_gives_up_what_a_person_overrode() -> None:
    fired = rings(RungKind.GIVE_UP_AT, settings=a.settings(auto_cancel=Automation.ON), override_reason="courier waits")
    assert Move.CANCEL not in fired.moves
    assert fired.posting.stage is Stage.CONFIRMED


def test_every_refusal_is_an_error_of_the_tree() -> None:
    with pytest.raises(ShipbyError):
        carry_out(a.posting(stage=Stage.CLOSED), Command.PICK, at=AT, actor="x")
