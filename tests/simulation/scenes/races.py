"""People and workers at once: the loser decides in the middle of the winner's call."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial

from shipby.application.alarms import ringing
from shipby.application.intents.request_intent import Wish, request_intent
from shipby.application.ports.writes import SavePosting
from shipby.application.refunds.approvals import approve_refund, reject_refund
from shipby.application.returns import sync as sync_return
from shipby.application.settling.second_word import SecondWord
from shipby.application.settling.settle import settle_together
from shipby.application.shared.idempotency import Answer, idempotently
from shipby.domain.deadlines.workflow import Command
from shipby.domain.errors import ActionNotOfferedError, KillSwitchOnError, OverRefundError, ShipbyError
from shipby.domain.events import EventType, posting_ref
from shipby.domain.intents import IntentAction, IntentState
from shipby.domain.returns.return_case import COMPENSATE_ACTION
from tests.simulation.errors import Crash
from tests.simulation.scenes.stage import meanwhile, refused
from tests.simulation.watch import need
from tests.support import builders as a
from tests.support.fake_marketplace import Fault
from tests.unit.cancels.cancel_request_support import ID, REF, Plea
from tests.unit.world_support import World, forget, money

MINUTE = timedelta(minutes=1)


def _proposed(**policy: object) -> tuple[World, str]:
    world = World()
    world.policy(approve_above={"RUB": 10_000}, **policy)
    world.return_opens(quantity=2)
    return world, world.decide(COMPENSATE_ACTION, amount=money(10_001))


def _approve(world: World, intent: str, actor: str = "key:k2") -> Answer:
    word = SecondWord(seller=a.SELLER, intent_id=intent, actor=actor, reason="seen")
    return approve_refund(word, forget, store=world.store, clock=world.clock)


def _reject(world: World, intent: str) -> Answer:
    word = SecondWord(seller=a.SELLER, intent_id=intent, actor="key:k3", reason="no")
    return reject_refund(word, forget, store=world.store, clock=world.clock)


def approved_while_it_is_rejected() -> None:
    """Whoever commits second is told, at whichever access the first one comes in between."""
    first_words: tuple[tuple[Callable[[World, str], Answer], Callable[[World, str], Answer], IntentState], ...] = (
        (_approve, _reject, IntentState.REJECTED),
        (_reject, _approve, IntentState.PENDING),
        (_approve, partial(_approve, actor="key:k4"), IntentState.PENDING),
        (_reject, _reject, IntentState.REJECTED),
    )
    for loser, winner, state in first_words:
        for access in ("return_case", "commit"):
            world, intent = _proposed()
            with meanwhile(world.store, access, partial(winner, world, intent)) as used:
                refused(
                    partial(loser, world, intent),
                    ActionNotOfferedError,
                    invariant="one of two people decides",
                    text=f"{loser} beside {winner} at {access}",
                )
            need(used[0] > 0, "the scene takes place", access)
            need(world.state(intent) is state, "one of two people decides", f"{intent} is {world.state(intent)}")
            reserved = 10_001 if state is IntentState.PENDING else 0
            need(world.ledger().reserved == reserved, "money of a rejection is free", str(world.ledger().reserved))
            if state is IntentState.REJECTED:
                world.settle(intent)
                need(
                    not world.market.books.paid_back, "what was rejected is not paid", str(world.market.books.paid_back)
                )


def approved_by_who_asked() -> None:
    """A second person is another one."""
    world, intent = _proposed()
    refused(
        partial(_approve, world, intent, "key:k1"),
        ActionNotOfferedError,
        invariant="a large refund needs a second person",
        text=intent,
    )


def two_refunds_of_one_family() -> None:
    """Two returns of one posting are decided at once, the second one in the middle of the first."""
    for access in ("money", "detail", "commit"):
        world = World()
        world.return_opens("1", quantity=2)
        world.return_opens("2", quantity=2)
        with meanwhile(world.store, access, partial(world.decide, return_id="2")):
            refused(
                partial(world.decide, return_id="1"),
                OverRefundError,
                invariant="refunded <= paid",
                text=f"both returns of one posting, the other at {access}",
            )
        ledger = world.ledger()
        need(
            ledger.reserved + ledger.refunded <= ledger.paid, "refunded <= paid", f"{ledger.reserved} of {ledger.paid}"
        )
        for return_id in ("1", "2"):
            if open_intent := world.case(return_id).open_intent:
                world.settle(open_intent)
        paid = sum(sum(minors) for minors in world.market.books.paid_back.values())
        need(paid <= ledger.paid, "refunded <= paid", f"{paid} of {ledger.paid} went out")


def a_part_is_read_in_the_middle_of_a_refund() -> None:
    """The marketplace has split the posting; its part is read while a return is decided, or the other way."""
    tea = a.line(sku="1", quantity=2, price=a.rub("50.00"))
    cup = a.line(sku="2", quantity=1, price=a.rub("60.00"))
    part, paid = "24219509-0020-3", 16_000
    for access in ("money", "detail", "posting", "commit"):
        for read_meanwhile in (True, False):
            world = World()
            world.arrives(lines=(tea, cup))
            world.return_opens("1", a.NUMBER, sku="1", quantity=2, price=a.rub("50.00"))
            world.clock.advance(MINUTE)
            world.market.change(a.NUMBER, lines=(cup,), related_numbers=(part,))
            world.market.put(a.detail(number=part, lines=(tea,), parent_number=a.NUMBER, related_numbers=(a.NUMBER,)))
            acts = (partial(world.decide, return_id="1"), partial(world.read, part))
            first, second = acts if read_meanwhile else acts[::-1]
            with meanwhile(world.store, access, partial(_perhaps, second)):
                _perhaps(first)
            for number in (part, a.NUMBER, part, a.NUMBER):
                found = [world.store.money(a.SELLER, one) for one in (a.NUMBER, part)]
                held = sum(max(one.paid, one.reserved + one.refunded) for one in found if one is not None)
                text = f"{held} of {paid}, the {'read' if read_meanwhile else 'refund'} at {access}"
                need(held <= paid, "a family gives back what was paid, once", text)
                world.clock.advance(MINUTE)
                world.read(number)


def _perhaps(act: Callable[[], object]) -> None:
    """What is refused leaves nothing behind, and is asked again by whoever wants it."""
    with suppress(ShipbyError):
        act()


def claimed_while_it_is_claimed() -> None:
    """A second worker takes the same intent in the middle of the first one's claim: one call."""
    for access in ("money", "commit"):
        world = World()
        world.return_opens(quantity=2)
        intent = world.decide()
        with meanwhile(world.store, access, partial(world.settle, intent)):
            world.settle(intent)
        calls = world.market.calls["act_on_return"]
        need(calls == 1, "sent at most once", f"{calls} calls, the other worker at {access}")


