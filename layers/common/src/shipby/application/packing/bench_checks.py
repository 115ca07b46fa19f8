"""The check at the bench: goods are scanned into a parcel, and the last good scan packs it and unlocks its label.

Every scan is a version of the posting: two packers at one parcel, a cancel that comes in between and a scan decide
one after the other, and no piece is counted twice. Refused scans are in the history too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from shipby.application.labels.ids import LABEL_IDS
from shipby.application.packing.hold import inspection_view, refuse_uninspected
from shipby.application.ports.clock import Clock
from shipby.application.ports.files import DocumentStore
from shipby.application.ports.papers import BenchReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, Commits, SaveBenchCheck, SaveExemplars, SavePosting, Write
from shipby.application.postings.exemplars import claimed, code_used, given_back, given_free
from shipby.application.postings.work_posting import no_posting, with_goods
from shipby.application.printing.printable import judged_label
from shipby.application.printing.views import LINK_SECONDS
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.application.shared.views import time_text
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.errors import (
    POINTER_TAKEN,
    ActionNotOfferedError,
    AlreadyExistsError,
    AmendedError,
    BenchRefusedError,
    CannotShipError,
    DutyNeededError,
    ShipbyError,
    StoppedError,
)
from shipby.domain.events import Event, EventType, posting_ref
from shipby.domain.json_types import Json
from shipby.domain.labels.documents import Document
from shipby.domain.packing.cards import BenchCheck, Exemplar, ExemplarSheet
from shipby.domain.packing.exemplars import check_duties, codes_of, lacks_nothing_here, missing
from shipby.domain.packing.packaging import Packaging, find_packaging
from shipby.domain.packing.piece_scans import MarkWanted, Parcel, Piece, judge
from shipby.domain.packing.scanning import Item, Refusal, count, find_stop, is_complete, pack_up, printable, stop_of
from shipby.domain.postings.posting import BEFORE_PACKED, MarketplacePosting, Posting
from shipby.domain.sellers.settings import SellerSettings

_STOPS: Mapping[str, tuple[type[ActionNotOfferedError], str]] = {
    "cannot_ship": (CannotShipError, "check"),
    "amended": (AmendedError, "amendments"),
}
CHECKED = "every piece was scanned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One beep: what the scanner read, and how many pieces that stands for."""

    seller: str
    number: str
    code: str
    actor: str
    quantity: int = 1


class TellPieces(Protocol):
    """The begin of the call that tells the marketplace of a posting's pieces. Intents stand above the bench, so it is
    handed in: `shipby.application.intents.enter_exemplars.tell_pieces`."""

    def __call__(
        self,
        posting: Posting,
        detail: MarketplacePosting,
        sheet: ExemplarSheet,
        settings: SellerSettings,
        *,
        actor: str,
        store: Store,
        now: datetime,
    ) -> tuple[Posting, str, Event, list[Write]]: ...


@dataclass(frozen=True, slots=True)
class Bench:
    """A parcel as it stands, with what its label and policy hang on."""

    parcel: Parcel
    settings: SellerSettings
    labels: Mapping[str, Document]


def load_bench(store: BenchReads, seller: str, number: str) -> Bench:
    """Two reads, whatever the posting holds. Raises NotFoundError."""
    scene = store.bench_scene(seller, number, labels=tuple(LABEL_IDS.values()))
    if scene is None:
        raise no_posting(number)
    skus = dict.fromkeys(line.sku for line in scene.detail.lines) if scene.detail else ()
    parcel = Parcel(
        posting=scene.posting,
        detail=scene.detail,
        cards=store.product_cards_of(seller, tuple(skus)) if skus else {},
        check=scene.check or BenchCheck(seller=seller, posting_number=number, version=0),
        sheet=scene.sheet,
    )
    return Bench(parcel, scene.settings or SellerSettings(seller=seller), scene.labels)


