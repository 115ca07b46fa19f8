"""The check at the bench: goods are scanned into a parcel, and the last good scan packs it and unlocks its label.

Every scan is a version of the posting: two packers at one parcel, a cancel that comes in between and a scan decide
one after the other, and no piece is counted twice. Refused scans are in the history too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from shipby.application.packing.pick_lists import Pickable, load_pickable
from shipby.application.ports.clock import Clock
from shipby.application.ports.files import DocumentStore
from shipby.application.ports.papers import BenchReads
from shipby.application.ports.store import Commits, Store
from shipby.application.ports.writes import AppendEvents, SaveBenchCheck, SavePosting
from shipby.application.postings.exemplars import refuse_unmet
from shipby.application.postings.work_posting import load_posting
from shipby.application.printing.printable import printable_label
from shipby.application.printing.views import LINK_SECONDS
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.application.shared.views import time_text
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.errors import DutyNeededError, ScanRefusedError, ShipbyError, StageMismatchError
from shipby.domain.events import Event, EventType, posting_ref
from shipby.domain.json_types import Json
from shipby.domain.packing.cards import BenchCheck
from shipby.domain.packing.scanning import (
    Item,
    Refusal,
    count,
    is_complete,
    items_of,
    judge_scan,
    pack_up,
    printable,
    stop_of,
)
from shipby.domain.postings.posting import Posting

CHECKED = "every piece was scanned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One beep: what the scanner read, and how many pieces that stands for."""

    seller: str
    number: str
    code: str
    actor: str
    quantity: int = 1


def _check_of(store: BenchReads, seller: str, number: str) -> BenchCheck:
    return store.bench_check(seller, number) or BenchCheck(seller=seller, posting_number=number, version=0)


def _items(found: Pickable, check: BenchCheck) -> tuple[Item, ...]:
    detail = found.details.get(check.posting_number)
    return items_of(detail, found.cards, check.scanned) if detail else ()


def scan_item(scan: Scan, remember: Remember, *, store: Store, documents: DocumentStore, clock: Clock) -> Answer:
    """Count a scanned item into a parcel; the last one packs it, in the same transaction.

    Raises NotFoundError, ActionNotOfferedError (wrong item, one too many; `offered` names what is missing),
    DutyNeededError (the last piece, while marks and the like are not entered) and StageMismatchError (cancelled,
    expired, blocked, gone). A refused scan is kept in the history and changes nothing else.
    """

    def once() -> Answer:
        posting = load_posting(store, scan.seller, scan.number)
        found = load_pickable(scan.seller, [scan.number], store=store)
        check = _check_of(store, scan.seller, scan.number)
        items = _items(found, check)
        detail = found.details.get(scan.number)
        codes = detail.codes if detail else ()
        verdict = judge_scan(posting, items, found.cards, scan.code, scan.quantity, codes)
        if isinstance(verdict, Refusal):
            raise _refused(scan, posting, items, verdict, store, clock)
        try:
            return _accept(scan, posting, found, check, verdict, remember, store, documents, clock)
        except DutyNeededError as error:
            _refused(scan, posting, items, Refusal(error.code, str(error)), store, clock)
            raise

    return decide_anew(once)


def _scanned(scan: Scan, clock: Clock, **data: Json) -> Event:
    told: dict[str, Json] = {"code": printable(scan.code), "quantity": scan.quantity, **data}
    return Event(type=EventType.BENCH_SCANNED, at=clock.now(), actor=scan.actor, data=told)


def _refused(
    scan: Scan, posting: Posting, items: tuple[Item, ...], verdict: Refusal, store: Commits, clock: Clock
) -> ShipbyError:
    changed = rewind(replace(posting, version=posting.version + 1))
    event = _scanned(scan, clock, accepted=False, why=verdict.why)
    appended = AppendEvents(scan.seller, posting_ref(scan.number), changed.version, (event,))
    store.commit([SavePosting(changed), appended])
    if verdict.why == "stopped":
        return StageMismatchError(verdict.told)
    missing = [item.offer_id or item.sku for item in items if item.missing]
    return ScanRefusedError(verdict.told, why=verdict.why, offered=missing)


