"""One round over all sellers: what the schedule asks for, and who failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from functions.marketplace_poll.wiring import Parts
from shipby.application.prove import GRACE, REPORT, WINDOW, prove
from shipby.application.reconcile import Reconciled, reconcile
from shipby.domain.errors import InvalidInputError
from shipby.domain.json_types import Json
from shipby.observability import error_fields, logger

PROVE_EVERY = timedelta(hours=1)
HEALTHY = "GREEN"


class RoundFailedError(Exception):
    """Some sellers could not be polled; the message names them and why. The others are done."""


@dataclass(frozen=True, slots=True)
class Task:
    """`poll` reconciles and proves now and then; `proof` only proves. `seller` empty = all."""

    name: str = "poll"
    seller: str = ""
    window: timedelta = WINDOW
    grace: timedelta = GRACE


def read_task(event: Mapping[str, Any]) -> Task:
    """The task of an invocation; a schedule's event has none and polls. Raises InvalidInputError."""
    name = event.get("task", "poll")
    if name not in ("poll", "proof"):
        raise InvalidInputError(f"there is no task {name!r}; there are poll and proof")
    try:
        window = timedelta(hours=float(event.get("window_hours", WINDOW / timedelta(hours=1))))
        grace = timedelta(seconds=float(event.get("grace_seconds", GRACE.total_seconds())))
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidInputError(f"window_hours and grace_seconds are numbers: {error}") from error
    return Task(name, str(event.get("seller") or ""), window, grace)


def in_turn(sellers: Sequence[str], now: datetime) -> list[str]:
    """Another seller first each time, so that a round cut short does not always miss the same ones."""
    first = int(now.timestamp() // 300) % len(sellers) if sellers else 0
    return [*sellers[first:], *sellers[:first]]


def run_round(task: Task, own: Parts, time_is_up: Callable[[], bool]) -> dict[str, Json]:
    """Visit every seller (or the one of the task); returns a summary.

    Raises RoundFailedError at the end if any seller failed or was not reached.
    """
    summary: dict[str, Json] = {}
    proofs: dict[str, Json] = {}
    failed: dict[str, str] = {}
    for seller in [task.seller] if task.seller else in_turn(own.store.sellers(), own.clock.now()):
        if time_is_up():
            failed[seller] = "not reached in time"
            continue
        try:
            if task.name == "poll":
                summary[seller] = _poll(seller, own)
            if task.name == "proof" or _proof_is_old(seller, own):
                proofs[seller] = _prove(seller, task, own)
        except Exception as error:  # one seller's failure must not stop the others; raised below
            about = error_fields(error)
            failed[seller] = about["code"]
            logger().error("seller not polled", extra={"seller": seller, **about})
    if failed:
        named = ", ".join(f"{seller} ({why})" for seller, why in failed.items())
        raise RoundFailedError(f"{task.name} failed for {named}; the log says more")
    return {"task": task.name, "sellers": summary, "proofs": proofs}


def _poll(seller: str, own: Parts) -> Json:
    done: Reconciled = reconcile(
        seller,
        store=own.store,
        marketplace=own.marketplaces.of(seller),
        queue=own.queue,
        clock=own.clock,
        look_back=own.look_back,
    )
    states = [url.state for url in done.push_health]
    view: dict[str, Json] = {"listed": done.listed, "queued": done.queued, "returns": done.returns, "push": states}
    note = logger().info if all(state == HEALTHY for state in states) else logger().warning
    note("seller polled", extra={"seller": seller, **view})
    return view


def _proof_is_old(seller: str, own: Parts) -> bool:
    now = own.clock.now()
    newest = own.store.report(seller, REPORT, now.date())
    return newest is None or now - datetime.fromisoformat(str(newest["at"])) > PROVE_EVERY


def _prove(seller: str, task: Task, own: Parts) -> Json:
    proof = prove(
        seller,
        store=own.store,
        marketplace=own.marketplaces.of(seller),
        clock=own.clock,
        window=task.window,
        grace=task.grace,
    )
    view = proof.view()
    own.store.save_report(seller, REPORT, proof.at.date(), view)
    note = logger().info if proof.green else logger().error
    note("seller proven", extra={"seller": seller, "green": proof.green, "findings": len(proof.findings)})
    return view
