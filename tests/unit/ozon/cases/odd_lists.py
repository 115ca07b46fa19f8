"""Every list that the client reads, each with a sample entry, how it is read, and the ids that come out of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, cast

from shipby.adapters.ozon import OzonClient, methods
from shipby.adapters.ozon.cancellations import OzonCancellations
from shipby.adapters.ozon.carriages import OzonCarriages
from shipby.adapters.ozon.chats import OzonChats
from shipby.adapters.ozon.reading.accruals import OzonAccruals
from shipby.adapters.ozon.reading.answers import Node, parse_json
from shipby.adapters.ozon.reading.containers import OzonContainers
from shipby.adapters.ozon.transport import Transport
from shipby.domain.availability.places import Place
from tests.unit.ozon.cases.cancellations import listed as cancel_request
from tests.unit.ozon.cases.carriages import CONTAINER
from tests.unit.ozon.cases.money import ACCRUALS_ANSWER, TYPES_ANSWER
from tests.unit.ozon.cases.stocks import OFFERED, OWN, TAKEN, WAREHOUSE
from tests.unit.ozon.cases.stub_standing import HISTORY_ANSWER, INDEX_ANSWER, INDEX_POSTINGS_ANSWER, ROLES_ANSWER
from tests.unit.ozon.stub_marketplace import PUSH_URLS_ANSWER, sample

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
RATING = "rating_general_indicator_fbs_rfbs"
GOOD, BAD = "20000001-0001-1", "20000002-0001-1"
Entry = dict[str, Any]


@dataclass(frozen=True)
class OddList:
    """One list. `wrap` makes an answer of its entries; `ids` reads it and says what came out."""

    name: str
    entry: Entry
    id_at: tuple[str, ...]
    """Where in an entry its id stands."""
    good: Any
    """The id of the entry that must survive."""
    bad: Any
    wrap: Callable[[list[Any]], Entry]
    ids: Callable[[OzonClient], Collection[Any]]

    def of(self, identifier: Any) -> Entry:
        """The sample entry with an id."""
        entry = deepcopy(self.entry)
        place: Any = entry
        for key in self.id_at[:-1]:
            place = place[key]
        place[self.id_at[-1]] = deepcopy(identifier)
        return entry


class _Scripted:
    """A transport that answers through JSON as it would arrive: everything alike, or each path by itself."""

    base_url = "http://127.0.0.1:1"

    def __init__(self, answer: Entry) -> None:
        self._answer = answer

    def read(self, method: methods.Method, _payload: Mapping[str, object], *, what: str = "") -> Node:
        by_path = any(key.startswith("/") for key in self._answer)
        answer = self._answer.get(method.path, {}) if by_path else self._answer
        return Node(cast("Entry", parse_json(json.dumps(answer).encode())), method.path)

    def act(
        self, method: methods.Method, payload: Mapping[str, object], *, what: str, body_expected: bool = True
    ) -> Node:
        return self.read(method, payload)


def scripted(answer: Entry, now: Callable[[], datetime] = lambda: NOW) -> OzonClient:
    """A client of a marketplace that always gives this answer, or the one that stands under the method's path."""
    transport = cast("Transport", _Scripted(answer))
    client = OzonClient("http://127.0.0.1:1", "1", "k", now=now)
    client._api = transport
    client.cancellations = OzonCancellations(transport, now)
    client.accruals = OzonAccruals(transport)
    client.carriages = OzonCarriages(transport)
    client.containers = OzonContainers(transport)
    client.chats = OzonChats(transport)
    return client


def _under(key: str, **beside: Any) -> Callable[[list[Any]], Entry]:
    return lambda entries: {key: entries, **beside}


def _numbers(items: Any) -> list[str]:
    return [one.number for one in items]


