"""Makes time pass: does the scheduled work that has become due."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from shipby_local.simulator import words
from shipby_local.simulator.desks.carriages import CarriageDesk
from shipby_local.simulator.desks.goods import GoodsDesk
from shipby_local.simulator.desks.returns import ReturnDesk
from shipby_local.simulator.labels.drawing import finish_task
from shipby_local.simulator.market import Market
from shipby_local.simulator.model import Due, Posting
from shipby_local.simulator.pushes.health import judge_addresses

_LOG: Final = logging.getLogger(__name__)


class Engine:
    """Runs due work in order of its time; from its own thread and before every answer."""

    def __init__(self, market: Market, desk: ReturnDesk) -> None:
        self._market = market
        self._world = market.world
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="simulator-engine", daemon=True)
        self._posting_work: dict[str, Callable[[Posting, Due], object]] = {
            "create": lambda posting, _: market.appear(posting),
            "assembled": lambda posting, _: market.assemble(posting),
            "registered": lambda posting, _: market.register(posting),
            "pickup_point": self._reach_pickup_point,
            "delivered": lambda posting, _: market.deliver(posting, "delivery"),
            "buyer_cancel": lambda posting, due: market.buyer_cancels(
                posting, str(due.data.get("message", "")), as_request=bool(due.data.get("as_request"))
            ),
            "marketplace_cancel": lambda posting, due: market.marketplace_cancels(
                posting, force=bool(due.data.get("force")), overdue=bool(due.data.get("overdue"))
            ),
            "move_cutoff": self._move_cutoff,
            "clear_cutoff": self._clear_cutoff,
            "overdue": lambda posting, due: market.overdue(posting, due.at),
            "given_up": lambda posting, due: market.give_up(posting, due.at),
            "reported": lambda posting, due: market.report(posting, str(due.data["action"])),
            "unreported": lambda posting, due: market.give_up_unreported(posting, due.at),
            "move_delivery": lambda posting, due: market.move_delivery(
                posting, timedelta(seconds=float(due.data["by_seconds"]))
            ),
        }

        self._other_work: dict[str, Callable[[str], object]] = {
            "label_task": lambda key: finish_task(market, key),
            "cargo_job": CarriageDesk(market).finish_job,
            "approve_return": desk.approve_by_itself,
            "approve_goods_return": GoodsDesk(market).approve_by_itself,
            "approve_cancellation": self._approve_cancellation,
            "push_night": self._night,
            "ping": self._ping,
        }

    def start(self) -> None:
        """Starts the clockwork."""
        self._thread.start()

    def stop(self) -> None:
        """Stops it and waits for the running step."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def run_due(self) -> int:
        """Does everything due now, oldest first, and says how much it was."""
        done = 0
        with self._world.change():
            while (due := self._world.take_due()) is not None:
                try:
                    self._do(due)
                except Exception:
                    # Time must not stand still because of one bad entry; the books show that there was one.
                    _LOG.exception("%s of %s failed", due.kind, due.target)
                    self._world.tally("internal_errors")
                done += 1
        return done

    def _loop(self) -> None:
        while not self._stop.wait(self._world.settings.engine_interval):
            self.run_due()

    def _do(self, due: Due) -> None:
        if due.kind in self._posting_work:
            posting = self._world.postings.get(due.target)
            if posting is not None:
                self._posting_work[due.kind](posting, due)
            return
        self._other_work[due.kind](due.target)

    def _approve_cancellation(self, key: str) -> None:
        request = self._world.cancellations.get(key)
        if request is not None and request.state == "ON_APPROVAL":
            self._market.decide(request, "APPROVED", "")

    def _night(self, target: str) -> None:
        judge_addresses(self._world)
        self._world.schedule(self._world.later(self._world.settings.push_health_period_seconds), "push_night", target)

    def _ping(self, key: str) -> None:
        endpoint = self._world.endpoints.get(key)
        if endpoint is not None:
            if endpoint.enabled:
                self._market.outbox.ping(endpoint)
            self._world.schedule(self._world.later(self._world.settings.push_ping_seconds), "ping", key)

    def _reach_pickup_point(self, posting: Posting, _due: Due) -> None:
        if posting.status == words.DELIVERING:
            self._market.become(posting, words.DELIVERING, "posting_in_pickup_point", "delivery")

    def _move_cutoff(self, posting: Posting, due: Due) -> None:
        if posting.handed_over_at is None and posting.status not in words.TERMINAL:
            to = posting.shipment_date + timedelta(seconds=float(due.data["by_seconds"]))
            self._market.move_cutoff(posting, to, "ozon")

    def _clear_cutoff(self, posting: Posting, _due: Due) -> None:
        if posting.handed_over_at is None and posting.status not in words.TERMINAL:
            self._market.clear_cutoff(posting, "ozon")
