"""A caller of the API: real HTTP API events in, and every answer held against what the contract promises."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from functions.seller_api.api import SellerApi
from functions.seller_api.document import answer_model
from functions.seller_api.operations import Operation
from functions.seller_api.problems import CONTENT_TYPE
from functions.seller_api.routes import OPERATIONS
from functions.seller_api.webhook_door import WebhookDoor
from functions.seller_api.wiring import Parts
from shipby.adapters.webhooks.addresses import refused_by_its_text
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveDetail, SavePosting, Write
from shipby.contracts.service import Problem
from shipby.domain.events import posting_ref
from shipby.domain.postings.posting import MarketplacePosting, Posting
from tests.support import builders as a
from tests.support.fakes import MemoryDocuments
from tests.support.memory.webhooks import MemorySecrets, MemoryWebhooks
from tests.support.memory_store import MemoryStore

_EVENT = json.loads((Path(__file__).parent / "http_api_call.json").read_text("utf-8"))
OTHER = "seller-2"


def http_event(
    method: str,
    path: str,
    *,
    query: Mapping[str, str] | None = None,
    body: str | None = None,
    headers: Mapping[str, str] | None = None,
    context: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """An event as an HTTP API sends it; without `context` no authorizer has run."""
    event: dict[str, Any] = copy.deepcopy(_EVENT)
    event["rawPath"] = event["requestContext"]["http"]["path"] = path
    event["requestContext"]["http"]["method"] = method
    event["pathParameters"] = {"proxy": path.removeprefix("/v1/")}
    event["headers"] |= {name.lower(): value for name, value in (headers or {}).items()}
    if query:
        event["queryStringParameters"] = dict(query)
        event["rawQueryString"] = urlencode(query)
    if body is not None:
        event["body"] = body
        event["headers"]["content-length"] = str(len(body.encode()))
    if context is None:
        del event["requestContext"]["authorizer"]
    else:
        event["requestContext"]["authorizer"] = {"lambda": dict(context)}
    return event


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def code(self) -> str:
        """The last part of a problem's type."""
        return str(self.body["type"]).removeprefix("urn:shipby:problem:")

    @property
    def fields(self) -> list[str]:
        """The names a problem puts the blame on."""
        return [error["field"] for error in self.body["errors"]]


class Papers(MemoryDocuments):
    """Files in memory, of which the API may touch those of evidence only; all others exist by their links."""

    def put(self, key: str, content: bytes, *, content_type: str) -> None:
        self._check(key)
        super().put(key, content, content_type=content_type)

    def get(self, key: str) -> bytes:
        self._check(key)
        return super().get(key)

    def delete(self, key: str) -> None:
        self._check(key)
        super().delete(key)

    def copy(self, source: str, target: str) -> None:
        self._check(target)
        super().copy(source, target)

    def _check(self, key: str) -> None:
        if not key.startswith("evidence/"):
            raise NotImplementedError(f"the API touches no file such as {key}")


def operation_of(method: str, path: str) -> Operation | None:
    """The operation of a path; one with a fixed path wins over one with parameters."""
    found = [each for each in OPERATIONS if each.method == method and each.pattern.fullmatch(path)]
    return min(found, key=lambda each: each.path.count("{")) if found else None


def read_reply(answer: Mapping[str, Any], method: str, path: str) -> Reply:
    """The reply, after checking it against the contract: no field too many, none missing, all of their types."""
    headers = {name: str(value) for name, value in answer["headers"].items()}
    assert headers["Cache-Control"] == "no-store"
    if headers["Content-Type"].startswith("text/csv"):
        operation = operation_of(method, path)
        assert operation is not None
        assert operation.csv
        assert headers["Content-Disposition"].startswith("attachment;")
        return Reply(answer["statusCode"], headers, answer["body"])
    body = json.loads(answer["body"])
    if answer["statusCode"] >= 400:
        assert headers["Content-Type"] == CONTENT_TYPE
        problem = Problem.model_validate(body, extra="forbid")
        assert problem.status == answer["statusCode"]
        assert problem.what_to_do.endswith(".")
        assert problem.detail
        return Reply(answer["statusCode"], headers, body)
    assert headers["Content-Type"] == "application/json"
    operation = operation_of(method, path)
    assert operation is not None
    assert answer["statusCode"] == operation.status
    if path != "/v1/openapi.json":
        answer_model(operation.answers).model_validate(body, extra="forbid")
    assert ("ETag" in headers) == operation.etag
    assert ("Location" in headers) == (operation.status == 202)
    return Reply(answer["statusCode"], headers, body)


@dataclass
class Caller:
    """Somebody with a key. `as_role` and `as_seller` are the same shop seen by others."""

    store: Store
    clock: a.FixedClock
    role: str = "owner"
    seller: str = a.SELLER
    key_id: str = "k1"
    papers: Papers = field(default_factory=Papers)
    webhooks: WebhookDoor = field(
        default_factory=lambda: WebhookDoor(MemoryWebhooks(), MemorySecrets(), refused_by_its_text)
    )
    _api: Callable[[Mapping[str, Any]], Mapping[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        self._api = SellerApi(lambda: Parts(self.store, self.clock, self.papers, lambda: self.webhooks))

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        key: str = "",
        if_match: str = "",
    ) -> Reply:
        """Send a call; a str as `body` goes as it is, everything else as JSON."""
        sent = {**(headers or {})}
        if key:
            sent["Idempotency-Key"] = key
        if if_match:
            sent["If-Match"] = if_match
        text = body if isinstance(body, str) or body is None else json.dumps(body, ensure_ascii=False)
        context = {"seller": self.seller, "role": self.role, "key_id": self.key_id}
        event = http_event(method, path, query=query, body=text, headers=sent, context=context)
        return read_reply(self._api(event), method, path)

    def raw(self, event: Mapping[str, Any]) -> Reply:
        """Send an event as it is."""
        http = event["requestContext"]["http"]
        return read_reply(self._api(event), http["method"], http["path"])

    def get(self, path: str, **query: str) -> Reply:
        return self.call("GET", path, query=query)

    def post(self, path: str, body: object = None, *, key: str = "", if_match: str = "") -> Reply:
        return self.call("POST", path, body, key=key, if_match=if_match)

    def put(self, path: str, body: object = None, *, key: str = "", if_match: str = "") -> Reply:
        return self.call("PUT", path, body, key=key, if_match=if_match)

    def as_role(self, role: str) -> Caller:
        return Caller(self.store, self.clock, role=role, seller=self.seller, papers=self.papers)

    def as_seller(self, seller: str) -> Caller:
        return Caller(self.store, self.clock, role=self.role, seller=seller, papers=self.papers)

    def has(self, *writes: Write) -> None:
        """Put something into the store."""
        self.store.commit(writes)

    def has_posting(self, posting: Posting | None = None, detail: MarketplacePosting | None = None) -> Posting:
        """Put a posting with its birth event into the store."""
        posting = posting or a.posting()
        events = AppendEvents(posting.seller, posting_ref(posting.number), posting.version, (a.event(),))
        writes: Sequence[Write] = [SavePosting(posting), events]
        self.store.commit([*writes, SaveDetail(posting.seller, detail)] if detail else writes)
        return posting


def new_caller() -> Caller:
    clock = a.FixedClock()
    return Caller(MemoryStore(clock=clock), clock)
