"""The order of moves: cancelling is never the first, each stands under its switch, and each choice shows its price."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shipby.domain.deadlines.firing import Fired, fire
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.deadlines.policy import PRESETS, Move, Offers, automation_of, choices, later_cut_off, preset_of
from shipby.domain.deadlines.workflow import answer_of_buyer
from shipby.domain.errors import StageMismatchError
from shipby.domain.events import EventType
from shipby.domain.postings.posting import Posting, RungKind, Stage
from shipby.domain.sellers.settings import Automation, LatePolicy, SellerSettings
from tests.support import builders as a

HOUR = timedelta(hours=1)
ALL = Offers(actions=("can_create_chat", "cancel", "set_cutoff", "ship"))
RFBS = a.settings(policy=LatePolicy.CROSS_BORDER_RFBS)
AT = a.CUT_OFF - HOUR


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_preset_keeps_the_order_and_ends_with_cancelling(name: LatePolicy) -> None:
    moves = PRESETS[name].moves
    assert name is PRESETS[name].name
    assert list(moves) == sorted(moves, key=list(Move).index)
    assert moves[0] is Move.PRIORITISE
    assert moves[-2:] == (Move.SHOW_CHOICES, Move.CANCEL)


def test_only_the_sellers_own_delivery_moves_its_date() -> None:
    moving = [name for name, preset in PRESETS.items() if Move.MOVE_DATE in preset.moves]
    assert moving == [LatePolicy.CROSS_BORDER_RFBS]
    assert preset_of(a.settings()).name is LatePolicy.FBS_WAREHOUSE


@pytest.mark.parametrize("mode", list(Automation))
def test_each_acting_move_has_its_switch_and_telling_needs_none(mode: Automation) -> None:
    settings = a.settings(auto_move_date=mode, auto_ask_buyer=mode, auto_cancel=mode)
    for move in (Move.MOVE_DATE, Move.ASK_BUYER, Move.CANCEL):
        assert automation_of(move, settings) is mode
    for move in (Move.PRIORITISE, Move.SHOW_CHOICES):
        assert automation_of(move, settings) is Automation.ON
    assert automation_of(Move.ASK_BUYER, a.settings(auto_ask_buyer=mode, buyer_chat=False)) is Automation.OFF


def test_shadow_is_where_every_acting_move_begins() -> None:
    fresh = SellerSettings(seller="s")
    assert {automation_of(move, fresh) for move in (Move.MOVE_DATE, Move.ASK_BUYER, Move.CANCEL)} == {Automation.SHADOW}


# The date


def test_a_later_date_is_asked_for_only_before_the_cut_off_and_within_thirty_days() -> None:
    posting = a.posting()
    assert later_cut_off(posting, RFBS, at=AT) == a.CUT_OFF + timedelta(days=1)
    assert later_cut_off(posting, RFBS, at=a.CUT_OFF) is None
    assert later_cut_off(a.posting(shipment_date=None), RFBS, at=AT) is None
    far = a.settings(move_date_by=timedelta(days=60))
    assert later_cut_off(posting, far, at=AT) == a.NOW + timedelta(days=30)
    last = a.posting(shipment_date=a.NOW + timedelta(days=30))
    assert later_cut_off(last, RFBS, at=AT) is None
    never = a.posting(shipment_date=datetime(9999, 12, 31, 23, 59, tzinfo=UTC))
    assert later_cut_off(never, RFBS, at=AT) is None


# The choices


def shown(posting: Posting, offers: Offers, settings: SellerSettings = RFBS, at: datetime = AT) -> dict[str, Any]:
    found: Any = choices(posting, offers, settings, at=at)
    return {choice["move"]: choice for choice in found}


def test_each_choice_shows_its_price_or_why_there_is_none() -> None:
    step = a.rung(RungKind.TARIFF_STEP, a.CUT_OFF + 12 * HOUR, a.rub("50"))
    posting = a.posting(late=True, late_price=a.rub("120"), at_risk=a.rub("50"), rungs=(step,))
    found = shown(posting, Offers(actions=("cancel",), cancel_fee=a.rub("30"), cancel_note="3 more before yellow"))
    assert found["prioritise"]["price"] == {"amount": "120.00", "currency": "RUB"}
    assert found["prioritise"]["next"] == {"amount": "50.00", "currency": "RUB", "at": step.due.isoformat()}
    assert found["cancel"]["price"] == {"amount": "30.00", "currency": "RUB"}
    assert found["cancel"]["note"] == "3 more before yellow"
    assert (found["move_date"]["offered"], "does not offer" in found["move_date"]["why"]) == (False, True)
    assert (found["ask_buyer"]["offered"], "no chat" in found["ask_buyer"]["why"]) == (False, True)


def test_what_is_offered_is_offered_and_a_passed_date_is_not() -> None:
    assert {move for move, choice in shown(a.posting(), ALL).items() if choice["offered"]} == {
        "prioritise",
        "move_date",
        "ask_buyer",
        "cancel",
    }
    assert "before it has passed" in shown(a.posting(), ALL, at=a.CUT_OFF)["move_date"]["why"]
    assert not shown(a.posting(), ALL, a.settings(policy=LatePolicy.PARTNER_DELIVERY))["move_date"]["offered"]
    assert not shown(a.posting(), ALL, a.settings(buyer_chat=False))["ask_buyer"]["offered"]
    assert not shown(a.posting(stage=Stage.HANDED_OVER), ALL)["prioritise"]["offered"]
    assert not shown(a.posting(), Offers())["cancel"]["offered"]


# The moves at their clocks


def rings(kind: RungKind, settings: SellerSettings, offers: Offers = ALL, at: datetime = AT, **changes: Any) -> Fired:
    posting = rewind(a.posting(**{"stage": Stage.CONFIRMED, "rungs": (a.rung(kind, AT),), **changes}))
    assert posting.next_alarm is not None
    fired = fire(posting, posting.next_alarm, settings, at=at, actor="system:x", offers=offers)
    assert fired.events
    return fired


@pytest.mark.parametrize(
    ("kind", "move", "switch"),
    [
        (RungKind.MOVE_DATE_AT, Move.MOVE_DATE, "auto_move_date"),
        (RungKind.ASK_BUYER_AT, Move.ASK_BUYER, "auto_ask_buyer"),
    ],
)
def test_a_move_is_made_told_as_shadow_or_left_alone(kind: RungKind, move: Move, switch: str) -> None:
    def with_mode(mode: Automation) -> Fired:
        return rings(kind, a.settings(policy=LatePolicy.CROSS_BORDER_RFBS, **{switch: mode}))

    assert with_mode(Automation.ON).moves == (move,)
    shadow = with_mode(Automation.SHADOW)
    assert shadow.moves == ()
    assert [(event.type, event.data["action"]) for event in shadow.events] == [(EventType.AUTOMATION_SHADOWED, move)]
    assert "would have" in shadow.events[0].reason
    off = with_mode(Automation.OFF)
    assert (off.moves, [event.type for event in off.events]) == ((), [EventType.POSTING_CHANGED])


@pytest.mark.parametrize("kind", [RungKind.MOVE_DATE_AT, RungKind.ASK_BUYER_AT])
def test_a_move_that_is_not_offered_any_more_is_not_made(kind: RungKind) -> None:
    on = a.settings(policy=LatePolicy.CROSS_BORDER_RFBS, auto_move_date=Automation.ON, auto_ask_buyer=Automation.ON)
    assert rings(kind, on, Offers(actions=("ship",))).moves == ()


def test_a_date_that_has_passed_or_is_being_moved_is_not_asked_for_again() -> None:
    on = a.settings(policy=LatePolicy.CROSS_BORDER_RFBS, auto_move_date=Automation.ON)
    assert rings(RungKind.MOVE_DATE_AT, on, at=a.CUT_OFF).moves == ()
    moving = rings(RungKind.MOVE_DATE_AT, on, open_intents=(f"p.{a.NUMBER}.set_cut_off.1",))
    assert moving.moves == ()


def test_the_choices_are_shown_once_it_is_overdue() -> None:
    fired = rings(RungKind.WITHOUT_DELAY, a.settings(), without_delay=AT)
    assert [event.type for event in fired.events] == [EventType.POSTING_OVERDUE, EventType.POSTING_CHOICES]
    assert fired.moves == (Move.SHOW_CHOICES,)


def test_cancelling_is_never_the_first_move_even_after_an_outage() -> None:
    on = a.settings(policy=LatePolicy.CROSS_BORDER_RFBS, auto_cancel=Automation.ON, auto_ask_buyer=Automation.ON)
    rungs = (a.rung(RungKind.ASK_BUYER_AT, AT), a.rung(RungKind.GIVE_UP_AT, AT))
    fired = rings(RungKind.GIVE_UP_AT, on, rungs=rungs)
    assert fired.moves == (Move.ASK_BUYER,)
    assert fired.posting.stage is Stage.CONFIRMED
    assert [event.type for event in fired.events] == [EventType.AUTOMATION_HELD]


def test_the_last_reminder_of_a_posting_with_money_on_it_brings_it_to_the_front() -> None:
    def reminded(*rungs: Any) -> Fired:
        return rings(RungKind.REMIND_AT, a.settings(), rungs=(a.rung(RungKind.REMIND_AT, AT), *rungs))

    money = a.rung(price=a.rub("50"))
    assert reminded(money).moves == (Move.PRIORITISE,)
    assert [event.type for event in reminded(money).events] == [
        EventType.POSTING_REMINDED,
        EventType.POSTING_PRIORITISED,
    ]
    assert reminded(a.rung()).moves == ()
    assert reminded(money, a.rung(RungKind.REMIND_AT, AT + timedelta(minutes=30))).moves == ()


# The buyer's answer


def answered(wanted: bool, settings: SellerSettings, offers: Offers = ALL, **changes: Any) -> Fired:
    return answer_of_buyer(
        a.posting(**changes), settings, wanted=wanted, offers=offers, at=AT, actor="key:k1", note="by phone"
    )


def test_a_buyer_who_still_wants_it_brings_it_to_the_front() -> None:
    fired = answered(True, a.settings(auto_cancel=Automation.ON))
    assert [event.type for event in fired.events] == [EventType.BUYER_ANSWERED, EventType.POSTING_PRIORITISED]
    assert fired.moves == (Move.PRIORITISE,)


@pytest.mark.parametrize(
    ("mode", "types", "moves"),
    [
        (Automation.ON, [EventType.BUYER_ANSWERED], (Move.CANCEL,)),
        (Automation.OFF, [EventType.BUYER_ANSWERED, EventType.POSTING_CHOICES], (Move.SHOW_CHOICES,)),
        (
            Automation.SHADOW,
            [EventType.BUYER_ANSWERED, EventType.POSTING_CHOICES, EventType.AUTOMATION_SHADOWED],
            (Move.SHOW_CHOICES,),
        ),
    ],
)
def test_a_buyer_who_does_not_want_it_leads_to_the_policy_or_to_a_person(
    mode: Automation, types: list[EventType], moves: tuple[Move, ...]
) -> None:
    fired = answered(False, a.settings(auto_cancel=mode))
    assert ([event.type for event in fired.events], fired.moves) == (types, moves)
    assert fired.events[0].data == {"wanted": False, "choice": Move.CANCEL}
    assert fired.posting.version == 2


def test_a_cancel_that_is_not_offered_or_overridden_is_a_persons_matter() -> None:
    on = a.settings(auto_cancel=Automation.ON)
    assert answered(False, on, Offers(actions=("ship",))).moves == (Move.SHOW_CHOICES,)
    assert answered(False, on, override_reason="courier waits").moves == (Move.SHOW_CHOICES,)


@pytest.mark.parametrize("stage", [Stage.HANDED_OVER, Stage.DELIVERED, Stage.CANCELLED, Stage.CLOSED])
def test_an_answer_about_what_has_left_changes_nothing(stage: Stage) -> None:
    with pytest.raises(StageMismatchError):
        answered(True, a.settings(), stage=stage)
