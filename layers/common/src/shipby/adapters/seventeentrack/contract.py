"""17TRACK's public API, version 2.4, as far as it is used; the local stack's simulator follows it.

Source: api.17track.net/doc (behind a script; read through clients that quote it: godely/aio17track, SPEC.md and
fixtures, 2026-07; help.17track.net on webhooks). In short:

- every call is a POST to https://api.17track.net/track/v2.4/<method> with the header `17token`, JSON in and out;
- `register` [{number, carrier?, lang?, …}], `gettrackinfo` [{number, carrier?}]: at most 40 numbers a call, 3 calls a
  second (more is 429); `register` takes one of the quota for each number that is new, reading takes none;
- the answer is {code, data: {accepted: [...], rejected: [{number, error: {code, message}}]}}; `code` other than 0
  refuses the whole call; -18019901 of a number: it is registered already;
- a push is {event: TRACKING_UPDATED | TRACKING_STOPPED, data: <as one entry of gettrackinfo>} with the header `sign`:
  the hexadecimal SHA-256 of the raw body, "/" and the key. The address is set in the account, for all numbers.

Nothing in a push says when it was sent, so a repeated one cannot be told from the first by itself.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from shipby.domain.errors import InvalidInputError
from shipby.domain.json_types import Json, read_json
from shipby.domain.tracking.scans import Scan, ScanStatus, status_of

BASE_URL: Final = "https://api.17track.net"
PATH: Final = "/track/v2.4/"
AT_ONCE: Final = 40
"""Numbers in a call."""
CALLS_PER_SECOND: Final = 3
ALREADY_REGISTERED: Final = -18019901
NO_DATA_YET: Final = -18019909
"""It is registered, and the carrier has said nothing yet."""
KEY_REFUSED: Final = frozenset({-18010001, -18010002, -18010004})
"""The address is not allowed, the key is wrong, the account is disabled."""
QUOTA_USED_UP: Final = frozenset({-18019907, -18019908})
UPDATED: Final = "TRACKING_UPDATED"
STOPPED: Final = "TRACKING_STOPPED"
SOURCE: Final = "17track"
MAX_PUSH: Final = 1_000_000
"""Bytes. Ours: an entry with 200 events is about 150 KB."""
MAX_EVENTS: Final = 500
"""Of a number that are kept of one push. Ours."""

_STATUSES: Final[Mapping[str, ScanStatus]] = {
    "NotFound": ScanStatus.UNKNOWN,
    "InfoReceived": ScanStatus.LABEL_MADE,
    "InTransit_PickedUp": ScanStatus.ACCEPTED,
    "InTransit_CustomsProcessing": ScanStatus.CUSTOMS,
    "InTransit_CustomsReleased": ScanStatus.IN_TRANSIT,
    "InTransit_CustomsRequiringInformation": ScanStatus.CUSTOMS,
    "InTransit": ScanStatus.IN_TRANSIT,
    "PickedUp": ScanStatus.ACCEPTED,
    "Departure": ScanStatus.IN_TRANSIT,
    "Arrival": ScanStatus.ARRIVED,
    "AvailableForPickup": ScanStatus.READY_FOR_PICKUP,
    "OutForDelivery": ScanStatus.OUT_FOR_DELIVERY,
    "DeliveryFailure": ScanStatus.FAILED_ATTEMPT,
    "Delivered": ScanStatus.DELIVERED,
    "Exception_Returning": ScanStatus.RETURNING,
    "Exception_Returned": ScanStatus.RETURNED,
    "Returning": ScanStatus.RETURNING,
    "Returned": ScanStatus.RETURNED,
    "Exception": ScanStatus.EXCEPTION,
}
"""Sub-statuses and stages; of a sub-status that is not here its first part counts. "Expired" no carrier says."""


def signature(raw: bytes, key: str) -> str:
    return hashlib.sha256(raw + b"/" + key.encode()).hexdigest()


def is_signed(raw: bytes, key: str, sign: str) -> bool:
    """Whether `sign` is the push's signature with this key; in constant time."""
    return bool(key) and hmac.compare_digest(signature(raw, key).encode(), sign.strip().lower().encode())


def read_push(raw: bytes) -> tuple[str, str, tuple[Scan, ...], int]:
    """Event, number, scans, and how many events were left out since they say no certain time.

    Raises InvalidInputError for what is no push.
    """
    try:
        body = read_json(raw)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError("the push is not JSON") from error
    if not isinstance(body, Mapping) or body.get("event") not in (UPDATED, STOPPED):
        raise InvalidInputError("the push names no event that is known")
    data = body.get("data")
    number = data.get("number") if isinstance(data, Mapping) else None
    if not isinstance(data, Mapping) or not isinstance(number, str) or not 4 <= len(number) <= 60:
        raise InvalidInputError("the push names no tracking number")
    scans, odd = read_entry(data)
    return str(body["event"]), "".join(number.split()).upper(), scans, odd


def read_entry(entry: Mapping[str, Json]) -> tuple[tuple[Scan, ...], int]:
    """Scans of one entry of `gettrackinfo` or of a push, oldest first, and how many events say no certain time."""
    info = entry.get("track_info")
    if not isinstance(info, Mapping):
        return (), 0
    events = list(_events(info))[:MAX_EVENTS]
    found = sorted(
        (scan for event in events if (scan := _scan(event)) is not None), key=lambda scan: (scan.at, scan.id)
    )
    eta = _eta(info)
    if found and eta is not None:
        last = found[-1]
        found[-1] = Scan(at=last.at, status=last.status, words=last.words, place=last.place, source=SOURCE, eta=eta)
    return tuple(found), len(events) - len(found)


def _events(info: Mapping[str, Json]) -> Iterable[Mapping[str, Json]]:
    tracking = info.get("tracking")
    providers = tracking.get("providers") if isinstance(tracking, Mapping) else None
    for provider in providers if isinstance(providers, Sequence) and not isinstance(providers, str) else ():
        events = provider.get("events") if isinstance(provider, Mapping) else None
        for event in events if isinstance(events, Sequence) and not isinstance(events, str) else ():
            if isinstance(event, Mapping):
                yield event


def _scan(event: Mapping[str, Json]) -> Scan | None:
    at = _time(event.get("time_utc")) or _time(event.get("time_iso"))
    if at is None:
        return None
    words = _text(event.get("description"), 200)
    return Scan(
        at=at, status=_status(event, words), words=words, place=_text(event.get("location"), 100), source=SOURCE
    )


def _status(event: Mapping[str, Json], words: str) -> ScanStatus:
    for name in ("sub_status", "stage"):
        told = event.get(name)
        if isinstance(told, str) and told:
            known = _STATUSES.get(told) or _STATUSES.get(told.partition("_")[0])
            if known is not None and known is not ScanStatus.UNKNOWN:
                return known
    return status_of(words)


def _eta(info: Mapping[str, Json]) -> datetime | None:
    metrics = info.get("time_metrics")
    estimated = metrics.get("estimated_delivery_date") if isinstance(metrics, Mapping) else None
    return (_time(estimated.get("to")) or _time(estimated.get("from"))) if isinstance(estimated, Mapping) else None


def _time(told: Json) -> datetime | None:
    """None for a time without its zone too: a guessed one would move the parcel by hours."""
    if not isinstance(told, str) or len(told) > 40:
        return None
    try:
        at = datetime.fromisoformat(told)
        return at.astimezone(UTC) if at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _text(told: Json, most: int) -> str:
    return "".join(sign for sign in told if sign.isprintable())[:most] if isinstance(told, str) else ""
