"""Take one push of a tracking service: who is asked for by the signature alone, and what it tells is stored before the
answer.

A push that came before changes nothing and is answered as the first was, for the service repeats what it got no answer
to; the log says so. A forged one is answered like one for a seller that does not exist.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shipby.application.ports.following.services import TrackingServices
from shipby.application.ports.sellers import SellerReads
from shipby.application.tracking.following.follow import ScanStore, keep_scans
from shipby.domain.errors import InvalidInputError
from shipby.domain.tracking.scans import Scan

_SELLER = re.compile(r"[0-9A-Za-z_-]{1,32}")
ReadPush = Callable[[bytes], tuple[str, str, tuple[Scan, ...], int]]
"""A raw push to event, number, scans and events without a certain time; raises InvalidInputError."""


class PushStore(ScanStore, SellerReads, Protocol):
    """What taking a push needs of the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingPush:
    """A push as it came: nothing of it is believed yet."""

    seller: str
    raw: bytes
    signature: str


@dataclass(frozen=True, slots=True)
class PushTaken:
    """HTTP status, and what became of it: stored, repeated, unknown_number, senseless, forged, too_large."""

    status: int
    outcome: str
    kept: int = 0
    left_out: int = 0


def receive_tracking(
    push: TrackingPush, read: ReadPush, *, most: int, store: PushStore, services: TrackingServices, now: datetime
) -> PushTaken:
    """Keep what a push says. Raises StoreUnavailableError and the like: the service then sends it again."""
    known = _SELLER.fullmatch(push.seller) and store.settings(push.seller) is not None
    if len(push.raw) > most:
        return PushTaken(413, "too_large")
    if not known or not services.signed(push.seller, push.raw, push.signature):
        return PushTaken(404, "forged")
    try:
        _, number, scans, left_out = read(push.raw)
    except InvalidInputError:
        # It is signed, so a repeat would be as senseless: 200, and the log calls a person.
        return PushTaken(200, "senseless")
    try:
        kept = keep_scans(push.seller, number, scans, store=store, now=now)
    except InvalidInputError:
        return PushTaken(200, "unknown_number", 0, len(scans))
    return PushTaken(200, "stored" if kept else "repeated", kept, left_out)
