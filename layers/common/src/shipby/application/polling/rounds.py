"""One round over all sellers: what is asked for, whose turn it is, and who failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from shipby.application.alarms.decide_again import decide_held
from shipby.application.alarms.mend_alarms import mend_alarms
from shipby.application.cancels.sync import sync_cancel_requests
from shipby.application.cases.odd_entries import noting
from shipby.application.cases.watch_account import note_rejected_key, unhealthy, watch_account
from shipby.application.evidence.claim_hints import watch_chats
from shipby.application.polling.list_memory import ListMemory
from shipby.application.polling.list_parts import look_through
from shipby.application.polling.proof_stints import noted_at, proof_is_old, prove_a_stint, prove_at_once
from shipby.application.ports.clock import Clock
from shipby.application.ports.marketplace import Marketplace, Marketplaces
from shipby.application.ports.messages import WorkQueue
from shipby.application.ports.store import Store
from shipby.application.proof import audit_open_orders as audits
from shipby.application.proof.walk import GRACE, WINDOW
from shipby.application.rating.index_figures import NOT_PERMITTED
from shipby.application.refunds.compare_accruals import compare_accruals
from shipby.application.returns.poll import PolledReturns, poll_returns
from shipby.application.returns.reason_report import refresh_reasons
from shipby.application.shared.loggable import error_fields
from shipby.application.shared.troubles import Troubles
from shipby.application.tracking.watch_silence import REPORT as SILENCE
from shipby.application.tracking.watch_silence import silence_is_due, watch_silence
from shipby.domain import actors
from shipby.domain.errors import (
    ActionNotOfferedError,
    CredentialsRejectedError,
    InvalidInputError,
    MarketplaceRefusedError,
)
from shipby.domain.json_types import Json
from shipby.domain.sellers.settings import Automation, SellerSettings
from shipby.domain.skew import ahead

CHANGED_WITHIN = timedelta(days=7)
"""How far back the first visit after a pause asks for old postings that have changed."""
CHANGED_OVERLAP = timedelta(hours=1)
"""Every visit asks for what changed since the one before, and this much more: a visit may fail, and clocks differ."""
VISIT_EVERY = timedelta(minutes=5)
VISIT_UNHEALTHY_EVERY = timedelta(minutes=1)
"""While pushes do not arrive as they should, the poll is all that finds new postings."""
SLACK = timedelta(seconds=20)
"""A schedule is not exact to the second; without it every other tick would come a moment too early."""
POLL_REPORT = "poll"
"""The seller's newest round: one small row a day, overwritten by each round, so that the pace costs one write."""
FAILED = "failed"
"""What a round's view says of a task that failed; the error that ends the round names why."""
_NAMED = 10
"""How many odd entries one line of the log names; each has its case."""
TASKS = ("poll", "proof", "audit", "reasons")


class Log(Protocol):
    """The half of `logging.Logger` that is used. `extra` names what the line is about; never a value of a person."""

    def info(self, message: str, /, *, extra: Mapping[str, object]) -> None: ...
    def warning(self, message: str, /, *, extra: Mapping[str, object]) -> None: ...
    def error(self, message: str, /, *, extra: Mapping[str, object]) -> None: ...


@dataclass(frozen=True, slots=True)
class Tools:
    """What a round works with."""

    store: Store
    marketplaces: Marketplaces
    queue: WorkQueue
    clock: Clock
    look_back: timedelta
    """How far back the marketplace's lists are read."""
    log: Log
    memory: ListMemory = field(default_factory=ListMemory)
    """Lives as long as the process."""


class RoundFailedError(Exception):
    """Something of some sellers failed; the message names them, what, and why. Everything else is done."""


@dataclass(frozen=True, slots=True)
class Task:
    """`poll` does all that is due, `proof` only proves, `audit` only audits, `reasons` makes today's reason analysis
    and what is due of it. `seller` empty = all.

    `paced` (the schedule's own events): only sellers whose turn it is.
    """

    name: str = "poll"
    seller: str = ""
    window: timedelta = WINDOW
    grace: timedelta = GRACE
    paced: bool = False


