"""Reading chats: what the client makes of the marketplace's answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shipby.adapters.ozon import OzonClient, methods
from shipby.application.cases.odd_entries import noting
from shipby.application.ports.chats import Chats, ListedChat
from shipby.domain.errors import CredentialsRejectedError
from tests.unit.ozon.openapi_contract import CONTRACT_MISSING, Contract
from tests.unit.ozon.stub_marketplace import Reply, StubMarketplace

CHAT = "5e767w03-b400-4y1b-a841-75319ca8a5c8"
AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
LIST_ANSWER: dict[str, Any] = {
    "chats": [
        {
            "chat": {
                "created_at": "2022-07-22T08:07:19.581Z",
                "chat_id": CHAT,
                "chat_status": "OPENED",
                "chat_type": "SELLER_SUPPORT",
            },
            "first_unread_message_id": "3000000000118021931",
            "last_message_id": "30000000001280042740",
            "unread_count": 1,
        }
    ],
    "total_unread_count": 5,
    "cursor": "30000002342123123",
    "has_next": "true",
}
"""The official example: ids that are texts and longer than 64 bits, and a truth value as text."""


def message(identifier: int | str, text: str = "hello", *, ago: int = 0, sender: str = "Support") -> dict[str, Any]:
    return {
        "message_id": identifier,
        "user": {"id": "115568", "type": sender},
        "created_at": (AT - timedelta(minutes=ago)).isoformat().replace("+00:00", "Z"),
        "is_read": False,
        "data": [text],
        "is_image": False,
    }


def page(*messages: dict[str, Any], more: bool = False) -> Reply:
    return Reply({"has_next": more, "messages": list(messages)})


def test_the_client_has_the_port(client: OzonClient) -> None:
    port: Chats = client.chats
    assert port


def test_chats_are_listed_page_by_page(marketplace: StubMarketplace, client: OzonClient) -> None:
    last = {**LIST_ANSWER, "has_next": False, "chats": []}
    marketplace.on(methods.CHAT_LIST.path, Reply(LIST_ANSWER), Reply(last))

    first = client.chats.listed(unread_only=True)
    second = client.chats.listed(unread_only=True, cursor=str(first.cursor))

    assert first.items == (
        ListedChat(id=CHAT, type="SELLER_SUPPORT", status="OPENED", last_message_id="30000000001280042740"),
    )
    assert (first.cursor, second.cursor) == ("30000002342123123", None)
    assert [one.json.get("cursor") for one in marketplace.received] == [None, "30000002342123123"]
    assert marketplace.received[0].json["filter"] == {"chat_status": "ALL", "unread_only": True}


def test_a_buyer_spelt_with_a_cyrillic_letter_is_a_buyer(marketplace: StubMarketplace, client: OzonClient) -> None:
    marketplace.on(methods.CHAT_HISTORY.path, page(message(5, sender="Сustomer")))
    [found] = client.chats.messages(CHAT, after="", since=AT - timedelta(hours=1))
    assert found.sender == "Customer"


def test_a_history_is_read_back_to_the_last_known_message(marketplace: StubMarketplace, client: OzonClient) -> None:
    # The first message of a page is the last one of the page before.
    newest = page(message(9), message("8", ago=1), more=True)
    older = page(message(8, ago=1), message(7, ago=2), message(6, ago=3), more=True)
    marketplace.on(methods.CHAT_HISTORY.path, newest, older)

    found = client.chats.messages(CHAT, after="6", since=AT - timedelta(days=1))

    assert [one.id for one in found] == ["7", "8", "9"]
    assert [one.json.get("from_message_id") for one in marketplace.received] == [None, 8]


def test_a_history_is_read_back_to_the_oldest_wanted_time(marketplace: StubMarketplace, client: OzonClient) -> None:
    marketplace.on(methods.CHAT_HISTORY.path, page(message(9), message(8, ago=61), message(7, ago=62), more=True))

    found = client.chats.messages(CHAT, after="", since=AT - timedelta(hours=1))

    assert [one.id for one in found] == ["9"]
    assert len(marketplace.received) == 1


def test_a_history_that_repeats_itself_ends(marketplace: StubMarketplace, client: OzonClient) -> None:
    same = page(message(9), message(8), more=True)
    marketplace.on(methods.CHAT_HISTORY.path, same, same, same)

    assert len(client.chats.messages(CHAT, after="", since=AT - timedelta(hours=1))) == 2
    assert len(marketplace.received) == 2


def test_ids_are_compared_as_numbers_of_any_length(marketplace: StubMarketplace, client: OzonClient) -> None:
    marketplace.on(methods.CHAT_HISTORY.path, page(message("30000000001280042740"), message("9999999999999999999")))

    found = client.chats.messages(CHAT, after="9999999999999999998", since=AT - timedelta(hours=1))

    assert [one.id for one in found] == ["9999999999999999999", "30000000001280042740"]


def test_a_messages_text_is_in_no_repr(marketplace: StubMarketplace, client: OzonClient) -> None:
    marketplace.on(methods.CHAT_HISTORY.path, page(message(9, "Иван Петров")))

    (found,) = client.chats.messages(CHAT, after="", since=AT - timedelta(hours=1))

    assert found.text == "Иван Петров"
    assert "Иван" not in repr(found)


@pytest.mark.parametrize("changes", [{"created_at": None}, {"message_id": "abc"}, {"message_id": None}])
def test_a_message_that_cannot_be_read_is_told_without_its_words(
    marketplace: StubMarketplace, client: OzonClient, changes: dict[str, Any]
) -> None:
    marketplace.on(methods.CHAT_HISTORY.path, page({**message(9, "Иван Петров"), **changes}))

    with noting() as odd:
        assert client.chats.messages(CHAT, after="", since=AT - timedelta(hours=1)) == []

    assert [entry.kept for entry in odd] == [False]
    assert "Иван" not in str(odd)


def test_a_key_that_may_not_read_chats_is_a_rejected_one(marketplace: StubMarketplace, client: OzonClient) -> None:
    refusal = {"code": 7, "message": "Api-key is missing a required role", "details": []}
    marketplace.on(methods.CHAT_LIST.path, Reply(refusal, status=403))

    with pytest.raises(CredentialsRejectedError):
        client.chats.listed()


def test_what_is_sent_and_read_keeps_to_the_published_contract(
    marketplace: StubMarketplace, client: OzonClient
) -> None:
    contract = Contract.load()
    if contract is None:
        pytest.skip(CONTRACT_MISSING)
    marketplace.on(methods.CHAT_LIST.path, Reply({**LIST_ANSWER, "has_next": False}))
    marketplace.on(methods.CHAT_HISTORY.path, page(message(9), more=True), page(message(8)))
    client.chats.listed()
    client.chats.listed(cursor="30000002342123123")
    client.chats.messages(CHAT, after="", since=AT - timedelta(hours=1))

    assert {one.path for one in marketplace.received} == {methods.CHAT_LIST.path, methods.CHAT_HISTORY.path}
    assert [
        problem for one in marketplace.received for problem in contract.problems_of_request(one.path, one.json)
    ] == []
    answer = page(message(9)).body
    assert contract.problems_of_answer(methods.CHAT_HISTORY.path, answer) == []