def scan_item(
    scan: Scan, remember: Remember, *, tell: TellPieces, store: Store, documents: DocumentStore, clock: Clock
) -> Answer:
    """Count a scanned item into a parcel; the last one packs it, in the same transaction.

    Goods of which each piece needs a mark are known by it: the answer `asks` for it, and the next scan is read as the
    mark of that piece; or the mark alone names item and piece. Once all pieces are entered the marketplace is told.

    Raises NotFoundError, BenchRefusedError (`offered` names what is missing), DutyNeededError (the last piece, while
    declarations and the like are not entered) and StoppedError (cancelled, expired, blocked, gone). A refused scan is
    kept in the history and changes nothing else.
    """

    def once() -> Answer:
        bench = load_bench(store, scan.seller, scan.number)
        verdict = judge(bench.parcel, scan.code, scan.quantity)
        if isinstance(verdict, Refusal):
            raise _refused(scan, bench.parcel, verdict, store, clock)
        if isinstance(verdict, MarkWanted):
            return _ask(scan, bench, verdict.item, remember, store, documents, clock)
        try:
            return _accept(scan, bench, verdict, tell, remember, store, documents, clock)
        except (DutyNeededError, BenchRefusedError) as error:
            _refused(scan, bench.parcel, Refusal(error.code, str(error)), store, clock)
            raise
        except AlreadyExistsError as error:
            if error.what != POINTER_TAKEN or not isinstance(verdict, Piece):
                raise
            told = code_used(scan.seller, scan.number, [verdict.mark.identity], store=store)
            raise _refused(scan, bench.parcel, Refusal("mark_used", told or str(error)), store, clock) from error

    return decide_anew(once)


def _scanned(scan: Scan, clock: Clock, **data: Json) -> Event:
    told: dict[str, Json] = {"code": printable(scan.code), "quantity": scan.quantity, **data}
    return Event(type=EventType.BENCH_SCANNED, at=clock.now(), actor=scan.actor, data=told)


def _refused(scan: Scan, parcel: Parcel, verdict: Refusal, store: Commits, clock: Clock) -> ShipbyError:
    changed = rewind(replace(parcel.posting, version=parcel.posting.version + 1))
    event = _scanned(scan, clock, accepted=False, why=verdict.why)
    appended = AppendEvents(scan.seller, posting_ref(scan.number), changed.version, (event,))
    store.commit([SavePosting(changed), appended])
    if verdict.why in _STOPS:
        error, path = _STOPS[verdict.why]
        return error(verdict.told, offered=[f"/v1/postings/{scan.number}/{path}"])
    if find_stop(parcel.posting):
        return StoppedError(verdict.told, code=verdict.why)
    missing_items = [item.offer_id or item.sku for item in parcel.items if item.missing]
    return BenchRefusedError(verdict.told, code=verdict.why, offered=missing_items)


def _ask(
    scan: Scan, bench: Bench, item: Item, remember: Remember, store: Commits, documents: DocumentStore, clock: Clock
) -> Answer:
    """The item is right and counts with its mark, which is the next scan."""
    parcel = bench.parcel
    before = parcel.check
    check = replace(
        before,
        version=before.version + 1,
        waits=item.sku,
        started_at=before.started_at or clock.now(),
        by=scan.actor,
    )
    changed = rewind(replace(parcel.posting, version=parcel.posting.version + 1))
    answer = Answer(200, _view(replace(bench, parcel=replace(parcel, posting=changed, check=check)), documents))
    event = _scanned(scan, clock, accepted=True, sku=item.sku, asks="mark_needed")
    appended = AppendEvents(scan.seller, posting_ref(scan.number), changed.version, (event,))
    store.commit([SavePosting(changed), SaveBenchCheck(check), appended, *remember(answer)])
    return answer