def claimed_by_a_worker_that_dies() -> None:
    """Another worker claims the intent first and dies in its call: nobody else makes the call, for nobody knows."""
    world = World()
    world.return_opens(quantity=2)
    intent = world.decide()

    def dies() -> None:
        def on_call(name: str) -> None:
            if name == "act_on_return":
                raise Crash

        world.market.on_call = on_call
        with suppress(Crash):
            world.settle(intent)
        world.market.on_call = None

    with meanwhile(world.store, "commit", dies):
        world.settle(intent)
    need(
        world.state(intent) is IntentState.SENT,
        "sent at most once",
        f"{world.state(intent)} after a claim nobody ended",
    )
    calls = world.market.calls["act_on_return"]
    need(calls == 0, "sent at most once", f"{calls} calls beside one that nobody knows of")


def settled_while_it_is_called() -> None:
    """A second worker comes while the first one's call is under way: it reads, and sends nothing."""
    world = World()
    world.return_opens(quantity=2)
    intent = world.decide()
    seen: list[str] = []

    def on_call(name: str) -> None:
        if name == "act_on_return" and not seen:
            seen.append(name)
            world.settle(intent)

    world.market.on_call = on_call
    world.settle(intent)
    world.market.on_call = None
    need(world.market.calls["act_on_return"] == 1, "sent at most once", str(world.market.calls["act_on_return"]))


def switched_off_while_it_is_decided() -> None:
    """The kill switch goes on in the middle of an automatic decision, and in the middle of its claim."""
    world = World()
    world.return_opens(quantity=2)
    with meanwhile(world.store, "commit", partial(world.policy, kill_switch=True)):
        refused(
            partial(world.decide, automatic=True, actor="system:returns"),
            KillSwitchOnError,
            invariant="the kill switch stops automation",
            text="decided after it went on",
        )
    world.policy(kill_switch=False)
    intent = world.decide(automatic=True, actor="system:returns")
    with meanwhile(world.market, "return_details", partial(world.policy, kill_switch=True)):
        world.settle(intent)
    need(not world.market.calls["act_on_return"], "the kill switch stops automation", "sent after it went on")


