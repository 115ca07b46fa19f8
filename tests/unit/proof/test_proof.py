"""The proof is green on what really happened and red for everything that is missing or was changed by hand."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shipby.adapters.dynamodb import keys
from shipby.adapters.dynamodb.keys import Key
from shipby.application.alarms.repair import repair
from shipby.application.alarms.route_events import Destination, Routed
from shipby.application.polling.reconcile import READ_AGAIN, reconcile
from shipby.application.ports.messages import QueueMessage
from shipby.application.ports.postings import PostingStory
from shipby.application.returns.poll import poll_returns
from shipby.domain.deadlines.workflow import Command
from shipby.domain.errors import MarketplaceUnavailableError
from shipby.domain.events import posting_ref, return_ref
from shipby.domain.intents import IntentAction, IntentState
from shipby.domain.postings.posting import BEFORE_HAND_OVER, Stage
from shipby.domain.refunds.ledger import EntryState, LineBalance
from shipby.domain.returns.return_case import COMPENSATE_ACTION
from tests.support import builders as a
from tests.support.fake_marketplace import Fault
from tests.support.fakes import RecordingQueue
from tests.support.memory_store import MemoryStore
from tests.support.memory_writes import Planned
from tests.unit.world_support import World, money

SHIPPED, CANCELLED, RETURNED = "n-shipped", "n-cancelled", "n-returned"


def delete(store: Any, key: Key) -> None:
    """What a careless hand does in a console; the fake's own insides, because no port offers it."""
    assert key in store._rows
    store._put(Planned(key, None))


def tamper(store: Any, key: Key, **changes: Any) -> None:
    store._put(Planned(key, replace(store._rows[key], **changes), store._columns[key]))


@pytest.fixture
def world() -> World:
    """A short day: one shipped, one cancelled by the buyer, one returned and refunded, pushes applied."""
    world = World()
    world.store.put_push(a.push(posting_number=SHIPPED))
    for number in (SHIPPED, CANCELLED, RETURNED):
        world.arrives(number)
        world.clock.advance(timedelta(seconds=1))
    for command in (Command.CONFIRM, Command.PICK, Command.PACK):
        world.do(command, SHIPPED)
    world.settle(world.ask(IntentAction.SHIP, SHIPPED))
    world.market.cancel_by(CANCELLED, "client")
    world.market.change(RETURNED, status="delivered", actions=())
    world.clock.advance(timedelta(minutes=1))
    world.read(CANCELLED)
    world.read(RETURNED)
    world.return_opens(number=RETURNED, quantity=2)
    world.settle(world.decide(COMPENSATE_ACTION, amount=money(5_000)))
    world.clock.advance(timedelta(minutes=30))
    return world


def test_an_honest_day_is_green_and_counted(world: World) -> None:
    proof = world.proof()
    assert proof.view()["findings"] == []
    assert proof.green
    counts = proof.counts
    assert (counts["marketplace_postings"], counts["our_postings"], counts["returns"]) == (3, 3, 1)
    assert (counts["pushes_received"], counts["pushes_applied"]) == (1, 1)
    assert proof.view()["refunded"] == [{"amount": "300.00", "currency": "RUB"}]


def test_a_deleted_posting_turns_it_red(world: World) -> None:
    delete(world.store, keys.posting(a.SELLER, CANCELLED))
    assert world.red() == {"posting_missing"}
    delete(world.store, keys.posting(a.SELLER, SHIPPED))
    assert world.red() == {"posting_missing", "push_unapplied"}


def test_a_posting_that_never_came_turns_it_red(world: World) -> None:
    world.market.put(a.detail(number="n-lost"))
    assert world.red() == {"posting_missing"}


def test_what_began_within_the_grace_may_still_be_on_its_way(world: World) -> None:
    world.market.put(a.detail(number="n-new", in_process_at=world.clock.now() - timedelta(minutes=5)))
    assert world.red() == set()


def test_a_posting_the_marketplace_does_not_list_turns_it_red(world: World) -> None:
    del world.market.book[SHIPPED]
    assert world.red() == {"posting_unlisted"}


def test_a_posting_from_before_the_window_need_not_be_listed(world: World) -> None:
    world.arrives("n-old", in_process_at=a.NOW - timedelta(days=20))
    assert world.red() == set()


def test_each_deleted_event_turns_it_red(world: World) -> None:
    events = world.history(posting_ref(SHIPPED))
    versions = [stored.version for stored in events]
    assert len(versions) > 6
    for stored in events:
        last_of_several = versions.count(stored.version) > 1 and stored.index == versions.count(stored.version) - 1
        if last_of_several:
            continue
        broken = World()
        broken.clock, broken.store, broken.market = world.clock, world.store, world.market
        key = keys.event(a.SELLER, stored.ref, stored.version, stored.index)
        row = broken.store._rows[key]
        delete(broken.store, key)
        assert "event_missing" in broken.red(), stored.id
        broken.store._put(Planned(key, row))
    assert world.red() == set()


