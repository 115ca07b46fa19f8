"""Hand-over at the marketplace: what the client makes of its answers."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from shipby.adapters.ozon import OzonClient, methods
from shipby.application.ports.carriages import ActPosting, ActStatus, Carriages, Containers, ListedCarriage
from shipby.domain.errors import (
    InvalidInputError,
    MarketplaceRefusedError,
    MarketplaceUnavailableError,
    NotFoundError,
    NotReadyYetError,
    OutcomeUnknownError,
    RateLimitedError,
)
from shipby.domain.labels.own_labels import Party
from tests.unit.ozon.cases.carriages import BOX, DAY, ID, METHOD, NUMBERS, PDF, PNG
from tests.unit.ozon.stub_marketplace import Reply, StubMarketplace

NUMBER = NUMBERS[0]


def test_the_client_has_both_ports(client: OzonClient) -> None:
    ports: tuple[Carriages, Containers] = (client.carriages, client.containers)
    assert all(ports)


def test_carriages_of_a_day_are_listed_over_all_pages_without_those_that_could_be_made(
    marketplace: StubMarketplace, client: OzonClient
) -> None:
    def page(*carriages: dict[str, Any], method: int = int(METHOD)) -> dict[str, Any]:
        return {"delivery_method_id": method, "carriages": list(carriages)}

    first = page({"id": 0, "postings_count": 4, "status": ""}, {"id": 5, "postings_count": 2, "status": "new"})
    second = page({"id": "6", "postings_count": 1, "status": "formed"})
    marketplace.on(
        methods.CARRIAGE_LIST.path,
        Reply({"methods": [first, page({"id": 9, "status": "new"}, method=3)], "has_next": True, "cursor": "x"}),
        Reply({"methods": [second], "has_next": False, "cursor": "y"}),
    )
    assert client.carriages.listed(METHOD, DAY) == (
        ListedCarriage(id="5", status="new", postings=2),
        ListedCarriage(id="6", status="formed", postings=1),
    )
    assert [one.json["cursor"] for one in marketplace.received] == ["", "x"]


def test_a_refused_posting_comes_back_with_its_reason(marketplace: StubMarketplace, client: OzonClient) -> None:
    rows = [
        {"posting_number": "a", "result": True, "error": ""},
        {"posting_number": "b", "result": False, "error": "not ready"},
        {"posting_number": "c", "result": False},
    ]
    marketplace.on(methods.CARRIAGE_SET.path, Reply({"result": rows}))
    assert client.carriages.set_postings(ID, ["a", "b", "c"]) == {"b": "not ready", "c": "refused without a text"}


def test_what_the_act_holds_is_read(marketplace: StubMarketplace, client: OzonClient) -> None:
    marketplace.on(
        methods.ACT_POSTINGS.path, Reply({"result": [{"posting_number": NUMBER, "status": "delivering", "id": 1}]})
    )
    assert client.carriages.postings(ID) == (ActPosting(number=NUMBER, status="delivering"),)
    marketplace.on(
        methods.ACT_STATUS.path,
        Reply({"result": {"status": "ready", "added_to_act": ["a"], "removed_from_act": ["b"]}}),
    )
    assert client.carriages.act_status(ID) == ActStatus(state="ready", added=("a",), removed=("b",))


def test_a_cancel_that_answers_with_an_error_is_a_refusal(marketplace: StubMarketplace, client: OzonClient) -> None:
    marketplace.on(methods.CARRIAGE_CANCEL.path, Reply({"error": "too late", "carriage_status": "sended"}))
    with pytest.raises(MarketplaceRefusedError, match="too late"):
        client.carriages.cancel(ID)


@pytest.mark.parametrize("reply", [Reply(status=504), Reply(fault="hang_up"), Reply([1]), Reply({"carriage_id": None})])
def test_a_creation_without_a_clear_answer_is_unknown_and_sent_once(
    marketplace: StubMarketplace, client: OzonClient, reply: Reply
) -> None:
    marketplace.on(methods.CARRIAGE_CREATE.path, reply)
    with pytest.raises(OutcomeUnknownError):
        client.carriages.create(METHOD, DAY)
    assert len(marketplace.received) == 1


@pytest.mark.parametrize(
    ("status", "text", "error"),
    [
        (404, "CARRIAGE_NOT_FOUND", NotFoundError),
        (409, "CARRIAGE_DOCUMENTS_NOT_READY", MarketplaceRefusedError),
        (400, "The next postings aren't ready", NotReadyYetError),
        (429, "wait", RateLimitedError),
        (503, "busy", MarketplaceUnavailableError),
    ],
)
def test_a_paper_that_is_not_there_is_a_clear_error(
    marketplace: StubMarketplace, client: OzonClient, status: int, text: str, error: type[Exception]
) -> None:
    marketplace.on(methods.ACT_PDF.path, Reply({"code": 9, "message": text, "details": []}, status))
    with pytest.raises(error):
        client.carriages.act(ID)


@pytest.mark.parametrize(
    "body",
    [
        PDF,
        {"file_content": base64.b64encode(PDF).decode(), "file_name": "1.pdf", "content_type": "application/pdf"},
        {"file_content": PDF.decode("latin-1"), "file_name": "1.pdf"},
        {"content": base64.b64encode(PDF).decode(), "name": "1.pdf", "type": "application/pdf"},
    ],
    ids=["the file itself", "base64", "one character a byte", "the discrepancy's field"],
)
def test_a_file_is_read_in_every_form_that_the_description_shows(
    marketplace: StubMarketplace, client: OzonClient, body: object
) -> None:
    marketplace.on(methods.ACT_PDF.path, Reply(body))
    paper = client.carriages.act(ID)
    assert (paper.content, paper.content_type) == (PDF, "application/pdf")
    assert "PDF-1" not in repr(paper)


def test_a_barcode_is_a_picture(marketplace: StubMarketplace, client: OzonClient) -> None:
    marketplace.on(methods.ACT_BARCODE.path, Reply(PNG))
    assert client.carriages.barcode(ID).content_type == "image/png"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"<html>", NotReadyYetError),
        (b"", NotReadyYetError),
        ({"file_content": ""}, NotReadyYetError),
        ({"file_content": "%PDF-\u2603"}, MarketplaceUnavailableError),
        ({"file_content": "?"}, MarketplaceUnavailableError),
        ({"file_content": base64.b64encode(b"GIF89a").decode()}, NotReadyYetError),
        ({"code": 9, "message": "documents are not ready"}, NotReadyYetError),
    ],
)
def test_what_is_no_file_is_not_kept(
    marketplace: StubMarketplace, client: OzonClient, body: object, error: type[Exception]
) -> None:
    marketplace.on(methods.ACT_PDF.path, Reply(body))
    with pytest.raises(error):
        client.carriages.act(ID)


def test_containers_that_are_refused_are_named(marketplace: StubMarketplace, client: OzonClient) -> None:
    marketplace.on(
        methods.CONTAINER_FILL.path,
        Reply({"task_id": 7, "error_postings": [{"posting_number": NUMBER, "error_message": "wrong status"}]}),
    )
    task = client.containers.fill(BOX, [NUMBER])
    assert (task.id, task.refused) == ("7", {NUMBER: "wrong status"})
    marketplace.on(
        methods.CONTAINER_LABELS.path,
        Reply({"content": None, "error_containers": [{"container_id": 1, "error_message": "empty"}]}),
    )
    with pytest.raises(MarketplaceRefusedError, match="1: empty"):
        client.containers.labels([BOX])


def test_nothing_is_sent_for_ids_that_are_none(client: OzonClient) -> None:
    for call in (
        lambda: client.carriages.get("one"),
        lambda: client.carriages.set_postings(ID, []),
        lambda: client.containers.labels([]),
        lambda: client.containers.statuses(["x"]),
    ):
        with pytest.raises(InvalidInputError):
            call()


ADDRESS = {"zip_code": "125009", "city": "Москва", "region": "Москва", "address_tail": "Москва, ул. Тверская, д. 1"}


@pytest.mark.parametrize(
    ("fields", "party"),
    [
        ({}, None),
        ({"addressee": None, "customer": None}, None),
        (
            {
                "addressee": {"name": "Иванов Пётр", "phone": "+79160000000", "pin": "1234"},
                "customer": {"name": "Другой", "address": ADDRESS},
            },
            Party(name="Иванов Пётр", address="125009, Москва, ул. Тверская, д. 1", phone="+79160000000 доб. 1234"),
        ),
        (
            {"customer": {"name": "Иванов", "phone": "1", "address": {"city": "Тверь", "address_tail": "ул. Мира"}}},
            Party(name="Иванов", address="Тверь, ул. Мира", phone="1"),
        ),
    ],
)
def test_the_recipient_is_read_for_printing(
    marketplace: StubMarketplace, client: OzonClient, fields: dict[str, Any], party: Party | None
) -> None:
    marketplace.on(methods.POSTING_GET.path, Reply({"result": {"posting_number": NUMBER, **fields}}))
    assert client.recipient(NUMBER) == party


def test_an_unreadable_recipient_is_reported_without_its_data(marketplace: StubMarketplace, client: OzonClient) -> None:
    found = {"addressee": {"name": ["Иванов Пётр"]}, "customer": {"address": ADDRESS}}
    marketplace.on(methods.POSTING_GET.path, Reply({"result": found}))
    with pytest.raises(MarketplaceUnavailableError) as error:
        client.recipient(NUMBER)
    assert "addressee.name" in str(error.value)
    assert "Иванов" not in str(error.value)
    assert "Тверская" not in str(error.value)
