"""The poll as the backstop of lost pushes: all that the lists carry, and what no list shows any more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from shipby.application.intake.sync_posting import sync_posting
from shipby.application.polling import slow_lane
from shipby.application.polling.list_memory import VERIFY_ENDED, VERIFY_EVERY, ListMemory
from shipby.application.polling.reconcile import LOOK_BACK, READ_AGAIN, ask_for_changed, reconcile
from shipby.application.ports.pages import Page
from shipby.domain.errors import MarketplaceUnavailableError
from shipby.domain.postings.posting import Cancellation, MarketplacePosting, Posting, Stage
from tests.support import builders as a
from tests.support.fakes import RecordingQueue
from tests.unit.world_support import World

GONE = Cancellation(reason_id=402, reason="x", type="client", after_ship=False, affects_rating=False)


def shop() -> World:
    world = World()
    world.arrives(
        lines=(a.line(quantity=2),),
        without_delay=a.CUT_OFF + timedelta(days=1),
        delivery_by=a.NOW + timedelta(days=5),
    )
    world.clock.advance(timedelta(minutes=5))
    return world


def lists_show(world: World, look: Callable[[MarketplacePosting], MarketplacePosting | None]) -> None:
    """From now on the lists show this of each posting (None: they do not show it); its own read stays as it is."""
    real = world.market.postings

    def listed(**asked: Any) -> Page[MarketplacePosting]:
        shown = (look(facts) for facts in real(since=a.NOW - timedelta(days=99), to=a.NOW + timedelta(days=99)).items)
        return Page(tuple(facts for facts in shown if facts is not None), None)

    world.market.postings = listed  # type: ignore[method-assign]  # a double of the test
    world.market.unfulfilled = listed  # type: ignore[method-assign]  # a double of the test


def poll(world: World, memory: ListMemory | None = None) -> list[str]:
    queue = RecordingQueue()
    reconcile(a.SELLER, store=world.store, marketplace=world.market, queue=queue, clock=world.clock, memory=memory)
    return [str(message.body["posting"]) for message in queue.messages]


@pytest.mark.parametrize(
    "change",
    [
        {"lines": (a.line(quantity=1),)},
        {"lines": (a.line(sku="7", quantity=2),)},
        {"without_delay": a.CUT_OFF + timedelta(hours=1)},
        {"delivery_by": a.NOW + timedelta(days=9)},
        {"delivering_date": a.NOW + timedelta(minutes=1)},
        {"actions": ("can_create_chat",)},
        {"cancellation": GONE},
        {"requirements": {"products_requiring_gtd": ("149123456",), "products_requiring_imei": ("149123456",)}},
        {"optional_marks": ("149123456",)},
        {"warehouse_id": "5"},
        {"barcodes": ("%101%806044519", "23024930500001")},
        {"tariff_steps": a.detail().tariff_steps[1:]},
        {"tariff_steps": tuple(replace(one, charge=a.rub("77.00")) for one in a.detail().tariff_steps)},
        {"parent_number": "24219509-0020-9"},
        {"related_numbers": ("24219509-0020-9",)},
        {"delivery_schema": "Crossborder"},
        {"lines": (a.line(quantity=2, price=a.rub("1.23")),)},
        {"lines": (a.line(quantity=2, offer_id="renamed"),)},
        {"in_process_at": a.NOW - timedelta(minutes=3)},
        {"integration": "aggregator"},
        {"flow": "hybrid_aggregator"},
        {"legal": True},
        {"traceable": True},
        {"code_verified_at": a.NOW},
        {"scanit": "SCN000000000009"},
        {"order_number": "24219509-0021"},
    ],
    ids=[
        "fewer pieces",
        "other goods",
        "an earlier date",
        "delivery moved",
        "handed over",
        "offers",
        "a cancellation",
        "duties",
        "marks",
        "another warehouse",
        "another label",
        "a step of the tariff less",
        "a dearer tariff",
        "a parent",
        "parts",
        "another scheme",
        "another price",
        "another article",
        "another beginning",
        "another integration",
        "another flow",
        "a legal entity",
        "traced goods",
        "the courier's code",
        "a ScanIt code",
        "another order",
    ],
)
def test_whatever_a_list_shows_is_read_and_then_known(change: dict[str, Any]) -> None:
    world, memory = shop(), ListMemory()
    assert poll(world, memory) == []
    world.market.change(a.NUMBER, **change)
    assert poll(world, memory) == [a.NUMBER]
    world.read()
    assert poll(world, memory) == []


def test_what_only_the_lists_tell_is_brought_by_the_message_and_then_known() -> None:
    world, memory, queue = shop(), ListMemory(), RecordingQueue()
    lists_show(world, lambda facts: replace(facts, delivery_schema="Crossborder"))
    reconcile(a.SELLER, store=world.store, marketplace=world.market, queue=queue, clock=world.clock, memory=memory)
    (message,) = queue.messages
    assert message.body["delivery_schema"] == "Crossborder"
    world.clock.advance(timedelta(minutes=1))
    read = partial(sync_posting, a.SELLER, a.NUMBER, hinted_at=None, schema="Crossborder")
    assert read(store=world.store, marketplace=world.market, clock=world.clock).outcome == "changed"
    assert poll(world, memory) == []
    assert poll(world) == [], "nor does a process that remembers nothing ask for it"


@pytest.mark.parametrize(
    "empty",
    [
        {"lines": ()},
        {"without_delay": None},
        {"actions": ()},
        {"cancellation": None},
        {"tariff_steps": ()},
        {"related_numbers": ()},
        {"lines": (a.line(quantity=2, price=None),)},
        {"in_process_at": None},
        {"flow": ""},
    ],
)
def test_what_a_list_leaves_out_is_no_difference(empty: dict[str, Any]) -> None:
    world = shop()
    lists_show(world, lambda facts: replace(facts, **empty))
    assert poll(world) == []


def test_a_list_that_never_agrees_with_the_postings_own_read_has_it_read_once_and_not_at_every_visit() -> None:
    world, memory = shop(), ListMemory()
    lists_show(world, lambda facts: replace(facts, actions=("only-in-lists",)))
    assert poll(world, memory) == [a.NUMBER]
    assert poll(world, memory) == [a.NUMBER], "asked again until it was read"
    world.clock.advance(timedelta(minutes=5))
    world.read()
    for _ in range(3):
        world.clock.advance(timedelta(minutes=5))
        assert poll(world, memory) == []
    world.clock.advance(VERIFY_EVERY)
    assert poll(world, memory) == [a.NUMBER]
    world.clock.advance(timedelta(minutes=5))
    world.read()
    assert [poll(world, memory) for _ in range(3)] == [[], [], []]


@pytest.mark.parametrize(
    ("status", "until"),
    [("awaiting_packaging", VERIFY_EVERY), ("delivering", VERIFY_EVERY), ("delivered", VERIFY_ENDED)],
)
def test_what_has_ended_is_held_against_the_store_once_a_day_and_all_else_oftener(
    status: str, until: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, memory = shop(), ListMemory()
    world.market.change(a.NUMBER, status=status)
    world.read()
    poll(world, memory)
    monkeypatch.setattr(slow_lane, "_STAGES", ())
    read: list[str] = []
    real = world.store.posting

    def posting(seller: str, number: str) -> Posting | None:
        read.append(number)
        return real(seller, number)

    monkeypatch.setattr(world.store, "posting", posting)
    world.clock.advance(until - timedelta(minutes=1))
    poll(world, memory)
    assert read == []
    world.clock.advance(timedelta(minutes=1))
    poll(world, memory)
    assert read == [a.NUMBER]


def test_what_matched_is_not_read_from_the_store_again_until_it_is_time(monkeypatch: pytest.MonkeyPatch) -> None:
    world, memory = shop(), ListMemory()
    monkeypatch.setattr(slow_lane, "_STAGES", ())
    read: list[str] = []
    real = world.store.posting

    def counted(seller: str, number: str) -> Posting | None:
        read.append(number)
        return real(seller, number)

    monkeypatch.setattr(world.store, "posting", counted)
    for _ in range(5):
        assert poll(world, memory) == []
    assert len(read) == 1
    world.clock.advance(VERIFY_EVERY)
    poll(world, memory)
    assert len(read) == 2
    poll(world)
    assert len(read) == 3, "another process knows nothing"


def test_memory_keeps_no_posting_from_its_half_daily_read() -> None:
    world, memory = shop(), ListMemory()
    asked = []
    while world.clock.now() <= a.NOW + READ_AGAIN:
        asked += poll(world, memory)
        world.clock.advance(timedelta(hours=1))
    assert asked == []
    assert poll(world, memory) == [a.NUMBER]


def on_its_way() -> World:
    """Handed over, and beyond the window of the lists."""
    world = World()
    world.arrives(actions=("cancel", "label_download"), status="awaiting_deliver")
    world.market.change(a.NUMBER, status="delivering", delivering_date=a.NOW, actions=())
    world.read()
    lists_show(world, lambda _: None)
    world.clock.advance(timedelta(days=20))
    return world


def test_what_no_list_shows_any_more_is_read_again_once_a_day_until_it_ends() -> None:
    world = on_its_way()
    assert poll(world) == [a.NUMBER]
    assert poll(world) == [], "the walk of this day is over"
    world.clock.advance(timedelta(days=1))
    assert poll(world) == [a.NUMBER]
    world.market.change(a.NUMBER, status="delivered", delivered_at=world.clock.now())
    world.read()
    assert world.posting().stage is Stage.DELIVERED
    world.clock.advance(timedelta(hours=12))
    assert poll(world) == []


def test_the_walk_goes_on_at_the_next_visit_where_a_visit_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_lane, "A_VISIT", 2)
    world = on_its_way()
    visits = [poll(world) for _ in range(40)]
    assert [asked for asked in visits if asked] == [[a.NUMBER]]
    assert (world.store.report(a.SELLER, slow_lane.REPORT, world.clock.now().date()) or {})["done"] is True


def test_a_walk_that_a_day_did_not_end_goes_on_where_it_stood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_lane, "A_VISIT", 1)
    world = on_its_way()
    asked = []
    for _ in range(20):  # one visit a day: begun anew each day it would never come as far
        asked += poll(world)
        world.clock.advance(timedelta(days=1))
    assert a.NUMBER in asked


def test_a_list_that_never_works_is_not_the_last_that_anybody_hears_of_an_open_posting() -> None:
    world = on_its_way()
    queue = RecordingQueue()

    def away(**_: Any) -> Page[MarketplacePosting]:
        raise MarketplaceUnavailableError("away")

    world.market.unfulfilled = away  # type: ignore[method-assign]  # a double of the test
    with pytest.raises(MarketplaceUnavailableError):
        reconcile(a.SELLER, store=world.store, marketplace=world.market, queue=queue, clock=world.clock)
    assert [message.body["posting"] for message in queue.messages] == [a.NUMBER]


@pytest.mark.parametrize("days", [15, 20, 40, 300])
def test_a_posting_on_its_way_for_weeks_is_read_as_soon_as_its_status_changes(days: int) -> None:
    world = World()
    for number in ("n-1", "n-2", "n-3"):
        world.arrives(number, status="delivering", actions=())
    world.clock.advance(timedelta(days=days))
    for number in ("n-1", "n-2", "n-3"):
        world.read(number)
    since = world.clock.now() - timedelta(hours=1)
    assert poll_changed(world, since) == []
    world.market.change("n-2", status="delivered", delivered_at=world.clock.now())
    world.market.change("n-3", status="cancelled")
    assert poll_changed(world, since) == ["n-2", "n-3"]
    world.clock.advance(timedelta(minutes=5))
    for number in ("n-2", "n-3"):
        world.read(number)
    assert poll_changed(world, since) == []


def poll_changed(world: World, since: datetime) -> list[str]:
    queue = RecordingQueue()
    asked = ask_for_changed(
        a.SELLER,
        since,
        store=world.store,
        marketplace=world.market,
        queue=queue,
        clock=world.clock,
        look_back=LOOK_BACK,
        memory=ListMemory(),
    )
    assert asked == len(queue.messages)
    return [str(message.body["posting"]) for message in queue.messages]


@pytest.mark.parametrize(
    ("status", "stage"),
    [
        ("awaiting_packaging", Stage.RECEIVED),
        ("awaiting_deliver", Stage.RECEIVED),
        ("delivering", Stage.IN_TRANSIT),
        ("driver_pickup", Stage.IN_TRANSIT),
        ("arbitration", Stage.BLOCKED),
        ("client_arbitration", Stage.BLOCKED),
        ("not_accepted", Stage.BLOCKED),
        ("delivered", Stage.DELIVERED),
    ],
)
@pytest.mark.parametrize("days", [15, 25, 100])
def test_whatever_is_open_and_unlisted_is_read_again_whatever_its_age(status: str, stage: Stage, days: int) -> None:
    world = World()
    world.arrives(status=status)
    assert world.posting().stage is stage
    lists_show(world, lambda _: None)
    world.clock.advance(timedelta(days=days))
    assert poll(world) == [a.NUMBER]