def _accept(
    scan: Scan,
    bench: Bench,
    verdict: Item | Piece,
    tell: TellPieces,
    remember: Remember,
    store: Store,
    documents: DocumentStore,
    clock: Clock,
) -> Answer:
    now = clock.now()
    item = verdict.item if isinstance(verdict, Piece) else verdict
    check = count(bench.parcel.check, item, scan.quantity, at=now, actor=scan.actor)
    if isinstance(verdict, Piece):
        check = replace(check, marks=(*check.marks, verdict.mark.identity), ask_marks=True)
    parcel = replace(bench.parcel, check=check)
    events = [_scanned(scan, clock, accepted=True, sku=item.sku)]
    writes: list[Write] = []
    if isinstance(verdict, Piece) and verdict.pieces is not None:
        parcel, told, writes = _enter(parcel, verdict.pieces, bench.settings, tell, scan, store, now)
        events += told
    if is_complete(parcel.items):
        # Not packed before its pieces are entered: the marketplace would not let it ship.
        if parcel.detail and parcel.detail.requirements and parcel.posting.assembled_at is None:
            check_duties(scan.number, parcel.detail, parcel.sheet, entered=True)
        refuse_uninspected(bench)
        parcel = replace(parcel, check=replace(check, completed_at=now))
        pieces: dict[str, Json] = {each.sku: each.scanned for each in parcel.items}
        events.append(Event(type=EventType.BENCH_COMPLETED, at=now, actor=scan.actor, data={"scanned": pieces}))
        packaging = find_packaging(parcel.detail, parcel.cards, bench.settings.packaging)
        step = pack_up(parcel.posting, at=now, actor=scan.actor, reason=CHECKED, pack=packaging is None)
        packed, goods = with_goods(parcel.posting, step, store=store)
        parcel = replace(parcel, posting=packed.posting)
        writes += goods
        events += packed.events
    # Several steps are one change: one version with all their events.
    changed = rewind(replace(parcel.posting, version=bench.parcel.posting.version + 1))
    view = _view(replace(bench, parcel=replace(parcel, posting=changed)), documents)
    view["accepted"] = {"sku": item.sku, "offer_id": item.offer_id, "quantity": scan.quantity}
    answer = Answer(200, view)
    appended = AppendEvents(scan.seller, posting_ref(scan.number), changed.version, tuple(events))
    kept = remember(Answer(200, _without_link(view)))
    store.commit([SavePosting(changed), SaveBenchCheck(parcel.check), appended, *writes, *kept])
    return answer


def _enter(
    parcel: Parcel,
    pieces: Mapping[str, tuple[Exemplar, ...]],
    settings: SellerSettings,
    tell: TellPieces,
    scan: Scan,
    store: Store,
    now: datetime,
) -> tuple[Parcel, list[Event], list[Write]]:
    """The piece is entered with its mark; once nothing is missing any more, the marketplace is told."""
    detail, before = parcel.detail, parcel.sheet
    if detail is None:
        raise TypeError("pieces are judged by the goods of their posting")
    sheet = ExemplarSheet(
        seller=scan.seller,
        posting_number=scan.number,
        version=(before.version if before else 0) + 1,
        pieces=pieces,
        by=scan.actor,
    )
    codes, had = set(codes_of(pieces)), set(codes_of(before.pieces)) if before else set()
    left = len(missing(detail, sheet))
    counts: dict[str, Json] = {"pieces": sum(map(len, pieces.values())), "codes": len(codes), "missing": left}
    events = [Event(type=EventType.EXEMPLARS_ENTERED, at=now, actor=scan.actor, data=counts)]
    posting, writes = parcel.posting, list[Write]()
    if lacks_nothing_here(detail, sheet):
        try:
            posting, intent, event, writes = tell(
                posting, detail, sheet, settings, actor=scan.actor, store=store, now=now
            )
            events.append(event)
            sheet = replace(sheet, intent=intent)
        except ActionNotOfferedError as error:
            # The piece is in the parcel all the same: PUT of the same entries tells it later.
            sheet = replace(sheet, problem=str(error))
    writes += claimed(scan.seller, scan.number, sorted(codes - had))
    writes += given_free(scan.seller, scan.number, sorted(had - codes))
    writes += given_back(scan.seller, before, had - codes, store=store)
    return replace(parcel, posting=posting, sheet=sheet), events, [SaveExemplars(sheet), *writes]


def get_check(seller: str, number: str, *, store: BenchReads, documents: DocumentStore) -> dict[str, Json]:
    """What was scanned into a parcel so far, and its label once everything is in. Raises NotFoundError."""
    return _view(load_bench(store, seller, number), documents)


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
        bench = load_bench(store, seller, number)
        parcel, before = bench.parcel, bench.parcel.check
        # Whoever begins anew has seen that it was changed.
        stood, posting = parcel.posting, replace(parcel.posting, amended=0)
        if stop := find_stop(posting):
            raise StoppedError(stop.told, code=stop.why)
        check, sheet, writes = begin_anew(parcel, actor, store=store)
        changed = rewind(replace(posting, version=posting.version + 1))
        data: dict[str, Json] = {"reset": True, "scanned": dict(before.scanned)}
        if stood.amended:
            data["seen"] = stood.amended
        event = Event(type=EventType.BENCH_SCANNED, at=clock.now(), actor=actor, reason=reason, data=data)
        begun = replace(parcel, posting=changed, check=check, sheet=sheet)
        answer = Answer(200, _view(replace(bench, parcel=begun), documents))
        appended = AppendEvents(seller, posting_ref(number), changed.version, (event,))
        store.commit([SavePosting(changed), SaveBenchCheck(check), appended, *writes, *remember(answer)])
        return answer

    return decide_anew(once)


