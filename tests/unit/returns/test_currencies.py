"""Amounts of two currencies are never compared, added up or mistaken for each other, wherever a return is priced."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shipby.application.cases.held import held_case
from shipby.application.returns.automatic import decide_by_itself
from shipby.application.returns.policies import options_of
from shipby.application.returns.refund_money import full_amount
from shipby.domain.cases.held import Wait
from shipby.domain.errors import InvalidInputError
from shipby.domain.events import return_ref
from shipby.domain.intents import IntentAction, IntentState
from shipby.domain.money import Money
from shipby.domain.postings.posting import Scheme
from shipby.domain.returns.options import Need, OptionKind, Surroundings, return_options
from shipby.domain.returns.policy import ReturnPolicy
from shipby.domain.sellers.settings import Automation
from tests.support import builders as a
from tests.support.fake_marketplace import FULL_REFUND
from tests.unit.world_support import World

RFBS: dict[str, Any] = {"scheme": Scheme.RFBS, "integration": "non_integrated", "tariff_steps": ()}


def yuan(amount: str) -> Money:
    return Money.parse(amount, "CNY")


def shop(*prices: tuple[str, int], quantity: int = 1) -> World:
    """A CNY seller; the return says roubles."""
    world = World()
    lines = tuple(a.line(price=yuan(price), quantity=count) for price, count in prices)
    world.arrives(status="delivered", actions=(), delivered_at=a.NOW, lines=lines, **RFBS)
    world.return_opens(quantity=quantity, price=a.rub("1390"))
    return world


def test_all_pieces_of_lines_with_two_prices_cost_what_they_cost_together() -> None:
    world = shop(("118.90", 1), ("90.00", 2), quantity=3)
    assert full_amount(world.case(), world.store.detail(a.SELLER, a.NUMBER)) == yuan("298.90")
    identifier = world.decide()
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    assert (world.ledger().currency, world.ledger().refunded) == ("CNY", 29_890)


def test_some_of_them_cost_what_a_person_says_of_what_they_may_have_cost() -> None:
    world = shop(("118.90", 1), ("90.00", 1))
    with pytest.raises(InvalidInputError, match=r"90\.00 CNY, 118\.90 CNY"):
        world.decide()
    for wrong in (yuan("100.00"), a.rub("90.00"), a.rub("1390")):
        with pytest.raises(InvalidInputError):
            world.decide(amount=wrong)
    assert world.ledger().reserved == 0
    world.settle(world.decide(amount=yuan("118.90")))
    assert world.ledger().refunded == 11_890


def test_two_pieces_come_back_although_the_return_names_none_and_a_person_says_what_they_cost() -> None:
    world = shop(("118.90", 3))
    for wrong in (yuan("200.00"), yuan("475.60"), a.rub("237.80")):
        with pytest.raises(InvalidInputError):
            world.decide(amount=wrong)
    world.settle(world.decide(amount=yuan("237.80")))
    assert world.ledger().refunded == 23_780
    again = shop(("118.90", 3))
    again.settle(again.decide(amount=a.rub("1390")))
    assert again.ledger().refunded == 11_890, "the price as the cabinet shows it names the piece it is of"


def test_the_options_ask_for_the_amount_and_compare_nothing() -> None:
    world = shop(("118.90", 1), ("90.00", 1))
    settings = world.store.settings(a.SELLER)
    assert settings is not None
    found = options_of(world.case(), settings, store=world.store)
    assert found.option(OptionKind.COMPENSATE).suggested_amount is None


@pytest.mark.parametrize(
    ("full", "below", "kept"),
    [(yuan("118.90"), 12_000, True), (yuan("118.90"), 11_000, False), (yuan("237.80"), 12_000, True)],
)
def test_the_policys_amount_is_held_against_what_was_paid_not_against_the_cabinets_roubles(
    full: Money, below: int, kept: bool
) -> None:
    pieces = full.minor // 11_890
    case = a.return_case(price=a.rub("1390"), quantity=pieces)
    policy = ReturnPolicy(product_type="*", keep_goods_below=below)
    told = return_options(case, Surroundings(policy=policy, full=full, left=full))
    assert ("not worth their way back" in told.reason) is kept


def test_roubles_that_nobody_can_hold_against_yuan_keep_no_goods_with_the_buyer() -> None:
    case = a.return_case(price=a.rub("1.00"), quantity=1)
    policy = ReturnPolicy(product_type="*", keep_goods_below=10_000)
    beside = Surroundings(policy=policy, full=a.rub("1.00"), left=yuan("208.90"))
    assert "not worth their way back" not in return_options(case, beside).reason


def test_a_machine_gives_nothing_back_whose_price_it_cannot_tell() -> None:
    world = shop(("118.90", 1), ("90.00", 1))
    never = ReturnPolicy(product_type="*", inspect=False)
    world.policy(auto_return=Automation.ON, return_policies=(never,))
    case = world.case()
    named = replace(world.market.return_book[a.RETURN_ID].actions[0], id=FULL_REFUND, name="Вернуть деньги")
    world.market.change_return(a.RETURN_ID, actions=(named,))
    world.clock.advance(timedelta(minutes=1))
    case = world.read_return()
    refund = options_of(case, world.policy(), store=world.store).option(OptionKind.REFUND_WITHOUT_RETURN)
    assert Need.AMOUNT in refund.needs
    decide_by_itself(a.SELLER, a.RETURN_ID, store=world.store, clock=world.clock)
    held = held_case(world.store, a.SELLER, return_ref(a.RETURN_ID), IntentAction.RETURN_ACTION)
    assert held is not None
    assert held.held is not None
    assert held.held.waits_for is Wait.PERSON
    assert world.ledger().reserved == 0