def approved_after_the_switch() -> None:
    """A machine's refund that a person lets go stands under the kill switch all the same."""
    world = World()
    world.policy(approve_above={"RUB": 10_000})
    world.return_opens(quantity=2)
    intent = world.decide(COMPENSATE_ACTION, amount=money(10_001), automatic=True, actor="system:returns")
    with meanwhile(world.store, "commit", partial(world.policy, kill_switch=True)):
        refused(
            partial(_approve, world, intent),
            KillSwitchOnError,
            invariant="the kill switch stops automation",
            text="approved after it went on",
        )


def older_read_beside_a_newer_one() -> None:
    """A read of a return that was held up comes to its commit after a newer one was applied."""
    world = World()
    world.return_opens(quantity=2)
    old = world.market.return_details(a.RETURN_ID)
    world.clock.advance(a.CUT_OFF - a.NOW)
    world.market.change_return(a.RETURN_ID, state="REFUNDED", actions=())

    def newer() -> None:
        world.read_return()

    for held_up_at in ("", "commit"):
        if held_up_at:
            world.clock.advance(a.CUT_OFF - a.NOW)
            old = world.market.return_details(a.RETURN_ID)
            world.clock.advance(a.CUT_OFF - a.NOW)
            world.market.change_return(a.RETURN_ID, state="CLOSED")
            with meanwhile(world.store, held_up_at, newer):
                sync_return.apply_return_facts(
                    a.SELLER, replace(old, state="OLD"), store=world.store, clock=world.clock
                )
        else:
            newer()
            sync_return.apply_return_facts(a.SELLER, old, store=world.store, clock=world.clock)
        known = world.case()
        fresh = world.market.return_details(a.RETURN_ID)
        need(known.state == fresh.state, "facts never go backwards", f"{known.state} after {fresh.state}")


def rung_while_it_changes() -> None:
    """Somebody works on the posting in the middle of its alarm: the alarm rings all the same, once."""
    world = World()
    world.arrives()
    alarm = world.alarm_of(posting_ref(a.NUMBER))
    assert alarm is not None
    world.clock.time = max(world.clock.time, alarm.due)

    def touched() -> None:
        posting = world.posting()
        world.write(SavePosting(replace(posting, version=posting.version + 1, late=posting.late)))

    with meanwhile(world.store, "commit", touched):
        rang = ringing.ring(alarm, store=world.store, clock=world.clock)
    need(rang.outcome == "fired", "an alarm that stands is fired", rang.outcome)
    following = world.posting().next_alarm
    need(following is None or following.due > alarm.due, "an alarm that stands is fired", "it stands still")


def rung_before_its_time() -> None:
    """A queue that delivers too soon, or a clock that stands behind."""
    world = World()
    world.arrives()
    alarm = world.alarm_of(posting_ref(a.NUMBER))
    assert alarm is not None
    before = world.posting()
    world.clock.time = alarm.due - (a.CUT_OFF - a.NOW) / 1000
    rang = ringing.ring(alarm, store=world.store, clock=world.clock)
    need(rang.outcome == "early", "no alarm before its time", rang.outcome)
    need(world.posting() == before, "no alarm before its time", "the posting changed")


def rung_for_a_date_that_has_moved() -> None:
    """The message of an alarm comes after the cut-off was moved: it is of nobody any more."""
    world = World()
    world.arrives()
    world.do(Command.CONFIRM)
    alarm = world.alarm_of(posting_ref(a.NUMBER))
    assert alarm is not None
    moved = a.CUT_OFF + (a.CUT_OFF - a.NOW)
    world.market.change(a.NUMBER, shipment_date=moved, without_delay=moved)
    world.clock.advance((alarm.due - world.clock.now()) / 2)
    world.read()
    world.clock.time = alarm.due
    rang = ringing.ring(alarm, store=world.store, clock=world.clock)
    need(rang.outcome == "gone", "an alarm that moved does not ring", rang.outcome)