_POSTING: Entry = sample("posting_fbs_unfulfilled_list_v4.response")["postings"][0]
_RETURN: Entry = sample("returns_rfbs_get.response")["returns"] | {"return_id": 1}
_GOODS: Entry = {
    "id": 1,
    "schema": "Fbs",
    "type": "ClientReturn",
    "return_reason_name": "x",
    "posting_number": GOOD,
    "place": {"name": "x"},
    "storage": {"sum": {"currency_code": "RUB", "price": 75.5}, "utilization_forecast_date": "2026-11-01T00:00:00Z"},
    "product": {"sku": 5, "offer_id": "A", "quantity": 2, "price": {"currency_code": "RUB", "price": 1990.5}},
    "logistic": {"return_date": "2026-10-01T10:00:00Z", "barcode": "ii5275210303"},
    "visual": {"status": {"display_name": "x", "sys_name": "Returning"}, "change_moment": "2026-10-01T12:00:00Z"},
}
_CHAT: Entry = {
    "chat": {"chat_id": "1", "chat_status": "OPENED", "chat_type": "SELLER_SUPPORT"},
    "last_message_id": "30000000001280042740",
}
_MESSAGE: Entry = {
    "message_id": "1",
    "user": {"id": "1", "type": "Support"},
    "created_at": "2026-11-22T07:59:00Z",
    "data": ["hello"],
}
_TRACKING: Entry = {"posting_number": GOOD, "result": True, "error": []}
_REASON: Entry = {"id": 352, "title": "x", "type_id": "seller"}

