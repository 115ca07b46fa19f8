"""How much a decision on a return may give back, for what, beside which postage, and when not at all."""

from datetime import timedelta
from typing import Any

import pytest

from shipby.application.returns.refund_money import ReturnDecision
from shipby.domain.errors import ActionNotOfferedError, CapReachedError, InvalidInputError, OverRefundError, ShipbyError
from shipby.domain.intents import IntentState, request_hash
from shipby.domain.money import Money
from shipby.domain.postings.posting import Scheme
from shipby.domain.refunds.ledger import CostBorneBy, EntryKind, EntryState, ExecutedBy, postage_key
from shipby.domain.returns.return_case import COMPENSATE_ACTION
from tests.support import builders as a
from tests.support.fake_marketplace import ASK_GOODS, FULL_REFUND, Fault
from tests.unit.world_support import World, money

SKU = "149123456"


@pytest.fixture
def world() -> World:
    world = World()
    world.arrives(status="delivered", actions=(), scheme=Scheme.RFBS, integration="non_integrated")
    world.return_opens(quantity=2)
    return world


def test_an_intent_keeps_its_hash_its_policy_its_lines_and_who_asked(world: World) -> None:
    world.policy(approve_above={})
    intent = world.intent(world.decide(reason="broken"))
    assert intent.request_hash == request_hash(intent.request)
    assert not intent.tampered
    assert (intent.policy_version, intent.actor, intent.reason) == (2, "key:k1", "broken")
    assert intent.lines == {SKU: 25_000}
    entry = world.ledger().entries[intent.id]
    assert (entry.kind, entry.rule, entry.at) == (EntryKind.REFUND, "rfbs.refund.own_carrier", a.NOW)
    assert (entry.executed_by, entry.cost_borne_by) == (ExecutedBy.SELLER, CostBorneBy.SELLER)


def test_pieces_price_a_compensation_and_are_booked_on_their_line(world: World) -> None:
    identifier = world.decide(COMPENSATE_ACTION, pieces={SKU: 1})
    assert world.intent(identifier).amount == money(12_500)
    assert world.intent(identifier).lines == {SKU: 12_500}
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    assert world.market.books.paid_back[a.RETURN_ID] == [12_500]
    assert world.ledger().lines[SKU].refunded == 12_500
    assert world.ledger().entries[identifier].kind is EntryKind.COMPENSATION


def test_a_part_of_the_price_of_some_pieces_is_booked_on_their_line(world: World) -> None:
    identifier = world.decide(COMPENSATE_ACTION, pieces={SKU: 1}, amount=money(4_999))
    assert world.intent(identifier).lines == {SKU: 4_999}


def test_the_kopecks_that_the_return_leaves_out_come_from_the_postings_own_line() -> None:
    world = World()
    world.arrives(status="delivered", actions=(), lines=(a.line(quantity=3, price=a.rub("66.67")),))
    world.return_opens(quantity=1, price=a.rub("200"))
    assert world.intent(world.decide()).amount == money(20_001)


def test_postage_is_paid_beside_the_price(world: World) -> None:
    identifier = world.decide(postage=money(30_000))
    assert (world.ledger().available, world.ledger().postage_reserved) == (0, 30_000)
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    assert world.market.books.postage[a.RETURN_ID] == [30_000]
    ledger = world.ledger()
    assert (ledger.refunded, ledger.postage, ledger.postage_reserved) == (25_000, 30_000, 0)
    assert ledger.entries[postage_key(identifier)].rule == "rfbs.postage"
    assert not {"money", "intent_missing"} & world.red()


def test_a_refused_refund_gives_its_postage_free_too(world: World) -> None:
    identifier = world.decide(postage=money(30_000))
    world.market.fail("act_on_return", Fault.REFUSE)
    assert world.settle(identifier).intent.state is IntentState.REJECTED
    assert (world.ledger().postage_reserved, world.ledger().postage) == (0, 0)
    assert world.ledger().entries[postage_key(identifier)].state is EntryState.RELEASED


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"action_id": COMPENSATE_ACTION, "amount": money(0)}, "amount"),
        ({"action_id": COMPENSATE_ACTION, "amount": money(-5)}, "amount"),
        ({"action_id": COMPENSATE_ACTION, "amount": Money(500, "CNY")}, "amount/currency"),
        ({"action_id": COMPENSATE_ACTION}, "amount"),
        ({"action_id": COMPENSATE_ACTION, "pieces": {SKU: 3}}, f"pieces/{SKU}"),
        ({"action_id": COMPENSATE_ACTION, "pieces": {SKU: 0}}, f"pieces/{SKU}"),
        ({"action_id": COMPENSATE_ACTION, "pieces": {"1": 1}}, "pieces/1"),
        ({"action_id": COMPENSATE_ACTION, "pieces": {SKU: 1}, "amount": money(12_501)}, "amount"),
        ({"pieces": {SKU: 1}}, "pieces"),
        ({"amount": money(24_999)}, "amount"),
        ({"postage": money(100_001)}, "postage"),
        ({"postage": money(0)}, "postage"),
        ({"postage": money(-1)}, "postage"),
        ({"postage": Money(100, "CNY")}, "postage"),
        ({"action_id": ASK_GOODS, "refund": False, "postage": money(100)}, "postage"),
        ({"action_id": ASK_GOODS, "refund": False, "pieces": {SKU: 1}}, "pieces"),
    ],
)
def test_a_wrong_amount_names_its_field_and_changes_nothing(world: World, wrong: dict[str, Any], field: str) -> None:
    before = (world.case(), world.ledger())
    with pytest.raises(InvalidInputError) as caught:
        world.decide(**{"action_id": FULL_REFUND, **wrong})
    assert [name for name, _ in caught.value.errors] == [field]
    assert (world.case(), world.ledger()) == before
    assert world.market.calls["act_on_return"] == 0


