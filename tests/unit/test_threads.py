"""Eight threads on one item: no lost update, one claim, one decision."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from shipby.application.alarms.ringing import ring
from shipby.application.postings.work_posting import WorkCommand, work_posting
from shipby.application.returns.decisions import decide_return
from shipby.application.returns.refund_money import ReturnDecision
from shipby.application.shared.idempotency import Answer, Remember, idempotently
from shipby.domain.deadlines.workflow import Command
from shipby.domain.errors import ShipbyError
from shipby.domain.events import EventType, posting_ref
from shipby.domain.intents import IntentAction, IntentState
from shipby.domain.postings.posting import RungKind
from shipby.domain.sellers.settings import Automation
from tests.support import builders as a
from tests.support.fake_marketplace import FULL_REFUND
from tests.unit.world_support import World, forget

T = TypeVar("T")
THREADS = 8


def all_at_once(work: Callable[[int], T]) -> list[T | str]:
    """Start all at the same moment; an error of the tree counts by its code."""
    barrier = Barrier(THREADS)

    def run(index: int) -> T | str:
        barrier.wait()
        try:
            return work(index)
        except ShipbyError as error:
            return error.code

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def test_one_of_eight_packers_confirms_and_the_others_are_told() -> None:
    world = World()
    world.arrives()
    results = all_at_once(lambda _: world.do(Command.CONFIRM).status)
    assert Counter(results) == {200: 1, "stage_mismatch": 7}
    assert world.posting().version == 2
    assert world.red() == set()


def test_eight_calls_with_one_idempotency_key_do_the_work_once_and_answer_the_same() -> None:
    world = World()
    world.arrives()

    def run(remember: Remember) -> Answer:
        command = WorkCommand(seller=a.SELLER, number=a.NUMBER, command=Command.CONFIRM, actor="key:k1")
        return work_posting(command, remember, store=world.store, clock=world.clock)

    answers = all_at_once(
        lambda _: idempotently(a.SELLER, "k", {"x": 1}, run, store=world.store, clock=world.clock).body["version"]
    )
    assert answers == [2] * THREADS
    assert world.posting().version == 2


def test_one_of_eight_decisions_reserves_the_money() -> None:
    world = World()
    world.return_opens(quantity=2)
    decision = ReturnDecision(
        seller=a.SELLER, return_id=a.RETURN_ID, action_id=FULL_REFUND, actor="key:k1", refund=True
    )
    results = all_at_once(lambda _: decide_return(decision, forget, store=world.store, clock=world.clock).status)
    assert Counter(results) == {202: 1, "action_not_offered": 7}
    assert world.ledger().reserved == 25_000


def test_eight_decisions_on_eight_returns_of_one_posting_never_reserve_more_than_was_paid() -> None:
    world = World()
    for index in range(THREADS):
        world.return_opens(str(index + 1), quantity=1)
    results = all_at_once(lambda index: world.decide(return_id=str(index + 1)))
    assert Counter(str(result)[:2] for result in results) == {"r.": 2, "ov": 6}
    assert (world.ledger().reserved, world.ledger().paid) == (25_000, 25_000)


def test_one_of_eight_workers_fires_an_alarm() -> None:
    world = World()
    world.policy(auto_cancel=Automation.ON, cancel_guard=False)
    world.arrives()
    while world.posting().next_alarm.kind is not RungKind.GIVE_UP_AT:  # type: ignore[union-attr]  # it has one
        world.ring_next()
    alarm = world.alarm_of(posting_ref(a.NUMBER))
    assert alarm is not None
    world.clock.time = alarm.due
    results = all_at_once(lambda _: ring(alarm, store=world.store, clock=world.clock).outcome)
    assert Counter(results) == {"fired": 1, "gone": 7}
    assert world.types().count(EventType.INTENT_CREATED) == 1
    assert world.store.cap_used(a.SELLER, "cancel", alarm.due.date()) == 1


def test_one_of_eight_workers_sends_an_intent() -> None:
    world = World()
    world.arrives()
    identifier = world.ask(IntentAction.SHIP)
    results = all_at_once(lambda _: world.settle(identifier).called)
    # The one that sent it may give up noting so when the others keep changing the posting; reading settles that then.
    assert results.count(True) <= 1
    world.settle(identifier)
    assert world.state(identifier) is IntentState.CONFIRMED
    assert world.market.calls["ship"] == 1
    assert world.types().count(EventType.INTENT_SENT) == 1
    assert world.red() == set()


def test_eight_different_writers_of_one_posting_lose_no_update() -> None:
    world = World()
    world.arrives()
    commands = (Command.CONFIRM, Command.PICK, Command.PACK)

    def work(index: int) -> str:
        if index < 4:
            world.market.change(a.NUMBER, substatus=f"s{index}")
            world.read()
        elif index == 4:
            for command in commands:
                world.do(command)
        return "done"

    assert set(all_at_once(work)) == {"done"}
    assert world.posting().stage == "packed"
    versions = sorted({stored.version for stored in world.history()})
    assert versions == list(range(1, world.posting().version + 1))
