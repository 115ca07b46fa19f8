"""Inspecting goods before they are packed. A unit that fails is out in the same call, and another one is fetched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Protocol

from shipby.application.cases.opening import opening
from shipby.application.packing.bench_checks import Bench, begin_anew, load_bench
from shipby.application.ports.clock import Clock
from shipby.application.ports.matters import Cases
from shipby.application.ports.papers import BenchReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveBenchCheck, SaveBenchRow, SavePosting, Write
from shipby.application.postings.views import posting_view
from shipby.application.postings.work_posting import check_version
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.people import same_person
from shipby.application.shared.retry import decide_anew, or_decide_anew
from shipby.application.shared.views import time_text
from shipby.domain.cases.case import CaseKind
from shipby.domain.deadlines.workflow import Command, Step, block, carry_out, take_another_unit
from shipby.domain.errors import BenchRefusedError, InvalidInputError
from shipby.domain.events import Event, EventType, StoredEvent, posting_ref
from shipby.domain.evidence.pieces import EvidenceKind
from shipby.domain.json_types import Json
from shipby.domain.packing.exemplars import pieces_of
from shipby.domain.packing.quality import InspectionWanted, QualityFailure, ScoreOf, find_inspection, no_scores
from shipby.domain.postings.posting import Posting, StockMark
from shipby.domain.sellers.owners import owner_of


@dataclass(frozen=True, slots=True)
class TakenOut:
    """What the stock says of units that left it: how many more there are (None: nobody keeps count), what records the
    movement in the caller's transaction, and what the posting has now where its goods are reserved."""

    left: int | None = None
    writes: tuple[Write, ...] = ()
    mark: StockMark | None = None
    events: tuple[Event, ...] = ()


class QualityStock(Protocol):
    """Where units that failed go: from what may be sold into quarantine."""

    def take_out(self, failure: QualityFailure, *, posting: Posting) -> TakenOut: ...


class NoStock:
    """Where the seller keeps no stock here: another unit is there until somebody says that none is."""

    def take_out(self, failure: QualityFailure, *, posting: Posting) -> TakenOut:  # noqa: ARG002 - nothing is kept
        return TakenOut()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """The result. With `sku` these units failed and others are fetched; a failure without one blocks the posting."""

    seller: str
    number: str
    actor: str
    passed: bool
    reason: str = ""
    sku: str = ""
    pieces: int = 1
    if_match: int | None = None
    stock: QualityStock = field(default_factory=NoStock)
    score_of: ScoreOf = no_scores