def test_the_last_event_of_a_version_is_missed_where_its_rows_say_how_many_there_are(world: World) -> None:
    world.arrives("n-two", status="delivering", actions=())
    world.clock.advance(timedelta(minutes=11))
    first, *more = world.history(posting_ref("n-two"))
    assert more
    tamper(world.store, keys.event(a.SELLER, first.ref, 1, 0), count=1 + len(more))
    assert world.red() == set()
    delete(world.store, keys.event(a.SELLER, first.ref, 1, len(more)))
    assert world.red() == {"event_missing"}


def test_a_deleted_event_of_a_return_turns_it_red(world: World) -> None:
    delete(world.store, keys.event(a.SELLER, return_ref(a.RETURN_ID), 2, 0))
    assert "event_missing" in world.red()


@pytest.mark.parametrize("which", [f"p.{SHIPPED}.ship.1", f"r.{a.RETURN_ID}.return_action.1"])
def test_a_deleted_intent_turns_it_red(world: World, which: str) -> None:
    intent = world.intent(which)
    delete(world.store, keys.intent(a.SELLER, intent.ref, intent.id))
    assert "intent_missing" in world.red()


def test_an_intent_that_no_history_tells_of_turns_it_red(world: World) -> None:
    intent = a.intent(ref=posting_ref(SHIPPED), sequence=9, state=IntentState.REJECTED)
    world.store._put(Planned(keys.intent(a.SELLER, intent.ref, intent.id), intent))
    assert world.red() == {"intent_unrecorded"}


def test_a_return_the_marketplace_lists_and_we_do_not_have_turns_it_red(world: World) -> None:
    world.market.open_return(a.marketplace_return(id="77"))
    assert world.red() == {"return_missing"}
    delete(world.store, keys.return_case(a.SELLER, a.RETURN_ID))
    assert {"77", a.RETURN_ID} <= {finding.id for finding in world.proof().findings}


@pytest.mark.parametrize(
    "change",
    [
        {"refunded": 4_999},
        {"reserved": 1},
        {"paid": 30_000},
        {"paid": 4_000, "lines": {"149123456": LineBalance(paid=4_000)}},
        {"lines": {"149123456": LineBalance(paid=25_000, reserved=25_001)}},
        {"entries": {}, "refunded": 0},
    ],
)
def test_money_changed_by_hand_turns_it_red(world: World, change: dict[str, Any]) -> None:
    tamper(world.store, keys.money(a.SELLER, RETURNED), **change)
    assert world.red() == {"money"}


@pytest.mark.parametrize("change", [{"minor": 4_999}, {"state": EntryState.RELEASED}, {"state": EntryState.RESERVED}])
def test_an_entry_that_differs_from_its_intent_turns_it_red(world: World, change: dict[str, Any]) -> None:
    ledger = world.ledger(RETURNED)
    ((key, entry),) = ledger.entries.items()
    entry = replace(entry, **change)
    totals = {
        "refunded": entry.minor if entry.state is EntryState.REFUNDED else 0,
        "reserved": entry.minor if entry.state is EntryState.RESERVED else 0,
    }
    tamper(world.store, keys.money(a.SELLER, RETURNED), entries={key: entry}, **totals)
    assert world.red() == {"money"}


def test_a_deleted_ledger_turns_it_red(world: World) -> None:
    delete(world.store, keys.money(a.SELLER, SHIPPED))
    assert world.red() == {"money"}


def test_a_push_nobody_applied_turns_it_red_and_a_quarantined_one_is_counted(world: World) -> None:
    late = a.push(posting_number=SHIPPED, received_at=world.clock.now() - timedelta(minutes=20), window=1)
    world.store.put_push(late)
    assert world.red() == {"push_unapplied"}
    world.store.quarantine_push(late, "nonsense")
    proof = world.proof()
    assert proof.green
    assert proof.counts["pushes_quarantined"] == 1


def test_an_intent_that_stays_open_turns_it_red_only_past_its_limit(world: World) -> None:
    world.arrives("n-open")
    identifier = world.ask(IntentAction.SHIP, "n-open")
    world.market.fail("ship", Fault.TIMEOUT_BEFORE)
    world.settle(identifier)
    assert world.red() == set()
    world.clock.advance(timedelta(minutes=16))
    assert world.red() == {"intent_open"}