def one_key_used_in_the_middle_of_its_call() -> None:
    """The same Idempotency-Key comes a second time while the first call is under way: one intent, one answer."""
    world = World()
    world.arrives()
    answers: list[Answer] = []

    def ask() -> None:
        wish = Wish(
            seller=a.SELLER,
            number=a.NUMBER,
            action=IntentAction.CANCEL,
            request={"reason_id": 352, "message": ""},
            actor="key:k1",
        )
        run = partial(request_intent, wish, store=world.store, clock=world.clock)
        answers.append(idempotently(a.SELLER, "key-1", {"x": 1}, run, store=world.store, clock=world.clock))

    try:
        with meanwhile(world.store, "commit", ask):
            ask()
    except ShipbyError as error:
        need(False, "one key, one answer", f"the second call was told {error.code}")
    need(len({answer.location for answer in answers}) == 1, "one key, one answer", str(len(answers)))
    made = world.types().count(EventType.INTENT_CREATED)
    need(made == 1, "one intent per key", f"{made} intents")


def a_batch_of_tracking_numbers_with_every_answer() -> None:
    """Numbers of several postings in one call: each has its own answer, at every position of the batch."""
    numbers = [f"24219509-0020-{n}" for n in range(1, 5)]
    for refused_at in range(len(numbers)):
        world = World()
        intents = []
        for n, number in enumerate(numbers):
            world.arrives(number, status="awaiting_deliver", actions=("set_track_number",))
            intents.append(world.ask_tracking(f"TRACK{n}", number))
        world.market.refused_tracking[f"TRACK{refused_at}"] = "POSTING_NUMBERS_IS_INCORRECT_FOR_COMPANY"
        done = settle_together(a.SELLER, intents, store=world.store, marketplace=world.market, clock=world.clock)
        need(set(done) == set(intents), "every item has its answer", f"{len(done)} of {len(intents)}")
        for at, intent in enumerate(intents):
            wanted = IntentState.REJECTED if at == refused_at else IntentState.CONFIRMED
            state = world.state(intent)
            need(state is wanted, "every item has its own answer", f"item {at}, refused {refused_at}: {state}")
        calls = world.market.calls["set_tracking_numbers"]
        need(calls == 1, "sent at most once", f"{calls} calls")


def a_batch_of_tracking_numbers_is_lost() -> None:
    """The answer of a batch is lost: every one of its intents is UNKNOWN, and none is sent again."""
    world = World()
    numbers = [f"24219509-0020-{n}" for n in range(1, 4)]
    intents = []
    for n, number in enumerate(numbers):
        world.arrives(number, status="awaiting_deliver", actions=("set_track_number",))
        intents.append(world.ask_tracking(f"TRACK{n}", number))
    world.market.fail("set_tracking_numbers", Fault.TIMEOUT_AFTER)
    settle_together(a.SELLER, intents, store=world.store, marketplace=world.market, clock=world.clock)
    states = {world.state(intent) for intent in intents}
    need(states == {IntentState.UNKNOWN}, "a lost answer is UNKNOWN", str(states))
    settle_together(a.SELLER, intents, store=world.store, marketplace=world.market, clock=world.clock)
    need(world.market.calls["set_tracking_numbers"] == 1, "sent at most once", "the batch was sent again")


def a_buyers_wish_is_answered_twice_at_once() -> None:
    """One person approves a buyer's wish to cancel while another one rejects it: one intent."""
    plea = Plea()
    plea.asks()
    plea.poll()
    try:
        with meanwhile(plea.store, "commit", partial(plea.answer, decision="reject", comment="on its way")):
            plea.answer()
    except ShipbyError as error:
        need(isinstance(error, ActionNotOfferedError), "one of two people decides", error.code)
    made = plea.store.intents(a.SELLER, REF)
    need(len(made) == 1, "one of two people decides", f"{len(made)} intents of {ID}")


SCENES = (
    approved_while_it_is_rejected,
    approved_by_who_asked,
    two_refunds_of_one_family,
    a_part_is_read_in_the_middle_of_a_refund,
    claimed_while_it_is_claimed,
    claimed_by_a_worker_that_dies,
    settled_while_it_is_called,
    switched_off_while_it_is_decided,
    approved_after_the_switch,
    older_read_beside_a_newer_one,
    rung_while_it_changes,
    rung_before_its_time,
    rung_for_a_date_that_has_moved,
    one_key_used_in_the_middle_of_its_call,
    a_batch_of_tracking_numbers_with_every_answer,
    a_batch_of_tracking_numbers_is_lost,
    a_buyers_wish_is_answered_twice_at_once,
)
