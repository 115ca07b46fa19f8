"""The seller API without HTTP: the same operations, checks and refusals, with the operator's own credentials."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from functions.seller_api.api import SellerApi
from functions.seller_api.wiring import Parts
from shipby.adapters.aws.documents import S3DocumentStore
from shipby.domain.sellers.keys import Role
from shipby.observability import logger
from shipby_local.deployment import Deployment

CALLER = "cli"
"""Id of the key that histories name: no key of a person, so that it is nobody's second word."""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: Any
    """JSON, or the text of a table."""

    @property
    def good(self) -> bool:
        return self.status < 400


class Api:
    """Calls for one seller."""

    def __init__(self, seller: str, parts: Parts) -> None:
        self.seller = seller
        self._call = SellerApi(lambda: parts)

    @classmethod
    def of(cls, deployment: Deployment, seller: str) -> Api:
        documents = S3DocumentStore(deployment.outputs["DocumentBucketName"], client=deployment.client("s3"))
        return cls(seller, Parts(deployment.store(), deployment.clock, documents))

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        if_match: str = "",
        key: str = "",
    ) -> Reply:
        """One call; `key` is its Idempotency-Key, `if_match` the version it was decided on."""
        headers = {"idempotency-key": key, "if-match": if_match, "content-type": "application/json"}
        event = {
            "rawPath": path,
            "headers": {name: value for name, value in headers.items() if value},
            "queryStringParameters": dict(query or {}),
            "rawQueryString": "&".join(
                f"{quote(name)}={quote(value, safe='')}" for name, value in (query or {}).items()
            ),
            "requestContext": {
                "http": {"method": method, "path": path},
                "requestId": str(uuid.uuid4()),
                "authorizer": {"lambda": {"seller": self.seller, "role": Role.OWNER, "key_id": CALLER}},
            },
        }
        if body is not None:
            event["body"] = json.dumps(body)
        with _quiet():
            answer = self._call(event)
        is_json = "json" in answer["headers"]["Content-Type"]
        return Reply(answer["statusCode"], json.loads(answer["body"]) if is_json else answer["body"])

    def rows(self, path: str, query: Mapping[str, str], *, most: int) -> Iterator[Reply]:
        """The pages of a list, until so many rows were shown or a call is refused."""
        wanted, shown = dict(query), 0
        while True:
            reply = self.call("GET", path, query=wanted)
            yield reply
            if not reply.good or not reply.body.get("next_cursor"):
                return
            shown += len(reply.body["items"])
            if shown >= most:
                return
            wanted["cursor"] = reply.body["next_cursor"]


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the log lines of a function: what is refused is told by its answer."""
    log = logger()
    level = log.log_level
    log.setLevel("CRITICAL")
    try:
        yield
    finally:
        log.setLevel(level)


def address(*parts: str) -> str:
    """A path of the API: each part is written as one, whatever is in it."""
    return "/v1/" + "/".join(quote(part, safe="-._~%") for part in parts)


def packages_of(texts: Sequence[str]) -> list[dict[str, int]]:
    """149123456=2,149123457=1 a package. Raises ValueError."""
    found = []
    for text in texts:
        pairs = [pair.partition("=") for pair in text.split(",")]
        found.append({sku.strip(): int(count) for sku, _, count in pairs})
    return found