def _accept(
    scan: Scan,
    posting: Posting,
    found: Pickable,
    check: BenchCheck,
    item: Item,
    remember: Remember,
    store: Store,
    documents: DocumentStore,
    clock: Clock,
) -> Answer:
    now = clock.now()
    counted = count(check, item, scan.quantity, at=now, actor=scan.actor)
    items = _items(found, counted)
    events = [_scanned(scan, clock, accepted=True, sku=item.sku)]
    changed = posting
    if is_complete(items):
        # Not packed before its pieces are entered: the marketplace would not let it ship.
        refuse_unmet(posting, found.details.get(scan.number), store=store, entered=True)
        counted = replace(counted, completed_at=now)
        pieces: dict[str, Json] = {each.sku: each.scanned for each in items}
        events.append(Event(type=EventType.BENCH_COMPLETED, at=now, actor=scan.actor, data={"scanned": pieces}))
        packed = pack_up(posting, at=now, actor=scan.actor, reason=CHECKED)
        changed = packed.posting
        events += packed.events
    # Several steps are one change: one version with all their events.
    changed = rewind(replace(changed, version=posting.version + 1))
    view = _view(changed, counted, items, store, documents)
    view["accepted"] = {"sku": item.sku, "offer_id": item.offer_id, "quantity": scan.quantity}
    answer = Answer(200, view)
    appended = AppendEvents(scan.seller, posting_ref(scan.number), changed.version, tuple(events))
    kept = remember(Answer(200, _without_link(view)))
    store.commit([SavePosting(changed), SaveBenchCheck(counted), appended, *kept])
    return answer


def get_check(seller: str, number: str, *, store: Store, documents: DocumentStore) -> dict[str, Json]:
    """What was scanned into a parcel so far, and its label once everything is in. Raises NotFoundError."""
    posting = load_posting(store, seller, number)
    check = _check_of(store, seller, number)
    items = _items(load_pickable(seller, [number], store=store), check)
    return _view(posting, check, items, store, documents)


def reset_check(
    seller: str,
    number: str,
    reason: str,
    actor: str,
    remember: Remember,
    *,
    store: Store,
    documents: DocumentStore,
    clock: Clock,
) -> Answer:
    """Begin anew with an empty parcel; the posting's stage stays. Raises NotFoundError, StageMismatchError."""

    def once() -> Answer:
        posting = load_posting(store, seller, number)
        if stop := stop_of(posting):
            raise StageMismatchError(stop)
        before = _check_of(store, seller, number)
        check = BenchCheck(seller=seller, posting_number=number, version=before.version + 1, by=actor)
        changed = rewind(replace(posting, version=posting.version + 1))
        data: dict[str, Json] = {"reset": True, "scanned": dict(before.scanned)}
        event = Event(type=EventType.BENCH_SCANNED, at=clock.now(), actor=actor, reason=reason, data=data)
        items = _items(load_pickable(seller, [number], store=store), check)
        answer = Answer(200, _view(changed, check, items, store, documents))
        appended = AppendEvents(seller, posting_ref(number), changed.version, (event,))
        store.commit([SavePosting(changed), SaveBenchCheck(check), appended, *remember(answer)])
        return answer

    return decide_anew(once)


def _view(
    posting: Posting, check: BenchCheck, items: tuple[Item, ...], store: Store, documents: DocumentStore
) -> dict[str, Json]:
    # A parcel of which nothing is known is never complete.
    complete = bool(items) and is_complete(items)
    return {
        "posting_number": posting.number,
        "stage": posting.stage,
        "version": posting.version,
        "complete": complete,
        "expected": sum(item.expected for item in items),
        "scanned": sum(item.scanned for item in items),
        "lines": [
            {
                "sku": item.sku,
                "offer_id": item.offer_id,
                "name": item.name,
                "bin": item.bin or None,
                "expected": item.expected,
                "scanned": item.scanned,
            }
            for item in items
        ],
        "started_at": time_text(check.started_at),
        "completed_at": time_text(check.completed_at),
        "by": check.by or None,
        "stop": stop_of(posting) or None,
        "accepted": None,
        "label": _label(posting, store, documents) if complete else None,
    }


def _label(posting: Posting, store: Store, documents: DocumentStore) -> dict[str, Json]:
    label = printable_label(posting, store=store)
    document = label.document
    link = documents.link(document.key, seconds=LINK_SECONDS) if document is not None and not label.why_not else ""
    return {
        "id": label.id,
        "state": document.state if document else None,
        "link": link or None,
        "why_not": label.why_not or None,
    }


def _without_link(view: Mapping[str, Json]) -> dict[str, Json]:
    """As it is remembered for a repeated call: the link would be dead by then."""
    label = view["label"]
    if not isinstance(label, dict) or not label["link"]:
        return dict(view)
    return {**view, "label": {**label, "link": None, "why_not": "read the scans for a new link"}}
