"""Returned goods in hand: found by a scan, looked at, put away with all that follows, exchanged."""

from collections.abc import Sequence
from typing import Any

import pytest

from shipby.application.ports.writes import AppendEvidence, SaveProductCard, Write
from shipby.application.returns.exchange import Exchange, exchange_return
from shipby.domain.errors import (
    ActionNotOfferedError,
    InvalidInputError,
    NotFoundError,
    StageMismatchError,
)
from shipby.domain.events import EventType, case_ref, posting_ref, return_ref
from shipby.domain.evidence.pieces import EvidenceItem, EvidenceKind
from shipby.domain.intents import IntentState
from shipby.domain.packing.cards import ProductCard
from shipby.domain.returns.policy import ReturnPolicy
from shipby.domain.returns.return_case import ReturnStage
from tests.support import builders as a
from tests.unit.returns.return_support import (
    GOODS,
    ON_APPROVAL,
    dispose,
    goods,
    open_cases,
    poll,
    scan,
    step,
    steps,
)
from tests.unit.world_support import World, forget


@pytest.fixture
def world() -> World:
    return World()


# The goods in hand


@pytest.mark.parametrize("code", ["ii77", " II77 ".lower(), "77", GOODS, a.NUMBER])
def test_a_parcel_is_found_by_anything_that_stands_on_it(world: World, code: str) -> None:
    world.arrives(status="delivered", actions=())
    goods(world)
    poll(world)
    body = scan(world, code)
    assert (body["result"], body["return"]["id"], body["return"]["stage"]) == ("received", GOODS, "received")
    assert scan(world, code)["result"] == "already_received"
    assert world.return_types(GOODS).count(EventType.RETURN_RECEIVED) == 1


def test_the_tracking_number_of_the_posting_finds_it_too(world: World) -> None:
    world.arrives(status="delivered", actions=(), tracking_number="RR123456785RU")
    goods(world)
    poll(world)
    assert scan(world, "rr123456785ru")["return"]["id"] == GOODS


def test_an_unknown_code_says_what_to_do_and_an_empty_one_is_refused(world: World) -> None:
    with pytest.raises(NotFoundError, match="scan the return's barcode"):
        scan(world, "4607012345678")
    with pytest.raises(InvalidInputError):
        scan(world, "  ")


def test_two_returns_of_one_posting_are_listed_and_none_is_touched(world: World) -> None:
    world.arrives(status="delivered", actions=())
    goods(world)
    goods(world, id="fbs-78", number="78", barcode="ii78")
    poll(world)
    body = scan(world, a.NUMBER)
    assert body["result"] == "choose"
    assert body["return"] is None
    assert [one["id"] for one in body["candidates"]] == [GOODS, "fbs-78"]
    assert world.case(GOODS).received_at is None
    scan(world, "ii78")
    assert scan(world, a.NUMBER)["return"]["id"] == GOODS  # the only one that is still missing


def test_photos_must_be_among_the_evidence(world: World) -> None:
    world.arrives(status="delivered", actions=())
    goods(world)
    poll(world)
    scan(world, "ii77")
    with pytest.raises(InvalidInputError, match="no such evidence"):
        step(world, "inspect", condition="used", evidence=("1",))
    assert world.case(GOODS).inspected_at is None
    photo = EvidenceItem(
        seller=a.SELLER,
        posting_number=a.NUMBER,
        sequence=1,
        kind=EvidenceKind.PHOTO,
        at=a.NOW,
        actor="key:k1",
        sha256="00",
        previous="",
        hash="11",
        key=f"evidence/180/{a.SELLER}/{a.NUMBER}/photo7.jpg",
    )
    world.write(AppendEvidence(photo))
    step(world, "inspect", condition="used", evidence=("1", "photo7"))
    assert world.case(GOODS).evidence == ("1", "photo7")


