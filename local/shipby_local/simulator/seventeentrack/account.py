"""17TRACK as its description says: register, gettrackinfo, pushes. Whoever tests it says what happens, and when.

It knows nothing that the description does not say; see `shipby.adapters.seventeentrack.contract`. What it invents: the
carrier it detects (0) and the texts of its refusals, but for the codes.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from shipby.adapters.seventeentrack import contract

_NUMBER = re.compile(r"[0-9A-Za-z-]{5,50}")
INVALID, NOT_REGISTERED, TOO_MANY, WRONG_KEY = -18010012, -18019902, -18010010, -18010002


@dataclass(slots=True)
class SeventeenTrackSimulator:
    """One account. `fail` makes the next calls answer with these statuses."""

    key: str
    quota: int = 100_000
    registered: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Number -> its events, oldest first."""
    calls: list[tuple[str, int]] = field(default_factory=list)
    """Method and how many numbers."""
    fail: list[int] = field(default_factory=list)
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        assert self._server is not None, "start it first"  # noqa: S101  # a mistake of the test
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def happens(self, number: str, at: datetime, sub_status: str, words: str, place: str = "") -> None:
        """The carrier says something of a number."""
        stage = {"InTransit_PickedUp": "PickedUp", "Delivered_Other": "Delivered"}.get(sub_status)
        event = {
            "time_iso": at.isoformat(),
            "time_utc": at.isoformat(),
            "description": words,
            "location": place or None,
            "stage": stage,
            "sub_status": sub_status,
        }
        self.registered.setdefault(number, []).append(event)

    def entry(self, number: str, eta: datetime | None = None) -> dict[str, Any]:
        """What `gettrackinfo` and pushes say of a number: the newest event first."""
        events = self.registered[number][::-1]
        latest = str(events[0]["sub_status"]) if events else "NotFound_Other"
        return {
            "number": number,
            "carrier": 0,
            "param": None,
            "tag": "",
            "track_info": {
                "latest_status": {"status": latest.partition("_")[0], "sub_status": latest},
                "latest_event": events[0] if events else None,
                "time_metrics": {
                    "estimated_delivery_date": {"source": None, "from": None, "to": eta.isoformat() if eta else None}
                },
                "tracking": {"providers": [{"provider": {"key": 0}, "events": events}]},
            },
        }

    def push(self, number: str, event: str = contract.UPDATED, eta: datetime | None = None) -> tuple[bytes, str]:
        """The raw body of a push and its header `sign`."""
        raw = json.dumps({"event": event, "data": self.entry(number, eta)}, ensure_ascii=False).encode()
        return raw, contract.signature(raw, self.key)

    def answer(self, method: str, key: str, body: object) -> tuple[int, Mapping[str, object]]:
        """HTTP status and body of a call."""
        if self.fail:
            return self.fail.pop(0), {}
        if key != self.key:
            return 401, {
                "code": WRONG_KEY,
                "data": {"errors": [{"code": WRONG_KEY, "message": "Wrong key."}]},
            }
        if not isinstance(body, Sequence) or isinstance(body, str) or not 1 <= len(body) <= contract.AT_ONCE:
            return 200, {"code": TOO_MANY, "data": {"errors": [{"code": TOO_MANY, "message": "1 to 40 numbers."}]}}
        self.calls.append((method, len(body)))
        accepted: list[object] = []
        rejected: list[object] = []
        for item in body:
            number = str(item.get("number")) if isinstance(item, Mapping) else ""
            code = self._refusal(method, number)
            if code:
                rejected.append({"number": number, "error": {"code": code, "message": f"refused with {code}"}})
            elif method == "register":
                self.quota -= 1
                self.registered[number] = []
                accepted.append({"origin": 1, "number": number, "carrier": 0})
            else:
                accepted.append(self.entry(number))
        return 200, {"code": 0, "data": {"accepted": accepted, "rejected": rejected}}

    def _refusal(self, method: str, number: str) -> int:
        if not _NUMBER.fullmatch(number):
            return INVALID
        if method == "register":
            if number in self.registered:
                return contract.ALREADY_REGISTERED
            return min(contract.QUOTA_USED_UP) if self.quota <= 0 else 0
        if number not in self.registered:
            return NOT_REGISTERED
        return 0 if self.registered[number] else contract.NO_DATA_YET


def _handler(account: SeventeenTrackSimulator) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            method = self.path.removeprefix(contract.PATH)
            if method not in ("register", "gettrackinfo"):
                status, body = 404, {}
            else:
                status, told = account.answer(method, self.headers.get("17token", ""), json.loads(raw))
                body = dict(told)
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:  # the name of the standard library
            """Quiet."""

    return Handler
