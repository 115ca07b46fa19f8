"""A seller's proof within the visits of the poll: a stint each, everything once a day, what changed every hour."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shipby.application.proof.prove import REPORT, go_on
from shipby.application.proof.walk import Walk, begin, forget, keep, kept
from shipby.domain.json_types import Json
from shipby.domain.skew import age, ahead

if TYPE_CHECKING:  # a round works with them, and calls this
    from shipby.application.polling.rounds import Task, Tools

PROVE_EVERY = timedelta(hours=1)
WHOLE_EVERY = timedelta(hours=24)
"""How often everything is proven; every hour in between only what has changed."""
FEW = 500
"""Postings of the window for whom everything is proven every hour: it takes seconds."""
STINT = timedelta(seconds=45)
"""What one visit spends on one seller's proof; the next visit goes on."""
OVERLAP = timedelta(hours=1)
"""What changed so long before the last proof's end is looked at again: clocks differ."""


class ProofUnfinishedError(Exception):
    """A proof that was asked for by hand is not at its end."""


def noted_at(row: Mapping[str, Json]) -> datetime:
    """When a report was made."""
    return datetime.fromisoformat(str(row["at"]))


def proof_is_old(seller: str, own: Tools) -> bool:
    now = own.clock.now()
    newest = own.store.report(seller, REPORT, now.date())
    return newest is None or age(noted_at(newest), now) > PROVE_EVERY


def prove_at_once(seller: str, task: Task, own: Tools, time_is_up: Callable[[], bool]) -> Json:
    """By hand: everything of the task's window, from its beginning. Raises ProofUnfinishedError."""
    walk = begin(seller, now=own.clock.now(), window=task.window, grace=task.grace)
    if not _go_on(walk, own, time_is_up):
        raise ProofUnfinishedError(
            f"the proof of seller {seller} has more to look at than one call can: the poll's visits go on with it, "
            f"see GET /v1/proof within the hour"
        )
    return _told(walk, own)


def prove_a_stint(seller: str, task: Task, own: Tools, time_is_up: Callable[[], bool]) -> Json:
    """Go on with the seller's run, or begin one; its report where it ends in this visit, None where in a later one."""
    began = own.clock.now()
    walk = kept(seller, store=own.store, now=began)
    resumed = walk is not None
    if walk is None:
        since = _changed_since(seller, own, began)
        walk = begin(seller, now=began, window=task.window, grace=task.grace, changed_since=since)
    if _go_on(walk, own, lambda: time_is_up() or own.clock.now() - began > STINT):
        view = _told(walk, own)
        if resumed:
            forget(seller, store=own.store, now=own.clock.now())
        return view
    own.log.info("proof goes on later", extra={"seller": seller, "step": walk.step, "seen": len(walk.seen)})
    return None


def _go_on(walk: Walk, own: Tools, time_is_up: Callable[[], bool]) -> bool:
    """Whether the run has ended; whatever ends a stint early, where it stands is kept."""
    ended, seller = False, walk.proof.seller
    try:
        ended = go_on(
            walk,
            store=own.store,
            marketplace=own.marketplaces.of(seller),
            clock=own.clock,
            time_is_up=time_is_up,
        )
    finally:
        if not ended:
            keep(walk, store=own.store)
    return ended


def _told(walk: Walk, own: Tools) -> Json:
    proof = walk.proof
    view = proof.view()
    if proof.changed_since is None:
        whole: Json = {
            "began": walk.began.isoformat(),
            "listed": proof.counts["marketplace_postings"],
            "green": proof.green,
        }
    else:
        before = _newest_proof(proof.seller, own)
        whole = before.get("whole") if before else None
    view |= {"whole": whole}
    own.store.save_report(proof.seller, REPORT, proof.at.date(), view)
    note = own.log.info if proof.green else own.log.error
    note("seller proven", extra={"seller": proof.seller, "green": proof.green, "findings": len(proof.findings)})
    return view


def _newest_proof(seller: str, own: Tools) -> Mapping[str, Json] | None:
    now = own.clock.now()
    rows = (own.store.report(seller, REPORT, (now - timedelta(days=back)).date()) for back in (0, 1))
    return next((row for row in rows if row is not None and not ahead(noted_at(row), now)), None)


def _changed_since(seller: str, own: Tools, now: datetime) -> datetime | None:
    """Since when changes are enough; None where everything is due: once a day, for a seller of few postings each time,
    and as long as anything was found."""
    newest = _newest_proof(seller, own)
    whole = newest.get("whole") if newest else None
    if newest is None or not isinstance(whole, Mapping) or not (newest["green"] and whole["green"]):
        return None
    few = int(str(whole["listed"])) <= FEW
    if few or age(datetime.fromisoformat(str(whole["began"])), now) >= WHOLE_EVERY:
        return None
    return datetime.fromisoformat(str(newest["until"])) - OVERLAP
