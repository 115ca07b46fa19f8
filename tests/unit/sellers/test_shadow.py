"""Shadow mode: each decision that was not carried out is noted once, and the report tells what happened instead."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from shipby.application.intents import assemble
from shipby.application.ports.writes import NoteShadow
from shipby.application.sellers.shadow_report import shadow_report
from shipby.domain.deadlines.workflow import Command
from shipby.domain.errors import InvalidInputError
from shipby.domain.events import EventType, posting_ref
from shipby.domain.intents import IntentAction
from shipby.domain.sellers.settings import AssembleAt, Automation
from shipby.domain.shadow import ShadowDecision
from tests.support import builders as a
from tests.unit.world_support import World

FIRST, LAST = a.NOW.date(), a.NOW.date() + timedelta(days=30)


@pytest.fixture
def world() -> World:
    world = World()
    world.policy(auto_assemble=Automation.SHADOW, assemble_at=AssembleAt.WAVE)
    return world


def assembles(world: World, number: str = a.NUMBER) -> str:
    world.arrives(number)
    world.do(Command.CONFIRM, number)
    return assemble.assemble_posting(a.SELLER, number, store=world.store, clock=world.clock)


def report(world: World, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = shadow_report(a.SELLER, FIRST, LAST, store=world.store, **more)
    return found


def outcome(world: World) -> tuple[str, str | None]:
    (item,) = report(world)["items"]
    return item["then"]["outcome"], item["then"]["event"]


def test_an_assembly_that_was_only_watched_is_noted_with_its_policy_and_not_a_second_time(world: World) -> None:
    assert assembles(world) == "shadowed"
    assert assemble.assemble_posting(a.SELLER, a.NUMBER, store=world.store, clock=world.clock) == "shadowed"

    (item,) = report(world)["items"]

    told = world.history()[-1]
    assert told.event.type is EventType.AUTOMATION_SHADOWED
    assert item["id"] == told.id
    assert (item["action"], item["would"]) == ("ship", "assemble it at the marketplace")
    assert item["policy_version"] == told.event.data["policy"] == 2
    assert item["then"]["outcome"] == "nothing_yet"


def test_a_posting_that_would_have_been_given_up_is_noted_in_the_same_transaction(world: World) -> None:
    world.policy(auto_cancel=Automation.SHADOW)
    world.arrives(actions=("cancel", "ship"))
    while world.alarm_of(posting_ref(a.NUMBER)) is not None and EventType.POSTING_GIVE_UP_SHADOWED not in world.types():
        world.ring_next()

    (item,) = (each for each in report(world)["items"] if each["action"] == "cancel")

    told = next(each for each in world.history() if each.event.type is EventType.POSTING_GIVE_UP_SHADOWED)
    assert item["id"] == told.id
    assert item["would"] == "expire and cancel it"
    assert item["data"]["rung"] == "give_up_at"


def test_a_person_who_did_the_same_is_told(world: World) -> None:
    assembles(world)
    world.clock.advance(timedelta(minutes=5))
    world.settle(world.ask(IntentAction.SHIP))
    world.read()

    assert outcome(world) == ("person_same", "intent.created")


def test_a_person_who_cancelled_instead_decided_otherwise(world: World) -> None:
    assembles(world)
    world.ask(IntentAction.CANCEL)

    assert outcome(world) == ("person_otherwise", "intent.created")


def test_what_was_done_in_the_cabinet_is_told_as_the_marketplaces_doing(world: World) -> None:
    assembles(world)
    world.clock.advance(timedelta(minutes=5))
    world.market.change(a.NUMBER, status="awaiting_deliver", actions=("cancel",))
    world.read()

    assert outcome(world) == ("marketplace", "posting.assembled")


def test_what_the_machine_did_once_it_was_switched_on_is_told_as_automation(world: World) -> None:
    assembles(world)
    world.ask(IntentAction.SHIP, actor="system:label_generation", automatic=True)

    assert outcome(world) == ("automation", "intent.created")


def decision(number: int, at_day: int = 0, **changes: Any) -> NoteShadow:
    at = a.NOW + timedelta(days=at_day, seconds=number)
    base = ShadowDecision(
        seller=a.SELLER,
        id=f"POSTING/p-{number}/2/0",
        at=at,
        ref=posting_ref(f"p-{number}"),
        posting_number=f"p-{number}",
        action="cancel",
        would="cancel it",
        reason="the buyer does not want it any more",
        policy_version=3,
    )
    return NoteShadow(replace(base, **changes))


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6, 50])
def test_pages_hold_every_decision_once_in_order_over_days(world: World, limit: int) -> None:
    world.store.commit([decision(number, at_day=number // 3 * 4) for number in range(6)])
    found, cursor, pages = [], None, 0
    while cursor is not None or pages == 0:
        page = report(world, limit=limit, cursor=cursor)
        assert len(page["items"]) <= limit
        assert (page["total"], page["by_action"]) == (6, {"cancel": 6})
        found += [item["posting_number"] for item in page["items"]]
        cursor, pages = page["next_cursor"], pages + 1

    assert found == [f"p-{number}" for number in range(6)]


def test_money_is_told_where_the_decision_is_about_an_amount(world: World) -> None:
    amount = {"amount": "12.50", "currency": "RUB"}
    world.store.commit([decision(1, data={"amount": amount}), decision(2)])

    assert [item["money"] for item in report(world)["items"]] == [amount, None]


@pytest.mark.parametrize("cursor", ["x", "2026-01-01.", "2999-01-01.abc", f"{FIRST}.abc"])
def test_a_cursor_of_another_report_is_refused(world: World, cursor: str) -> None:
    with pytest.raises(InvalidInputError, match="cursor"):
        report(world, cursor=cursor)


@pytest.mark.parametrize(("first", "last"), [(FIRST, FIRST + timedelta(days=31)), (LAST, FIRST), (date.min, date.max)])
def test_a_period_is_one_to_31_days(world: World, first: date, last: date) -> None:
    with pytest.raises(InvalidInputError, match="1 to 31 days"):
        shadow_report(a.SELLER, first, last, store=world.store)