@dataclass(slots=True)
class _Round:
    """What a round brings together."""

    sellers: dict[str, Json] = field(default_factory=dict)
    proofs: dict[str, Json] = field(default_factory=dict)
    audits: dict[str, Json] = field(default_factory=dict)
    reasons: dict[str, Json] = field(default_factory=dict)
    """Seller -> days whose reason analysis was made anew."""
    rejected: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


def read_task(event: Mapping[str, Any]) -> Task:
    """The task of an invocation; a schedule's event has none and polls at its pace. Raises InvalidInputError."""
    name = event.get("task", "poll")
    if name not in TASKS:
        raise InvalidInputError(f"there is no task {name!r}; there are {', '.join(TASKS)}")
    try:
        window = timedelta(hours=float(event.get("window_hours", WINDOW / timedelta(hours=1))))
        grace = timedelta(seconds=float(event.get("grace_seconds", GRACE.total_seconds())))
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidInputError(f"window_hours and grace_seconds are numbers: {error}") from error
    return Task(name, str(event.get("seller") or ""), window, grace, paced="task" not in event)


def in_turn(sellers: Sequence[str], now: datetime) -> list[str]:
    """Another seller first each time, so that a round cut short does not always miss the same ones."""
    first = int(now.timestamp() // 60) % len(sellers) if sellers else 0
    return [*sellers[first:], *sellers[:first]]


def run_round(task: Task, own: Tools, time_is_up: Callable[[], bool]) -> dict[str, Json]:
    """Visit every seller whose turn it is (or the one of the task); returns a summary.

    A rejected key is the seller's matter: it is told once, with a case, and does not make the round fail. A task that
    fails ends no other one, of its seller or of another. Raises RoundFailedError at the end if any failed, or a seller
    was not reached.
    """
    done = _Round()
    sellers = [task.seller] if task.seller else in_turn(own.store.sellers(), own.clock.now())
    troubles = {seller: Troubles() for seller in sellers}
    visited: list[str] = []
    for seller in sellers:
        if time_is_up():
            done.failed[seller] = "not reached in time"
            continue
        with _alone(task.name, troubles[seller]):
            if _visit(seller, task, own, done, troubles[seller], time_is_up):
                visited.append(seller)
    # What looks at everything of a seller comes when every seller's lists were read.
    for index, seller in enumerate(visited):
        if time_is_up():
            own.log.warning("left to the next visit", extra={"sellers": visited[index:]})
            break
        with _alone(task.name, troubles[seller]):
            _look_after(seller, task, own, done, troubles[seller], time_is_up)
    _tell(done, troubles, own)
    if done.failed:
        named = ", ".join(f"{seller} ({why})" for seller, why in done.failed.items())
        raise RoundFailedError(f"{task.name} failed for {named}; the log says more")
    return {
        "task": task.name,
        "sellers": done.sellers,
        "proofs": done.proofs,
        "audits": done.audits,
        "reasons": done.reasons,
        "rejected": done.rejected,
    }


@contextmanager
def _alone(name: str, troubles: Troubles) -> Iterator[None]:
    """One seller's failure must not stop the others."""
    try:
        yield
    except Exception as error:  # whatever it is; told at the end
        troubles.found.append((name, error))


def _tell(done: _Round, troubles: Mapping[str, Troubles], own: Tools) -> None:
    for seller, one in troubles.items():
        told = [(what, error_fields(error)) for what, error in one.found]
        for what, about in told:
            own.log.error("seller not polled", extra={"seller": seller, "what": what, **about})
        if told:
            done.failed[seller] = "; ".join(f"{what}: {about['code']}" for what, about in told)


def _visit(
    seller: str, task: Task, own: Tools, done: _Round, troubles: Troubles, time_is_up: Callable[[], bool]
) -> bool:
    """Whether it was the seller's turn, so that everything else is looked after as well."""
    if task.name == "proof":
        done.proofs[seller] = prove_at_once(seller, task, own, time_is_up)
    elif task.name == "audit":
        done.audits[seller] = _audit(seller, own)
    elif task.name == "reasons":
        done.reasons[seller] = _reasons(seller, own, at_once=True)
    elif not task.paced or _is_due(seller, own):
        with troubles.of("poll"):
            try:
                done.sellers[seller] = _poll(seller, own, troubles, at_once=not task.paced)
            except CredentialsRejectedError as error:
                # Rejected in the middle, whatever asked: nothing can be read until there is another key.
                note_rejected_key(seller, str(error), store=own.store, now=own.clock.now())
                done.rejected.append(seller)
                own.log.error("seller's key rejected", extra={"seller": seller, **error_fields(error)})
        return True
    return False


def _look_after(
    seller: str, task: Task, own: Tools, done: _Round, troubles: Troubles, time_is_up: Callable[[], bool]
) -> None:
    with troubles.of("proof"):
        if seller not in done.rejected and proof_is_old(seller, own):
            mend_alarms(seller, store=own.store, clock=own.clock)
            view = prove_a_stint(seller, task, own, time_is_up)
            if view is not None:
                done.proofs[seller] = view
    with troubles.of("audit"):
        if audits.audit_is_due(seller, store=own.store, clock=own.clock):
            done.audits[seller] = _audit(seller, own)
    with troubles.of("silence"):
        if silence_is_due(seller, store=own.store, clock=own.clock):
            watched = watch_silence(seller, store=own.store, clock=own.clock)
            from shipby.application.tracking.choosing import learned  # once a day: cold starts

            learned.learn_again(seller, bool(watched["looked"]), store=own.store, clock=own.clock)
            own.store.save_report(seller, SILENCE, own.clock.now().date(), watched)
    settings = own.store.settings(seller)
    with troubles.of("stock"):
        _compare_stock(seller, settings, own)
    with troubles.of("buyer chats"):
        if seller not in done.rejected and settings is not None and settings.messages.read is not Automation.OFF:
            _read_buyers(seller, own)
    with troubles.of("morning"):
        from shipby.application.figures.morning import keep_morning  # once a day: cold starts

        keep_morning(seller, store=own.store, clock=own.clock)
    with troubles.of("reasons"):
        done.reasons[seller] = _reasons(seller, own)


def _read_buyers(seller: str, own: Tools) -> None:
    """A push may get lost: what buyers wrote is looked for at every visit, in chats that are unread."""
    from shipby.application.messages.read_chats import read_buyer_chats  # only where buyers are read: cold starts

    chats = own.marketplaces.of(seller).chats
    read = read_buyer_chats(seller, store=own.store, chats=chats, clock=own.clock)
    own.log.info("buyers' chats read", extra={"seller": seller, **read.view()})


def _compare_stock(seller: str, settings: SellerSettings | None, own: Tools) -> None:
    """Once a day, of a shop that sells from pools: the tracking worker looks."""
    if settings is None or not settings.stock_pools:
        return
    from shipby.application.availability import compare

    if compare.is_due(seller, store=own.store, clock=own.clock):
        compare.ask(seller, actors.MARKETPLACE_POLL, lambda _: [], store=own.store, clock=own.clock)


def _reasons(seller: str, own: Tools, *, at_once: bool = False) -> Json:
    return [day.isoformat() for day in refresh_reasons(seller, store=own.store, clock=own.clock, at_once=at_once)]


def _last_round(seller: str, own: Tools, now: datetime) -> Mapping[str, Json] | None:
    # Yesterday's row still counts in the first minutes of a day; what a wrong clock noted ahead counts never.
    rows = (own.store.report(seller, POLL_REPORT, day) for day in (now.date(), (now - VISIT_EVERY).date()))
    return next((row for row in rows if row is not None and not ahead(noted_at(row), now)), None)


def _is_due(seller: str, own: Tools) -> bool:
    now = own.clock.now()
    row = _last_round(seller, own, now)
    if row is None:
        return True
    pace = VISIT_UNHEALTHY_EVERY if unhealthy(str(row["push"])) else VISIT_EVERY
    return now - noted_at(row) >= pace - SLACK


def _poll(seller: str, own: Tools, troubles: Troubles, *, at_once: bool) -> Json:
    began = own.clock.now()
    before = _last_round(seller, own, began)
    # Noted as it begins: another round that starts meanwhile leaves this seller alone.
    known = str(before["push"]) if before else ""
    own.store.save_report(seller, POLL_REPORT, began.date(), {"at": began.isoformat(), "push": known})
    marketplace = own.marketplaces.of(seller)
    with noting() as odd:
        since = (noted_at(before) if before else began - CHANGED_WITHIN) - CHANGED_OVERLAP
        view = _tasks(seller, marketplace, own, troubles, known=known, began=began, changed_from=since, at_once=at_once)
    aside = [entry for entry in odd if not entry.kept]
    view["odd_entries"] = len({entry.subject for entry in aside})
    if odd:
        named = [f"{entry.subject}: {entry.problem}" for entry in aside[:_NAMED]]
        own.log.warning("entries not read whole", extra={"seller": seller, "fields": len(odd), "set_aside": named})
    return view


def _tasks(
    seller: str,
    marketplace: Marketplace,
    own: Tools,
    troubles: Troubles,
    *,
    known: str,
    began: datetime,
    changed_from: datetime,
    at_once: bool,
) -> dict[str, Json]:
    """All that a visit does with the marketplace, each for itself."""
    done = look_through(seller, own, marketplace, troubles, changed_from, at_once=at_once)
    polled = PolledReturns(0, None, 0)
    with troubles.of("returns"):
        polled = poll_returns(seller, store=own.store, marketplace=marketplace, queue=own.queue, clock=own.clock)
    account = watch_account(
        seller, store=own.store, marketplace=marketplace, clock=own.clock, at_once=at_once, troubles=troubles
    )
    if account.push not in ("", known):  # the next round's pace hangs on it
        own.store.save_report(seller, POLL_REPORT, began.date(), {"at": began.isoformat(), "push": account.push})
    view: dict[str, Json] = {
        "listed": done.listed,
        "queued": done.queued,
        "returns": polled.rfbs,
        "goods_returns": NOT_PERMITTED if polled.goods is None else polled.goods,
        "cancel_requests": FAILED,
        **account.view(),
        "held": FAILED,
        "chats": FAILED,
        "accruals": FAILED,
    }
    with troubles.of("cancel requests"):
        view["cancel_requests"] = _cancel_requests(seller, marketplace, own)
    with troubles.of("held decisions"):
        view["held"] = dict(decide_held(seller, store=own.store, clock=own.clock))
    with troubles.of("chats"):
        chats = watch_chats(seller, store=own.store, chats=marketplace.chats, clock=own.clock, at_once=at_once)
        view["chats"] = chats.view()
    with troubles.of("accruals"):
        view["accruals"] = _accruals(seller, marketplace, own, at_once=at_once)
    note = own.log.warning if unhealthy(account.push) else own.log.info
    note("seller polled", extra={"seller": seller, **view})
    return view


def _cancel_requests(seller: str, marketplace: Marketplace, own: Tools) -> Json:
    """How many wait for an answer. Everything else was read with the same key: one that may not call this is no
    failure."""
    try:
        return sync_cancel_requests(seller, store=own.store, marketplace=marketplace, clock=own.clock).waiting
    except (CredentialsRejectedError, ActionNotOfferedError):
        return NOT_PERMITTED


def _accruals(seller: str, marketplace: Marketplace, own: Tools, *, at_once: bool) -> Json:
    """What a day's comparison with the marketplace's charges found; as above, a key may lack these methods."""
    try:
        done = compare_accruals(seller, store=own.store, marketplace=marketplace, clock=own.clock, at_once=at_once)
    except (CredentialsRejectedError, ActionNotOfferedError, MarketplaceRefusedError):
        return NOT_PERMITTED
    if done.ran and done.differing:
        own.log.warning("ledgers and accruals differ", extra={"seller": seller, **done.view()})
    return done.view() if done.ran else None


def _audit(seller: str, own: Tools) -> Json:
    report = audits.audit_open_orders(seller, store=own.store, clock=own.clock)
    view = report.view()
    own.store.save_report(seller, audits.REPORT, report.at.date(), view)
    own.log.info("open orders audited", extra={"seller": seller, "checked": report.checked, "opened": report.opened})
    return view