def inspect_posting(inspection: Inspection, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Note the result of an inspection, in one transaction with all that follows from it.

    Units that failed are out: the stock is told, their supplier's list has them, the scans begin anew, and the posting
    is picked again; where no unit is left it is blocked as short, with a case. Raises NotFoundError,
    PreconditionFailedError, StageMismatchError, ActionNotOfferedError, InvalidInputError (no reason, other goods, more
    pieces than there are), BenchRefusedError (`same_person`, `photo_needed`).
    """

    def once() -> Answer:
        bench = load_bench(store, inspection.seller, inspection.number)
        parcel = bench.parcel
        posting = parcel.posting
        check_version(posting, inspection.if_match)
        now, ref = clock.now(), posting_ref(inspection.number)
        rules = bench.settings.inspections
        wanted = find_inspection(posting.number, parcel.detail, parcel.cards, rules, inspection.score_of)
        step = carry_out(
            posting,
            Command.INSPECT,
            at=now,
            actor=inspection.actor,
            reason=inspection.reason,
            passed=inspection.passed,
        )
        _check_inspector(inspection, bench, wanted, store)
        writes: list[Write] = []
        if not inspection.passed and inspection.sku:
            step, writes = _replace_units(inspection, bench, store, now)
        answer = Answer(200, posting_view(step.posting))
        appended = AppendEvents(inspection.seller, ref, step.posting.version, step.events)
        with or_decide_anew(f"a case about {inspection.number} was opened meanwhile: read it again"):
            store.commit([SavePosting(step.posting), appended, *writes, *remember(answer)])
        return answer

    return decide_anew(once)


def _check_inspector(inspection: Inspection, bench: Bench, wanted: InspectionWanted | None, store: Store) -> None:
    """Raises BenchRefusedError if this person has picked it, or a photo is wanted and missing."""
    photo = wanted is not None and wanted.photo
    if not (photo or bench.settings.inspector_not_picker):
        return
    history = store.events(inspection.seller, posting_ref(inspection.number))
    picked = _last(history, EventType.POSTING_PICKED)
    if bench.settings.inspector_not_picker and picked is not None:
        picker = picked.event.actor
        if same_person(picker, inspection.actor, seller=inspection.seller, store=store):
            raise BenchRefusedError(
                f"who picked posting {inspection.number} may not inspect it: that is another person's",
                code="same_person",
            )
    if not photo:
        return
    ends = (picked, _last(history, EventType.INSPECTION_FAILED), _last(history, EventType.POSTING_BLOCKED))
    since = max((each.event.at for each in ends if each is not None), default=None)
    photos = (
        item
        for item in store.evidence(inspection.seller, inspection.number)
        if item.kind is EvidenceKind.PHOTO and not item.return_id
    )
    if not any(since is None or item.at >= since for item in photos):
        raise BenchRefusedError(
            f"the seller's rule wants a photo with this inspection: add one with POST /v1/postings/{inspection.number}"
            "/evidence, then send the result again",
            code="photo_needed",
        )


def _last(history: list[StoredEvent], kind: EventType) -> StoredEvent | None:
    return next((each for each in reversed(history) if each.event.type is kind), None)


def _replace_units(inspection: Inspection, bench: Bench, store: Store, now: datetime) -> tuple[Step, list[Write]]:
    """Units that failed are out; others are fetched, or the posting is short."""
    parcel, sku, pieces = bench.parcel, inspection.sku, inspection.pieces
    posting, number = parcel.posting, inspection.number
    there = pieces_of(parcel.detail).get(sku, 0) if parcel.detail else 0
    if not 1 <= pieces <= there:
        told = f"posting {number} has {there} of SKU {sku}"
        raise InvalidInputError(told, errors=[("sku" if not there else "pieces", told)])
    card = parcel.cards.get(sku)
    failure = QualityFailure(
        seller=inspection.seller,
        posting_number=number,
        sku=sku,
        pieces=pieces,
        at=now,
        reason=inspection.reason,
        by=inspection.actor,
        supplier=card.supplier if card else "",
        version=posting.version + 1,
    )
    out = inspection.stock.take_out(failure, posting=posting)
    short = out.left is not None and out.left < pieces
    data: dict[str, Json] = {
        "sku": sku,
        "pieces": pieces,
        "supplier": failure.supplier,
        "next": "short" if short or out.mark is StockMark.SHORT else "pick",
        "left": out.left,
    }
    step = take_another_unit(posting, at=now, actor=inspection.actor, reason=inspection.reason, data=data)
    if out.mark is not None:
        step = Step(replace(step.posting, stock=out.mark), (*step.events, *out.events))
    writes: list[Write] = [SaveBenchRow(failure), *out.writes]
    if short:
        step, opened = _short(inspection, bench, step, out.left or 0, store, now)
        writes += opened
    if parcel.check.scanned or parcel.check.waits:
        check, _, freed = begin_anew(parcel, inspection.actor, store=store)
        writes += [SaveBenchCheck(check), *freed]
    return step, writes


def _short(
    inspection: Inspection, bench: Bench, step: Step, left: int, store: Cases, now: datetime
) -> tuple[Step, list[Write]]:
    """Blocked where it is picked, with a case: part of it, a wait or a cancel is a person's choice."""
    why = f"short: {left} of SKU {inspection.sku} are left, and {inspection.pieces} failed their inspection"
    stopped = block(step.posting, why, at=now, actor=inspection.actor)
    # Several steps are one change: one version with all their events.
    changed = replace(stopped.posting, version=step.posting.version)
    _, opened = opening(
        store,
        seller=inspection.seller,
        kind=CaseKind.SHORT,
        subject=inspection.number,
        reason=why,
        owner=owner_of(bench.parcel.posting, bench.settings),
        now=now,
        actor=inspection.actor,
    )
    return Step(changed, (*step.events, *stopped.events)), opened


def failure_view(failure: QualityFailure) -> dict[str, Json]:
    """As API clients see it."""
    return {
        "posting_number": failure.posting_number,
        "sku": failure.sku,
        "pieces": failure.pieces,
        "supplier": failure.supplier or None,
        "reason": failure.reason,
        "at": time_text(failure.at),
        "by": failure.by,
    }


def list_failures(
    seller: str, month: date, *, supplier: str, limit: int, cursor: str | None, store: BenchReads
) -> Mapping[str, Json]:
    """Units that failed in a month (UTC), in order; of one supplier or of all.

    A page of one supplier may hold fewer than `limit`. Raises InvalidInputError for a cursor of another listing.
    """
    page = store.quality_failures_in(seller, month, limit=limit, cursor=cursor)
    found = [each for each in page.items if supplier in ("", each.supplier)]
    return {"items": [failure_view(each) for each in found], "next_cursor": page.cursor}