LISTS: tuple[OddList, ...] = (
    OddList(
        "postings",
        _POSTING,
        ("posting_number",),
        GOOD,
        BAD,
        _under("postings", has_next=False, cursor=""),
        lambda c: _numbers(c.postings(since=NOW, to=NOW).items),
    ),
    OddList(
        "unfulfilled",
        _POSTING,
        ("posting_number",),
        GOOD,
        BAD,
        _under("postings", has_next=False, cursor=""),
        lambda c: _numbers(c.unfulfilled(cutoff_from=NOW, cutoff_to=NOW).items),
    ),
    OddList(
        "returns", _RETURN, ("return_id",), "11", 12, _under("returns"), lambda c: [r.id for r in c.returns().items]
    ),
    OddList(
        "goods returns",
        _GOODS,
        ("id",),
        "fbs-11",
        12,
        _under("returns", has_next=False),
        lambda c: [r.id for r in c.goods_returns(since=NOW).items],
    ),
    OddList(
        "cancel requests",
        cancel_request(),
        ("cancellation_id",),
        "11",
        12,
        _under("result", last_id=0),
        lambda c: [r.id for r in c.cancellations.waiting().items],
    ),
    OddList(
        "chats",
        _CHAT,
        ("chat", "chat_id"),
        "a-chat",
        "b-chat",
        _under("chats", has_next=False),
        lambda c: [one.id for one in c.chats.listed().items],
    ),
    OddList(
        "chat messages",
        _MESSAGE,
        ("message_id",),
        "11",
        "12",
        _under("messages", has_next=False),
        lambda c: [one.id for one in c.chats.messages("c", after="", since=datetime(2026, 11, 21, tzinfo=UTC))],
    ),
    OddList(
        "accruals",
        ACCRUALS_ANSWER["posting_accruals"][0],
        ("posting_number",),
        GOOD,
        BAD,
        _under("posting_accruals"),
        lambda c: c.accruals.postings([GOOD, BAD]),
    ),
    OddList(
        "accrual types",
        TYPES_ANSWER["accrual_types"][0],
        ("id",),
        11,
        12,
        _under("accrual_types"),
        lambda c: [one.id for one in c.accruals.types()],
    ),
    OddList(
        "index errors",
        INDEX_POSTINGS_ANSWER["errors"][0],
        ("posting_number",),
        GOOD,
        BAD,
        _under("errors", has_next=False),
        lambda c: _numbers(c.index_errors(since=NOW, to=NOW).items),
    ),
    OddList(
        "days of the index",
        INDEX_ANSWER["defects"][0],
        ("date",),
        date(2026, 10, 2),
        "2026-10-03",
        lambda entries: {**INDEX_ANSWER, "defects": entries},
        lambda c: [one.day for one in c.error_index().days],
    ),
    OddList(
        "ratings",
        HISTORY_ANSWER["ratings"][0],
        ("rating",),
        RATING,
        "rating_on_time",
        _under("ratings"),
        lambda c: [found.rating] if (found := c.rating_thresholds(RATING, since=NOW, to=NOW)) else [],
    ),
    OddList(
        "roles",
        ROLES_ANSWER["roles"][1] | {"methods": ["x"]},
        ("methods",),
        "/v1/good",
        ["/v1/bad"],
        _under("roles", expires_at="2026-12-18T09:54:23.296Z"),
        lambda c: c.key_info().methods,
    ),
    OddList(
        "push addresses",
        PUSH_URLS_ANSWER["urls"][0],
        ("url",),
        "https://good.example.test/***",
        "https://bad.example.test/x",
        _under("urls", total_count=2),
        lambda c: [one.url for one in c.push_health()],
    ),
    OddList(
        "carriages",
        {"id": 1, "status": "new", "postings_count": 3},
        ("id",),
        "11",
        12,
        lambda entries: {"methods": [{"delivery_method_id": 17, "carriages": entries}], "has_next": False},
        lambda c: [one.id for one in c.carriages.listed("17", date(2026, 11, 22))],
    ),
    OddList(
        "methods with carriages",
        {"delivery_method_id": 17, "carriages": [{"id": 1, "status": "new", "postings_count": 3}]},
        ("carriages",),
        "11",
        [{"id": 12, "status": "new"}],
        _under("methods", has_next=False),
        lambda c: [one.id for one in c.carriages.listed("17", date(2026, 11, 22))],
    ),
    OddList(
        "postings of a carriage",
        {"posting_number": GOOD, "status": "delivering"},
        ("posting_number",),
        GOOD,
        BAD,
        _under("result"),
        lambda c: _numbers(c.carriages.postings("5")),
    ),
    OddList(
        "cargo places",
        CONTAINER,
        ("container_id",),
        "11",
        12,
        _under("containers", cursor=""),
        lambda c: [one.id for one in c.containers.listed(since=NOW, to=NOW, sort_type="sort").items],
    ),
    OddList(
        "states of cargo places",
        {"container_id": 1, "status": "formed"},
        ("container_id",),
        "11",
        12,
        _under("containers"),
        lambda c: c.containers.statuses(["11", "12"]),
    ),
    OddList(
        "cancel reasons",
        _REASON,
        ("id",),
        11,
        12,
        lambda entries: {"result": [{"posting_number": GOOD, "reasons": entries}]},
        lambda c: [one.id for one in c.cancel_reasons(GOOD)],
    ),
    OddList(
        "label tasks",
        {"task_id": 1, "task_type": "big_label"},
        ("task_id",),
        "11",
        12,
        _under("tasks"),
        lambda c: [one.id for one in c.create_label_tasks([GOOD])],
    ),
    OddList(
        "postings without a label",
        {"posting_number": GOOD, "message": "x"},
        ("posting_number",),
        GOOD,
        BAD,
        lambda entries: {"status": {"code": "completed", "unprinted_postings": entries}, "file_url": "x"},
        lambda c: c.label_task("5").unprinted,
    ),
    OddList(
        "tracking results",
        _TRACKING,
        ("posting_number",),
        GOOD,
        BAD,
        # A result for what was asked must be there in some form: without it nobody knows what was done.
        lambda entries: {"result": [*entries, {**_TRACKING, "posting_number": BAD}]},
        lambda c: [one.posting_number for one in c.set_tracking_numbers({GOOD: "1", BAD: "2"})],
    ),
    OddList(
        "stocks",
        OFFERED,
        ("offer_id",),
        GOOD,
        BAD,
        _under("products", has_next=False, cursor=""),
        lambda c: [one.place.offer for one in c.stocks.of_offers([GOOD]).items],
    ),
    OddList(
        "results of stocks",
        TAKEN,
        ("offer_id",),
        GOOD,
        BAD,
        _under("result"),
        lambda c: [
            one.place.offer
            for one in c.stocks.tell({Place(WAREHOUSE, GOOD): 1, Place(WAREHOUSE, BAD): 2})
            if not one.unknown
        ],
    ),
    OddList(
        "warehouses",
        OWN,
        ("warehouse_id",),
        "11",
        12,
        _under("warehouses", has_next=False),
        lambda c: [one.id for one in c.stocks.warehouses()],
    ),
)