@pytest.mark.parametrize("minor", [25_001, 10**15])
def test_more_than_was_paid_is_refused_whole(world: World, minor: int) -> None:
    before = (world.case(), world.ledger())
    with pytest.raises(OverRefundError):
        world.decide(COMPENSATE_ACTION, amount=money(minor), postage=money(100))
    assert (world.case(), world.ledger()) == before


# A cancelled posting ---------------------------------------------------------------------------------------------


@pytest.fixture
def under_way() -> World:
    """A return of a posting that was not delivered yet: a refusal at the door."""
    world = World()
    world.arrives(status="delivering", actions=(), scheme=Scheme.RFBS, integration="non_integrated")
    world.return_opens(quantity=2)
    return world


def test_for_a_cancelled_posting_no_money_is_decided(under_way: World) -> None:
    world = under_way
    world.market.cancel_by(a.NUMBER, "client")
    world.read()
    with pytest.raises(ActionNotOfferedError, match="pays the buyer back by itself"):
        world.decide(COMPENSATE_ACTION, amount=money(1))
    world.decide(ASK_GOODS, refund=False)


def test_a_posting_cancelled_meanwhile_is_never_paid_for_by_our_call(under_way: World) -> None:
    world = under_way
    identifier = world.decide(COMPENSATE_ACTION, amount=money(5_000))
    world.market.cancel_by(a.NUMBER, "ozon")
    settled = world.settle(identifier)
    assert (settled.called, settled.intent.state) == (False, IntentState.REJECTED)
    assert world.market.calls["act_on_return"] == 0
    assert "pays the buyer back by itself" in settled.intent.outcome
    ledger = world.ledger()
    assert (ledger.refunded, ledger.reserved) == (25_000, 0)
    paid = [entry for entry in ledger.entries.values() if entry.state is EntryState.REFUNDED]
    assert {(entry.executed_by, entry.rule) for entry in paid} == {(ExecutedBy.MARKETPLACE, "cancel.marketplace")}
    assert sum(entry.minor for entry in paid) == 25_000
    assert not {"money", "intent_missing"} & world.red()


def test_what_was_set_aside_whole_when_it_was_cancelled_is_the_marketplaces_refund_too(under_way: World) -> None:
    world = under_way
    identifier = world.decide()
    world.market.cancel_by(a.NUMBER, "client")
    world.read()
    assert (world.ledger().reserved, world.ledger().refunded) == (25_000, 0)
    assert world.settle(identifier).intent.state is IntentState.REJECTED
    assert (world.ledger().reserved, world.ledger().refunded) == (0, 25_000)
    assert world.ledger().lines[SKU].refunded == 25_000


def test_an_unreadable_posting_sends_no_money(world: World) -> None:
    identifier = world.decide()
    world.market.fail("posting", Fault.UNAVAILABLE)
    with pytest.raises(ShipbyError):
        world.settle(identifier)
    assert (world.state(identifier), world.market.calls["act_on_return"]) == (IntentState.PENDING, 0)


# The day's limit -------------------------------------------------------------------------------------------------


def test_the_days_limit_counts_the_money_of_people_and_machines_together(world: World) -> None:
    world.policy(refund_cap={"RUB": 10_000})
    world.return_opens("2", quantity=1)
    world.decide(COMPENSATE_ACTION, amount=money(4_000), postage=money(2_000))
    with pytest.raises(CapReachedError, match=r"40\.01 RUB .* 100\.00 RUB"):
        world.decide(COMPENSATE_ACTION, "2", amount=money(4_001), automatic=True, actor="system:x")
    assert world.case("2").open_intent == ""
    assert world.ledger().reserved == 4_000
    world.decide(COMPENSATE_ACTION, "2", amount=money(4_000), automatic=True, actor="system:x")


def test_another_day_has_its_own_limit(world: World) -> None:
    world.policy(refund_cap={"RUB": 5_000})
    world.return_opens("2", quantity=1)
    world.decide(COMPENSATE_ACTION, amount=money(5_000))
    world.clock.advance(timedelta(days=1))
    world.decide(COMPENSATE_ACTION, "2", amount=money(5_000))


def test_the_count_of_automatic_decisions_has_its_own_message(world: World) -> None:
    world.policy(refund_cap={"RUB": 5_000}, caps={"return_action": 0})
    with pytest.raises(CapReachedError, match="return_action a day"):
        world.decide(COMPENSATE_ACTION, amount=money(5_000), automatic=True, actor="system:x")


def test_a_decision_without_money_spends_nothing(world: World) -> None:
    world.policy(refund_cap={"RUB": 0})
    identifier = world.decide(ASK_GOODS, refund=False)
    assert world.intent(identifier).amount is None


def test_a_decision_is_plain_data() -> None:
    decision = ReturnDecision(seller="s", return_id="1", action_id=1, actor="a", refund=True)
    assert (decision.pieces, decision.postage) == ({}, None)
