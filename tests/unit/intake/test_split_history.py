"""The history of a part of a split order begins with what happened to its goods before."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from shipby.application.postings.queries import posting_events
from shipby.domain.deadlines.workflow import Command
from tests.support import builders as a
from tests.unit.world_support import World

ROOT, PART, AGAIN = a.NUMBER, "24219509-0020-3", "24219509-0020-4"
TEA = a.line(sku="1", quantity=1, price=a.rub("100.00"))
CUPS = a.line(sku="2", quantity=2, price=a.rub("30.00"))
CUP = a.line(sku="2", quantity=1, price=a.rub("30.00"))
ENDED = {"status": "cancelled_from_split_pending", "substatus": "posting_split_pending", "actions": ()}
OPEN: dict[str, Any] = {"requirements": {}, "actions": ("cancel", "ship")}


def told(world: World, number: str, after_version: int = 0) -> list[tuple[str, str]]:
    items = posting_events(a.SELLER, number, after_version=after_version, store=world.store)["items"]
    assert isinstance(items, list)
    return [(str(item["posting_number"]), str(item["type"])) for item in items if isinstance(item, dict)]


@pytest.fixture
def world() -> World:
    world = World()
    world.arrives(lines=(TEA, CUPS))
    world.do(Command.CONFIRM)
    world.clock.advance(timedelta(minutes=1))
    return world


def split(world: World, *, whole: bool) -> None:
    kept = ENDED if whole else {"lines": (TEA,)}
    world.market.change(ROOT, related_numbers=(PART,), **kept)
    world.market.put(a.detail(number=PART, lines=(TEA, CUPS) if whole else (CUPS,), parent_number=ROOT, **OPEN))
    for number in (ROOT, PART):
        world.read(number)
        world.clock.advance(timedelta(minutes=1))


def test_all_of_a_posting_that_the_split_ended_until_then_and_its_own_after_it(world: World) -> None:
    split(world, whole=True)
    world.do(Command.PICK, PART)
    assert told(world, PART) == [
        (ROOT, "posting.received"),
        (ROOT, "posting.confirmed"),
        (ROOT, "posting.split"),
        (PART, "posting.received"),
        (PART, "posting.picked"),
    ]
    assert told(world, ROOT) == [(ROOT, "posting.received"), (ROOT, "posting.confirmed"), (ROOT, "posting.split")]


def test_what_becomes_of_the_rest_later_is_not_the_parts_history(world: World) -> None:
    split(world, whole=False)
    before = told(world, PART)
    world.do(Command.PICK, ROOT)
    world.market.cancel_by(ROOT, "client")
    world.read(ROOT)
    assert told(world, PART) == before, "stable, whatever comes later"
    assert (ROOT, "posting.confirmed") in before


def test_a_part_of_a_part_has_the_history_of_both(world: World) -> None:
    split(world, whole=False)
    world.do(Command.PICK, PART)
    world.clock.advance(timedelta(minutes=1))
    world.market.change(PART, related_numbers=(AGAIN,), lines=(CUP,))
    world.market.put(a.detail(number=AGAIN, lines=(CUP,), parent_number=PART, **OPEN))
    world.read(AGAIN)
    found = told(world, AGAIN)
    assert [number for number, _ in found] == sorted((number for number, _ in found), key=(ROOT, PART, AGAIN).index)
    assert {(ROOT, "posting.confirmed"), (PART, "posting.picked"), (AGAIN, "posting.received")} <= {*found}


def test_who_knows_the_list_already_gets_only_what_is_new(world: World) -> None:
    split(world, whole=True)
    version = world.posting(PART).version
    world.do(Command.PICK, PART)
    assert told(world, PART, after_version=version) == [(PART, "posting.picked")]


def test_a_parent_that_nobody_has_read_or_that_names_itself_is_no_trouble(world: World) -> None:
    world.market.put(a.detail(number=PART, lines=(CUPS,), parent_number="24219509-0020-8", **OPEN))
    world.market.put(a.detail(number=AGAIN, lines=(CUP,), parent_number=AGAIN, **OPEN))
    for number in (PART, AGAIN):
        world.read(number)
        assert {of for of, _ in told(world, number)} == {number}


def test_a_posting_that_no_split_made_costs_no_read_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: Counter[str] = Counter()
    for name in ("posting", "events"):
        real = getattr(world.store, name)

        def counted(*given: Any, name: str = name, real: Any = real, **named: Any) -> Any:
            reads[name] += 1
            return real(*given, **named)

        monkeypatch.setattr(world.store, name, counted)
    told(world, ROOT)
    assert reads == {"posting": 1, "events": 1}