def test_a_history_that_moves_on_while_it_is_read_is_not_red(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The intent is created after its history was read and before the intents are: a query is no snapshot."""
    world.arrives("n-busy")
    world.clock.advance(timedelta(minutes=11))
    read = type(world.store).posting_story
    asked: list[str] = []

    def story(store: MemoryStore, seller: str, number: str) -> PostingStory:
        found = read(store, seller, number)
        if number != "n-busy" or asked:
            return found
        asked.append(world.ask(IntentAction.SHIP, "n-busy"))
        return replace(found, intents=read(store, seller, number).intents)

    monkeypatch.setattr(type(world.store), "posting_story", story)
    assert world.red() == set()
    assert asked


# Repair and reconcile


def routed_by_repair(world: World, since: timedelta = timedelta(days=1)) -> list[Routed]:
    published: list[Routed] = []
    now = world.clock.now()
    repair(a.SELLER, since=now - since, until=now, store=world.store, publish=published.extend)
    return published


def test_repair_republishes_every_event_of_the_window(world: World) -> None:
    published = routed_by_repair(world)
    where = {routed.destination for routed in published}
    assert where >= {Destination.INTENTS, Destination.LABELS, Destination.NOTIFY}
    assert all(routed.message.delay_seconds == 0 for routed in published)
    intents = {r.message.body["intent"] for r in published if r.destination is Destination.INTENTS}
    assert intents == {f"p.{SHIPPED}.ship.1", f"r.{a.RETURN_ID}.return_action.1"}


def test_repair_leaves_out_what_is_older_than_its_window(world: World) -> None:
    world.clock.advance(timedelta(days=3))
    assert routed_by_repair(world) == []


def test_repair_republishes_pushes_that_nobody_applied(world: World) -> None:
    assert not [r for r in routed_by_repair(world) if r.message.body.get("why") == "TYPE_NEW_POSTING"]
    world.store.put_push(a.push(posting_number="n-lost", window=7))
    world.store.put_push(a.push(posting_number=SHIPPED, received_at=world.clock.now(), window=8))
    lost = [r for r in routed_by_repair(world) if r.message.body.get("why") == "TYPE_NEW_POSTING"]
    assert {r.message.body["posting"] for r in lost} == {"n-lost", SHIPPED}


def poll(world: World) -> list[QueueMessage]:
    queue = RecordingQueue()
    reconcile(a.SELLER, store=world.store, marketplace=world.market, queue=queue, clock=world.clock)
    poll_returns(a.SELLER, store=world.store, marketplace=world.market, queue=queue, clock=world.clock)
    return queue.messages


def test_polling_asks_for_nothing_where_nothing_differs(world: World) -> None:
    assert poll(world) == []


def test_polling_has_a_posting_in_the_house_read_again_after_half_a_day(world: World) -> None:
    world.clock.advance(READ_AGAIN)
    in_the_house = {m.body["posting"] for m in poll(world)}
    for number in in_the_house:
        world.read(str(number))
    known = {number: world.store.posting(a.SELLER, str(number)) for number in in_the_house}
    assert all(posting is not None and posting.stage in BEFORE_HAND_OVER for posting in known.values())
    assert SHIPPED in in_the_house
    assert poll(world) == []


@pytest.mark.parametrize(
    "change",
    [
        {"status": "delivering"},
        {"substatus": "posting_in_carriage"},
        {"shipment_date": a.CUT_OFF + timedelta(hours=1)},
        {"tracking_number": "CARRIER-9"},
    ],
)
def test_polling_asks_only_for_what_differs(world: World, change: dict[str, Any]) -> None:
    world.market.change(SHIPPED, **change)
    world.market.put(a.detail(number="n-new"))
    messages = poll(world)
    assert {message.body["posting"] for message in messages} == {SHIPPED, "n-new"}
    for message in messages:
        world.read(str(message.body["posting"]))
    assert poll(world) == []


def test_a_round_that_is_cut_short_has_asked_for_what_it_saw_by_then(world: World) -> None:
    for index in range(3):
        world.market.put(a.detail(number=f"n-new-{index}"))
    queue = RecordingQueue()
    world.market.fail("postings", Fault.UNAVAILABLE)
    with pytest.raises(MarketplaceUnavailableError):
        reconcile(a.SELLER, store=world.store, marketplace=world.market, queue=queue, clock=world.clock)
    assert [message.body["posting"] for message in queue.messages] == ["n-new-0", "n-new-1", "n-new-2"]


def test_an_empty_date_in_the_list_is_no_difference(world: World) -> None:
    world.market.change(SHIPPED, shipment_date=None)
    assert poll(world) == []


def test_polling_opens_new_returns_and_reads_open_ones(world: World) -> None:
    world.market.open_return(a.marketplace_return(id="5", posting_number=SHIPPED))
    poll(world)
    assert world.case("5").stage == "opened"
    world.market.change_return("5", state="X", actions=())
    world.clock.advance(timedelta(minutes=5))
    poll(world)
    assert world.case("5").stage == "closed"
    reads = world.market.calls["return_details"]
    poll(world)
    assert world.market.calls["return_details"] == reads


def test_polling_finds_a_cancel_whose_push_was_lost(world: World) -> None:
    world.market.cancel_by(SHIPPED, "client")
    (message,) = poll(world)
    assert world.read(str(message.body["posting"])).stage is Stage.CANCELLED
