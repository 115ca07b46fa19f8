"""The buyer is written to about what stops the order, or about its change: once, where it is lawful."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shipby.application.notices.tell_buyer import tell_buyer_of
from shipby.domain.deadlines.workflow import Command
from shipby.domain.errors import NotFoundError
from shipby.domain.events import EventType
from shipby.domain.sellers.check_rules import Check, CheckRule, Severity
from shipby.domain.sellers.settings import Automation
from tests.support import builders as a
from tests.unit.world_support import World

ODD = CheckRule(name="few", check=Check.QUANTITY, most=1, severity=Severity.BLOCKING, ask_buyer=True)
CHAT = ("can_create_chat", "cancel", "ship")


class One:
    """Every seller's marketplace is the world's."""

    def __init__(self, world: World) -> None:
        self._world = world

    def of(self, seller: str) -> Any:
        return self._world.market


def asked(**policy: Any) -> World:
    world = World()
    world.policy(**{"auto_ask_buyer": Automation.ON, "check_rules": (ODD,), **policy})
    world.arrives(actions=CHAT)
    return world


def tell(world: World) -> str:
    due = next(each for each in world.history() if each.event.type is EventType.BUYER_TELL_DUE)
    return tell_buyer_of(a.SELLER, a.NUMBER, due.version, store=world.store, marketplaces=One(world), clock=world.clock)


def letters(world: World) -> list[str]:
    return [text for _, text in world.market.books.chats]


def test_the_buyer_is_asked_once_about_what_does_not_fit() -> None:
    world = asked()
    assert (tell(world), tell(world)) == ("told", "repeated")
    [text] = letters(world)
    assert a.NUMBER in text
    assert "необычное количество" in text
    assert EventType.NOTICE_SENT in world.types()
    # That is no question whether it is still wanted: it may be asked that once it is late.
    assert EventType.BUYER_ASKED not in world.types()


@pytest.mark.parametrize("end", ["cured", "gone"])
def test_nobody_is_asked_about_what_fits_by_now_or_is_over(end: str) -> None:
    world = asked()
    world.clock.advance(timedelta(minutes=1))
    if end == "cured":
        world.market.change(a.NUMBER, lines=(a.line(quantity=1),))
    else:
        world.market.cancel_by(a.NUMBER, "client")
    world.read()
    assert (tell(world), letters(world)) == ("gone", [])


def test_where_no_chat_is_offered_any_more_nothing_is_sent_and_people_hear_of_it() -> None:
    world = asked()
    world.market.change(a.NUMBER, actions=("ship",))
    assert (tell(world), letters(world)) == ("undeliverable", [])
    assert EventType.NOTICE_UNDELIVERABLE in world.types()


@pytest.mark.parametrize("policy", [{"kill_switch": True}, {"caps": {"ask_buyer": 0}}])
def test_kill_switch_and_cap_are_held_against_the_letter_itself(policy: dict[str, Any]) -> None:
    world = asked()
    world.policy(**policy)
    assert (tell(world), letters(world)) == ("undeliverable", [])
    assert world.store.cases_in(a.SELLER).items != ()


def test_the_buyer_hears_of_a_change_while_the_order_is_worked_on() -> None:
    world = World()
    world.policy(tell_amended=Automation.ON)
    world.arrives(actions=CHAT)
    world.do(Command.CONFIRM)
    world.clock.advance(timedelta(minutes=1))
    world.market.change(a.NUMBER, lines=(replace(a.line(), quantity=3),))
    world.read()
    assert (tell(world), tell(world)) == ("told", "repeated")
    assert "изменился" in letters(world)[0]


def test_a_letter_that_nobody_asked_for_is_not_found() -> None:
    world = World()
    world.arrives()
    with pytest.raises(NotFoundError, match="version 1"):
        tell_buyer_of(a.SELLER, a.NUMBER, 1, store=world.store, marketplaces=One(world), clock=world.clock)
