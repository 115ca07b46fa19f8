"""One seller's account at 17TRACK over HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import urllib3
from urllib3.exceptions import HTTPError

from shipby.adapters.seventeentrack import contract
from shipby.domain.errors import CredentialsRejectedError, MarketplaceUnavailableError, RateLimitedError
from shipby.domain.json_types import Json, read_json
from shipby.domain.tracking.scans import Scan

TIMEOUT = 20.0
"""Seconds of one call."""
_LARGEST = 8_000_000


class SeventeenTrack:
    """Implements `TrackingService`. Calls are paced; both methods may be repeated."""

    def __init__(
        self,
        key: str,
        *,
        base_url: str = contract.BASE_URL,
        pool: urllib3.PoolManager | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._key = key
        self._base = base_url.rstrip("/") + contract.PATH
        self._pool = pool or urllib3.PoolManager(num_pools=1, maxsize=2)
        self._monotonic, self._sleep = monotonic, sleep
        self._free_at = 0.0

    def register(self, numbers: Sequence[str]) -> Mapping[str, str]:
        """Have numbers followed; "" where one is, else 17TRACK's words. Errors: see `TrackingService`."""
        found: dict[str, str] = {}
        for chunk in _chunks(numbers):
            accepted, rejected = self._call("register", [{"number": number} for number in chunk])
            found |= {str(entry.get("number")): "" for entry in accepted}
            found |= {
                number: "" if code == contract.ALREADY_REGISTERED else f"{message} ({code})"
                for number, code, message in map(_refusal, rejected)
            }
        return {number: found.get(number, "17TRACK did not answer for this number") for number in numbers}

    def read(self, numbers: Sequence[str]) -> Mapping[str, Sequence[Scan]]:
        """What is known of numbers; those that are not registered are missing. Errors: see `TrackingService`."""
        found: dict[str, Sequence[Scan]] = {}
        for chunk in _chunks(numbers):
            accepted, rejected = self._call("gettrackinfo", [{"number": number} for number in chunk])
            found |= {str(entry.get("number")): contract.read_entry(entry)[0] for entry in accepted}
            for number, code, _ in map(_refusal, rejected):
                if code == contract.NO_DATA_YET:
                    found[number] = ()
        return {number: found[number] for number in numbers if number in found}

    def _call(self, method: str, body: Json) -> tuple[list[Mapping[str, Json]], list[Mapping[str, Json]]]:
        self._wait()
        headers = {"17token": self._key, "Content-Type": "application/json"}
        try:
            answer = self._pool.request(
                "POST",
                self._base + method,
                body=json.dumps(body).encode(),
                headers=headers,
                timeout=urllib3.Timeout(total=TIMEOUT),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            raw = answer.read(_LARGEST + 1)
            answer.release_conn()
        except HTTPError as error:
            raise MarketplaceUnavailableError(f"17TRACK could not be reached for {method}: {error}") from error
        if answer.status == 429:
            raise RateLimitedError(f"17TRACK takes no more calls now ({method})")
        if answer.status in (401, 403):
            raise CredentialsRejectedError("17TRACK refuses the key: store another one in sellers/<seller>/17track")
        if answer.status != 200 or len(raw) > _LARGEST:
            raise MarketplaceUnavailableError(f"17TRACK answered {method} with {answer.status}, {len(raw)} bytes")
        return _split(raw, method)

    def _wait(self) -> None:
        now = self._monotonic()
        begin = max(now, self._free_at)
        self._free_at = begin + 1 / contract.CALLS_PER_SECOND
        if begin > now:
            self._sleep(begin - now)


def _split(raw: bytes, method: str) -> tuple[list[Mapping[str, Json]], list[Mapping[str, Json]]]:
    try:
        body = read_json(raw)
    except (ValueError, RecursionError) as error:
        raise MarketplaceUnavailableError(f"17TRACK answered {method} with no JSON") from error
    code = body.get("code") if isinstance(body, Mapping) else None
    if code in contract.KEY_REFUSED:
        raise CredentialsRejectedError("17TRACK refuses the key: store another one in sellers/<seller>/17track")
    if code in contract.QUOTA_USED_UP:
        raise RateLimitedError("the 17TRACK account's quota is used up: add to it in the account")
    data = body.get("data") if isinstance(body, Mapping) and code == 0 else None
    if not isinstance(data, Mapping):
        raise MarketplaceUnavailableError(f"17TRACK refused {method} with code {str(code)[:20]}")
    return _entries(data, "accepted"), _entries(data, "rejected")


def _entries(data: Mapping[str, Json], name: str) -> list[Mapping[str, Json]]:
    found = data.get(name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _refusal(entry: Mapping[str, Json]) -> tuple[str, int, str]:
    error = entry.get("error")
    told = error if isinstance(error, Mapping) else {}
    code = told.get("code")
    return str(entry.get("number")), code if isinstance(code, int) else 0, str(told.get("message") or "refused")[:200]


def _chunks(numbers: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(numbers), contract.AT_ONCE):
        yield numbers[start : start + contract.AT_ONCE]
