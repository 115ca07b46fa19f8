"""A marketplace with real durations, the test's clock, and one seller who calls it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from shipby_local.simulator import Simulator
from tests.simulator.sim_support import Caller, Json, ManualClock, quick

SELLER = "7001"
PERIOD = {"date_from": "2020-01-01T00:00:00Z", "date_to": "2099-01-01T00:00:00Z"}


class Shop:
    """One seller at a marketplace whose time passes when the test says so."""

    def __init__(self, simulator: Simulator, clock: ManualClock, call: Caller) -> None:
        self.simulator, self.clock, self.call = simulator, clock, call

    def make(self, **spec: Any) -> str:
        return self.simulator.add_posting(SELLER, **spec)

    def wait(self, **duration: float) -> None:
        self.clock.moment += timedelta(**duration)

    def act(self, number: str, act: str, **body: Any) -> Json:
        answer: Json = self.call.control(f"postings/{number}", {"act": act, **body})
        return answer

    def cancel(self, number: str, reason: int = 352) -> None:
        self.call("/v2/posting/fbs/cancel", {"posting_number": number, "cancel_reason_id": reason})

    def errors(self) -> list[Json]:
        body = {"filter": PERIOD, "limit": 1000}
        found: list[Json] = self.call("/v1/rating/index/fbs/posting/list", body)["errors"]
        return found

    def index(self) -> Json:
        found: Json = self.call("/v1/rating/index/fbs/info")
        return found


@contextmanager
def opened(**settings: Any) -> Iterator[Shop]:
    """A shop; `handled_before` well-handled postings keep its index low."""
    clock = ManualClock()
    before = settings.pop("handled_before", 0)
    durations = {"ship_delay": 5, "label_delay": 50, "label_task_delay": 1, "delivery_seconds": 1000}
    with Simulator(quick(now=clock, **{**durations, **settings})) as simulator:
        caller = Caller(simulator.base_url, simulator.add_seller(client_id=SELLER))
        if before:
            caller.control("rating", {"client_id": SELLER, "handled_before": before})
        yield Shop(simulator, clock, caller)
        caller.close()
