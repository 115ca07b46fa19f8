"""Take one push notification: authenticate, store or quarantine, answer. On the webhook's path: no heavy import."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from shipby.domain.postings.inbox import PushRow, PushToken
from shipby.domain.postings.push import MAX_BODY, is_ping, judge, read_body

NAME = "shipby"
VERSION = "1.0"
TOKEN_CACHE = timedelta(seconds=60)
"""How long a token's state is believed: a revoked one stops working within this time."""

_TOKEN = re.compile(r"(?P<seller>[0-9A-Za-z_-]{1,32})\.(?P<secret>[0-9A-Za-z_-]{16,128})")


class PushInbox(Protocol):
    """The two things of the store that the webhook needs."""

    def put_push(self, push: PushRow) -> bool: ...
    def push_token(self, sha256: str) -> PushToken | None: ...


@dataclass(frozen=True, slots=True)
class PushAnswer:
    """HTTP status and JSON body, in the marketplace's own response contract."""

    status: int
    body: Mapping[str, object]
    outcome: str
    """stored, repeated, quarantined, noted, ping, refused: for the metrics."""


@dataclass(slots=True)
class TokenCache:
    """Token hashes seen by this process, for TOKEN_CACHE; unknown ones are remembered too."""

    known: dict[str, tuple[datetime, PushToken | None]]

    def look_up(self, digest: str, inbox: PushInbox, now: datetime) -> PushToken | None:
        hit = self.known.get(digest)
        # A clock that was set back must not make anything be believed for longer than promised.
        if hit is not None and timedelta() <= now - hit[0] < TOKEN_CACHE:
            return hit[1]
        token = inbox.push_token(digest)
        if len(self.known) > 10_000:
            self.known.clear()
        self.known[digest] = (now, token)
        return token


def _error(status: int, code: str, message: str) -> PushAnswer:
    return PushAnswer(status, {"error": {"code": code, "message": message, "details": None}}, "refused")


NOT_FOUND = _error(404, "ERROR_UNKNOWN", "unknown push address")
TOO_LARGE = _error(413, "ERROR_UNKNOWN", f"a push is at most {MAX_BODY} bytes")


def token_hash(secret: str) -> str:
    """What is stored of a push secret: its sha256, hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()


def receive_push(token: str, raw: bytes, *, inbox: PushInbox, tokens: TokenCache, now: datetime) -> PushAnswer:
    """Answer one push.

    `token` is the last part of the path, `{seller}.{secret}`. A wrong, revoked or malformed one is answered 404 with
    the same body on one code path. With a valid one everything up to 64 KB is stored or quarantined and answered 200,
    because error answers count against the seller's push health.
    Raises StoreUnavailableError if the row could not be written: the marketplace then sends the push again.
    """
    match = _TOKEN.fullmatch(token)
    seller, secret = (match["seller"], match["secret"]) if match else ("", "")
    found = tokens.look_up(token_hash(secret), inbox, now)
    live = found is not None and found.revoked_at is None and hmac.compare_digest(found.seller, seller)
    if not live:
        return NOT_FOUND
    if len(raw) > MAX_BODY:
        return TOO_LARGE
    body, problem = read_body(raw)
    if is_ping(body):
        time = now.isoformat(timespec="seconds").replace("+00:00", "Z")
        return PushAnswer(200, {"version": VERSION, "name": NAME, "time": time}, "ping")
    row = judge(raw, body, problem, seller=seller, at=now)
    fresh = inbox.put_push(row)
    return PushAnswer(200, {"result": True}, row.state if fresh else "repeated")
