"""What the simulator's tests share: a caller of the API, a receiver of pushes, the contract's schemas."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import jsonschema
import urllib3

from shipby_local.simulator import LabelStyle, SellerAccount, Simulator, SimulatorSettings
from tests.support import waiting

SHARED = Path(__file__).resolve().parents[3] / "shared" / "ozon"
"""Contract material beside the checkout; absent on a user's machine."""

Json = dict[str, Any]


class ManualClock:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment


TIME: Final = ManualClock()
"""The time of every `quick` marketplace. It moves while a test waits (`eventually`) and at no other moment: nothing
happens between two lines of a test, however slow the machine is."""
STEP: Final = timedelta(milliseconds=10)


def quick(**changes: Any) -> SimulatorSettings:
    """Settings of a marketplace that is about a thousand times faster than the real one."""
    chosen: Json = {
        "now": TIME,
        "engine_interval": 0.02,
        "ship_delay": 0.05,
        "registration_delay": 0.05,
        "label_delay": 0.1,
        "exemplar_check_delay": 0.05,
        "label_task_delay": 0.02,
        "label_style": LabelStyle.OLD,
        "carriage_document_delay": 0.05,
        "cargo_job_delay": 0.02,
        "delivery_seconds": 0.2,
        "push_time_scale": 0.01,
        "rate_limit_per_second": 10_000,
    }
    return SimulatorSettings(**{**chosen, **changes})


class Caller:
    """Calls methods as a seller; keeps every answer for checks."""

    def __init__(self, base_url: str, seller: SellerAccount) -> None:
        self.base_url = base_url
        self.seller = seller
        self.answers: list[tuple[str, Any]] = []
        self.headers: dict[str, str] = {}
        self._pool = urllib3.PoolManager(retries=False, timeout=waiting.LONGEST)

    def __call__(self, path: str, body: Json | None = None, *, expect: int = 200, **headers: str) -> Any:
        """One call; fails unless the status is the expected one."""
        sent = {
            "Client-Id": self.seller.client_id,
            "Api-Key": self.seller.api_key,
            "Content-Type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        response = self._pool.request("POST", self.base_url + path, body=json.dumps(body or {}), headers=sent)
        answer = json.loads(response.data) if response.data else None
        assert response.status == expect, (path, response.status, answer)
        self.headers = dict(response.headers)
        if expect == 200:
            self.answers.append((path, answer))
        return answer

    def control(self, path: str, body: Json | None = None, *, expect: int = 200) -> Any:
        """A control call; GET without a body."""
        method = "GET" if body is None else "POST"
        response = self._pool.request(method, f"{self.base_url}/_sim/{path}", body=json.dumps(body) if body else b"")
        answer = json.loads(response.data)
        assert response.status == expect, answer
        return answer

    def file(self, url: str) -> tuple[int, bytes]:
        """A file of the marketplace."""
        response = self._pool.request("GET", url)
        return response.status, response.data

    def posting(self, number: str, **wanted: bool) -> Json:
        """`/v3/posting/fbs/get` with the wanted parts."""
        result: Json = self("/v3/posting/fbs/get", {"posting_number": number, "with": wanted})["result"]
        return result

    def ship(self, number: str) -> Json:
        """Ships all products in one package."""
        products = [
            {"product_id": product["sku"], "quantity": product["quantity"]}
            for product in self.posting(number)["products"]
        ]
        answer: Json = self("/v4/posting/fbs/ship", {"posting_number": number, "packages": [{"products": products}]})
        return answer

    def wait_for(self, number: str, status: str) -> Json:
        """Waits until a posting has a status."""
        eventually(lambda: self.posting(number)["status"] == status)
        return self.posting(number)

    def labels(self, *numbers: str) -> Json:
        """Creates labels and waits for the end of the big-label job."""
        tasks = self("/v3/posting/fbs/package-label/create", {"posting_numbers": list(numbers)})["tasks"]
        task = next(task["task_id"] for task in tasks if task["task_type"] == "big_label")

        def answer() -> Json:
            found: Json = self("/v2/posting/fbs/package-label/get", {"task_id": task})
            return found

        eventually(lambda: answer()["status"]["code"] not in {"pending", "in_progress"})
        return answer()

    def close(self) -> None:
        """Closes all connections."""
        self._pool.clear()


def eventually(condition: Callable[[], bool]) -> None:
    """Lets the marketplace's time pass until a condition is true; fails if it never is."""

    def look() -> bool:
        if condition():
            return True
        TIME.moment += STEP
        return False

    waiting.eventually(look, every=0.002)


class PushReceiver:
    """A seller's webhook: keeps what comes and answers as told."""

    def __init__(self) -> None:
        self.bodies: list[Json] = []
        self.status = 200
        self.delay = 0.0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                time.sleep(receiver.delay)
                receiver.bodies.append(body)
                if body["message_type"] == "TYPE_PING":
                    answer: Json = {"version": "1.0", "name": "test", "time": "2026-01-01T00:00:00Z"}
                else:
                    answer = {"result": True}
                self.send_response(receiver.status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, format: str, *args: Any) -> None:
                """Silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/ozon/push/token"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def of(self, kind: str) -> list[Json]:
        """Bodies of one type, in order of arrival."""
        return [body for body in self.bodies if body["message_type"] == kind]

    def close(self) -> None:
        """Stops listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Contract:
    """Response schemas of the official description, made strict: no unknown fields, no missing ones."""

    def __init__(self, document: Json) -> None:
        self._paths = document["paths"]
        self._components = _strict(deepcopy(document["components"]))
        self._formats = jsonschema.FormatChecker(formats=())
        self._formats.checks("date-time", raises=ValueError)(_is_instant)

    def complaints(self, path: str, answer: Any) -> set[tuple[str, str, str]]:
        """(path, place in the answer, kind of complaint) for everything that differs from the schema."""
        content = self._paths[path]["post"]["responses"]["200"].get("content")
        if content is None:
            # An empty message of the gateway's protocol is written as {}.
            return set() if answer in (None, {}) else {(path, "", "has a body")}
        schema = {"components": self._components, **next(iter(content.values()))["schema"]}
        validator = jsonschema.Draft202012Validator(schema, format_checker=self._formats)
        found: set[tuple[str, str, str]] = set()
        for error in validator.iter_errors(answer):
            place = ".".join("[]" if isinstance(step, int) else str(step) for step in error.absolute_path)
            if error.instance is None:
                found.add((path, place, "null"))
            elif error.validator == "additionalProperties":
                known = error.schema["properties"]
                found |= {(path, f"{place}.{name}", "unknown") for name in error.instance if name not in known}
            elif error.validator == "required":
                found |= {
                    (path, f"{place}.{name}", "missing") for name in error.validator_value if name not in error.instance
                }
            else:
                found.add((path, place, str(error.validator)))
        return found


def _is_instant(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def _strict(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: _strict(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type", "object") == "object":
        schema["required"] = list(schema["properties"])
        schema["additionalProperties"] = False
    if schema.pop("nullable", False):
        schema["type"] = [schema["type"], "null"]
    return schema


def running(settings: SimulatorSettings) -> Simulator:
    """A started simulator."""
    return Simulator(settings).start()
