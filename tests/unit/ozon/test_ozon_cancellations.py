"""Buyers who want to cancel: what the client makes of the marketplace's answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from shipby.adapters.ozon import OzonClient, methods
from shipby.application.cases.odd_entries import noting
from shipby.application.ports.cancellations import Cancellations
from shipby.domain.cancels.requests import CancelRequestState
from shipby.domain.errors import (
    InvalidInputError,
    MarketplaceRefusedError,
    NotFoundError,
    OutcomeUnknownError,
)
from tests.unit.ozon.cases.cancellations import ID, NUMBER, WORDS, listed
from tests.unit.ozon.openapi_contract import CONTRACT_MISSING, Contract
from tests.unit.ozon.stub_marketplace import Reply, StubMarketplace

LIST = methods.CANCEL_REQUEST_LIST.path


def answers(marketplace: StubMarketplace, *pages: list[dict[str, Any]]) -> None:
    replies = [Reply({"result": page, "last_id": int(page[-1]["cancellation_id"]), "counter": 0}) for page in pages]
    marketplace.on(LIST, *replies, Reply({"result": [], "last_id": 0, "counter": 0}))


def test_the_client_has_the_port(client: OzonClient) -> None:
    port: Cancellations = client.cancellations
    assert port


def test_who_asks_is_known_in_whatever_letters(marketplace: StubMarketplace, client: OzonClient) -> None:
    answers(marketplace, [{**listed(), "cancellation_initiator": "СLIЕNT"}])
    assert [one.initiator for one in client.cancellations.waiting().items] == ["CLIENT"]


def test_a_request_is_read_without_the_buyers_own_words(marketplace: StubMarketplace, client: OzonClient) -> None:
    answers(marketplace, [listed()])
    page = client.cancellations.waiting()
    [found] = page.items
    assert (found.id, found.posting_number, found.state) == (ID, NUMBER, CancelRequestState.ON_APPROVAL)
    assert (found.initiator, found.reason_id, found.reason) == ("CLIENT", 508, "Покупатель отменил заказ")
    assert found.auto_approve_at == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert found.requested_at == datetime(2026, 11, 21, 10, 0, 0, 123000, tzinfo=UTC)
    assert found.decided_at is None
    assert page.cursor == ID
    assert WORDS not in repr(found)


def test_the_sample_keeps_to_the_published_contract() -> None:
    contract = Contract.load()
    if contract is None:
        pytest.skip(CONTRACT_MISSING)
    answer = {"result": [listed(approve_date="2026-11-22T10:00:00Z")], "last_id": 1, "counter": 0}
    assert contract.problems_of_answer(LIST, answer) == []


def test_a_state_of_tomorrow_is_kept_by_its_name(marketplace: StubMarketplace, client: OzonClient) -> None:
    answers(marketplace, [listed("WITHDRAWN")])
    [found] = client.cancellations.waiting().items
    assert (found.state, found.state_name) == (CancelRequestState.OTHER, "WITHDRAWN")


def test_a_decided_request_names_when_and_with_which_words_of_the_seller(
    marketplace: StubMarketplace, client: OzonClient
) -> None:
    answers(marketplace, [listed("REJECTED", approve_date="2026-11-22T10:00:00Z", approve_comment="уже в пути")])
    found = client.cancellations.get(ID, NUMBER)
    assert (found.state, found.comment) == (CancelRequestState.REJECTED, "уже в пути")
    assert found.decided_at == datetime(2026, 11, 22, 10, tzinfo=UTC)


def test_requests_of_postings_are_read_over_all_pages_and_strangers_are_left_out(
    marketplace: StubMarketplace, client: OzonClient
) -> None:
    answers(
        marketplace,
        [listed(), listed(cancellation_id="2", posting_number="stranger")],
        [listed(cancellation_id=3)],
    )
    assert [one.id for one in client.cancellations.of_postings([NUMBER])] == [ID, "3"]
    assert [one.json["last_id"] for one in marketplace.received] == [0, 2, 3]


def test_many_postings_are_asked_for_in_chunks(marketplace: StubMarketplace, client: OzonClient) -> None:
    marketplace.on(LIST, Reply({"result": [], "last_id": 0}))
    client.cancellations.of_postings([f"n-{index}" for index in range(120)])
    assert [len(one.json["filters"]["posting_number"]) for one in marketplace.received] == [50, 50, 20]


def test_an_id_that_stands_still_ends_the_list(marketplace: StubMarketplace, client: OzonClient) -> None:
    marketplace.on(LIST, Reply({"result": [listed()], "last_id": int(ID)}))
    assert len(client.cancellations.of_postings([NUMBER])) == 2
    assert len(marketplace.received) == 2


def test_a_request_that_is_not_listed_is_not_found(marketplace: StubMarketplace, client: OzonClient) -> None:
    answers(marketplace, [listed(cancellation_id=5)])
    with pytest.raises(NotFoundError):
        client.cancellations.get(ID, NUMBER)


@pytest.mark.parametrize("broken", [{"state": None}, {"posting_number": None}, {"auto_approve_date": "soon"}])
def test_an_answer_that_cannot_be_read_never_shows_itself(
    marketplace: StubMarketplace, client: OzonClient, broken: dict[str, Any]
) -> None:
    answers(marketplace, [listed(**broken)])
    with noting() as odd:
        assert client.cancellations.waiting().items == ()
    assert [(entry.id, entry.kept) for entry in odd] == [(ID, False)]
    assert WORDS not in str(odd)


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (methods.CANCEL_REQUEST_APPROVE.path, lambda client: client.cancellations.approve(ID, "ok")),
        (methods.CANCEL_REQUEST_REJECT.path, lambda client: client.cancellations.reject(ID, "уже в пути")),
    ],
)
@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply({"code": 9, "message": "CANCELLATION_ALREADY_DECIDED"}, 400), MarketplaceRefusedError),
        (Reply({"code": 5, "message": "CANCELLATION_NOT_FOUND"}, 404), NotFoundError),
        (Reply({}, 500), OutcomeUnknownError),
        (Reply({}, fault="hang_up"), OutcomeUnknownError),
    ],
)
def test_an_answer_of_ours_is_sent_once_whatever_comes_back(
    marketplace: StubMarketplace,
    client: OzonClient,
    path: str,
    answer: Callable[[OzonClient], None],
    reply: Reply,
    error: type[Exception],
) -> None:
    marketplace.on(path, reply)
    with pytest.raises(error):
        answer(client)
    assert len(marketplace.received) == 1


def test_nothing_is_sent_for_an_id_that_is_none(marketplace: StubMarketplace, client: OzonClient) -> None:
    with pytest.raises(InvalidInputError):
        client.cancellations.approve("one")
    assert marketplace.received == []