def test_goods_are_put_away_once_with_all_that_follows(world: World) -> None:
    world.arrives(status="delivered", actions=())
    card = ProductCard(seller=a.SELLER, sku="149123456", version=1, supplier="Faktoria")
    world.write(SaveProductCard(card))
    goods(world)
    poll(world)
    with pytest.raises(StageMismatchError):
        dispose(world, "restock")
    scan(world, "ii77")
    with pytest.raises(StageMismatchError, match="inspect"):
        dispose(world, "restock")
    step(world, "inspect", condition="damaged", note="a crack")
    with pytest.raises(InvalidInputError):
        dispose(world, "burn")
    dispose(world, "supplier")
    assert steps(world) == ["stock", "supplier", "close"]
    stock = next(
        one.event for one in world.history(return_ref(GOODS)) if one.event.type is EventType.RETURN_FOLLOWED_UP
    )
    assert (stock.data["sku"], stock.data["quantity"], stock.data["disposition"]) == ("149123456", 2, "supplier")
    (task,) = open_cases(world)
    assert "Faktoria" in task
    assert world.case(GOODS).stage is ReturnStage.CLOSED
    with pytest.raises(StageMismatchError, match="already"):
        dispose(world, "restock")
    assert len(open_cases(world)) == 1
    poll(world)
    assert world.case(GOODS).stage is ReturnStage.CLOSED
    identifier = world.store.cases_in(a.SELLER).items[0]
    assert world.types(case_ref(identifier)) == [EventType.CASE_OPENED]


def test_of_two_operators_at_once_one_disposition_counts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.arrives(status="delivered", actions=())
    goods(world)
    poll(world)
    scan(world, "ii77")
    step(world, "inspect", condition="used")
    commit = world.store.commit

    def another_is_first(writes: Sequence[Write], *, token: str = "") -> None:
        monkeypatch.setattr(world.store, "commit", commit)
        dispose(world, "scrap")
        commit(writes, token=token)

    monkeypatch.setattr(world.store, "commit", another_is_first)
    with pytest.raises(StageMismatchError, match="scrap already"):
        dispose(world, "supplier")
    assert steps(world) == ["stock", "close"]
    assert open_cases(world) == []


def test_a_refund_without_a_known_posting_is_refused_in_words(world: World) -> None:
    world.market.open_return(a.marketplace_return(posting_number="", actions=ON_APPROVAL))
    world.read_return()
    with pytest.raises(InvalidInputError, match="what was paid"):
        world.decide()
    rejected = world.decide(-1, refund=False, rejection_reason_id=7, comment="used")
    assert world.settle(rejected).intent.state is IntentState.CONFIRMED


def test_goods_that_come_after_the_money_are_worked_and_the_decision_stands(world: World) -> None:
    world.return_opens(actions=ON_APPROVAL, quantity=2)
    world.settle(world.decide())
    step(world, "receive", a.RETURN_ID)
    step(world, "inspect", a.RETURN_ID, condition="new")
    dispose(world, "restock", a.RETURN_ID)
    assert world.case().stage is ReturnStage.DECIDED
    assert steps(world, a.RETURN_ID) == ["stock"]


# Exchange


def test_an_exchange_links_both_postings_once(world: World) -> None:
    world.return_opens(actions=ON_APPROVAL)
    world.arrives("55-0001-1")

    def exchange(number: str = "55-0001-1", **more: Any) -> None:
        wish = Exchange(seller=a.SELLER, return_id=a.RETURN_ID, actor="key:k1", number=number, **more)
        exchange_return(wish, forget, store=world.store, clock=world.clock)

    with pytest.raises(ActionNotOfferedError, match="policy"):
        exchange()
    world.policy(return_policies=(ReturnPolicy(product_type="*", exchange=True),))
    with pytest.raises(NotFoundError):
        exchange("0-0-0")
    with pytest.raises(InvalidInputError):
        exchange(a.NUMBER)
    with pytest.raises(InvalidInputError):
        exchange("", note=" ")
    assert world.case().exchange == ""
    exchange("", note="promised by phone")
    exchange()
    assert world.case().exchange == "55-0001-1"
    assert world.types(posting_ref("55-0001-1"))[-1] is EventType.RETURN_EXCHANGED
    assert world.return_types()[-1] is EventType.RETURN_EXCHANGED
    with pytest.raises(ActionNotOfferedError):
        exchange()