def begin_anew(
    parcel: Parcel, actor: str, *, store: BenchReads
) -> tuple[BenchCheck, ExemplarSheet | None, list[Write]]:
    """An empty parcel: its check, its entries, and the writes that give the marks of its pieces free."""
    before = parcel.check
    check = BenchCheck(
        seller=before.seller,
        posting_number=before.posting_number,
        version=before.version + 1,
        by=actor,
        ask_marks=before.ask_marks or bool(before.marks),
    )
    return check, *_taken_out(parcel, store)


def _taken_out(parcel: Parcel, store: BenchReads) -> tuple[ExemplarSheet | None, list[Write]]:
    """The entries without the pieces that were scanned in: another parcel may take those. What the marketplace was told
    already stays until other pieces are scanned in."""
    sheet, gone = parcel.sheet, set(parcel.check.marks)
    if sheet is None or sheet.intent or not gone & set(codes_of(sheet.pieces)):
        return sheet, []
    pieces = {
        sku: tuple(
            replace(one, mark="") if one.mark and gone & set(codes_of({sku: (replace(one, imei=(), uin=""),)})) else one
            for one in each
        )
        for sku, each in sheet.pieces.items()
    }
    left = replace(sheet, version=sheet.version + 1, pieces=pieces)
    free = sorted(gone & set(codes_of(sheet.pieces)))
    back = given_back(sheet.seller, sheet, free, store=store)
    return left, [SaveExemplars(left), *given_free(sheet.seller, sheet.posting_number, free), *back]


def _view(bench: Bench, documents: DocumentStore) -> dict[str, Json]:
    posting, check, items, awaited = bench.parcel.posting, bench.parcel.check, bench.parcel.items, bench.parcel.waits
    packaging = find_packaging(bench.parcel.detail, bench.parcel.cards, bench.settings.packaging)
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
        "asks": _asks(awaited) if awaited else _asks_packaging(bench, packaging) if complete and packaging else None,
        "inserts": list(_inserts(bench)),
        "inspection": inspection_view(bench),
        "packaging": _packaging(packaging) if packaging else None,
        "label": _label(bench, documents) if complete else None,
    }


def _asks(item: Item) -> dict[str, Json]:
    told = f"scan the mark of piece {item.scanned + 1} of {item.offer_id or item.sku}"
    return {"what": "mark_needed", "sku": item.sku, "piece": item.scanned + 1, "told": told}


def _inserts(bench: Bench) -> dict[str, None]:
    """What goes into the parcel beside the goods, in the buyer's language; each once."""
    language = bench.settings.insert_language
    found = (bench.parcel.cards.get(item.sku) for item in bench.parcel.items)
    return dict.fromkeys(text for card in found if card for text in card.inserts_for(language))


def _asks_packaging(bench: Bench, packaging: Packaging) -> dict[str, Json] | None:
    if bench.parcel.posting.stage not in BEFORE_PACKED:
        return None
    told = f"pack it as packaging says, and confirm that: POST …/pack with packaging {packaging.token}"
    return {"what": "packaging_needed", "sku": None, "piece": None, "told": told}


def _packaging(packaging: Packaging) -> dict[str, Json]:
    return {
        "token": packaging.token,
        "box": packaging.box or None,
        "rules": [
            {
                "name": rule.name,
                "box": rule.box or None,
                "material": rule.material or None,
                "reinforcement": list(rule.reinforcement),
                "limits": rule.limits or None,
            }
            for rule in packaging.rules
        ],
    }


def _label(bench: Bench, documents: DocumentStore) -> dict[str, Json]:
    found = bench.labels.get(LABEL_IDS[bench.settings.label_form])
    label = judged_label(bench.parcel.posting, bench.settings, found)
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
