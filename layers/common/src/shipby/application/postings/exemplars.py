"""What is entered of a posting's pieces: read beside a posting, and given free when it is cancelled."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from shipby.application.ports.papers import BenchReads
from shipby.application.ports.sellers import Pointers
from shipby.application.ports.writes import (
    AppendEvents,
    ClaimPointer,
    ReleasePointer,
    SaveBenchRow,
    SaveExemplars,
    SavePosting,
    Write,
)
from shipby.domain import pointers
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.errors import DutyNeededError
from shipby.domain.events import Event, EventType, posting_ref
from shipby.domain.json_types import Json
from shipby.domain.packing.cards import Exemplar, ExemplarSheet
from shipby.domain.packing.exemplars import check_duties, codes_of, duties_of, missing, pieces_of
from shipby.domain.postings.posting import MarketplacePosting, Posting


def sheet_of(detail: MarketplacePosting | None, seller: str, *, store: BenchReads) -> ExemplarSheet | None:
    """What is entered of the pieces; a posting of which nothing is wanted costs no read."""
    if detail is None or not (detail.requirements or detail.optional_marks):
        return None
    return store.exemplar_sheet(seller, detail.number)


def refuse_unmet(
    posting: Posting, detail: MarketplacePosting | None, *, store: BenchReads, entered: bool = False
) -> None:
    """Raises DutyNeededError while the marketplace wants something of the pieces that nobody has entered, or
    (unless `entered`) that it has not accepted yet, or the number of boxes. What it has assembled already wants nothing
    more."""
    if detail is None or posting.assembled_at is not None:
        return
    if detail.multibox and not (posting.boxes or detail.boxes):
        path = f"/v1/postings/{posting.number}/boxes"
        told = f"posting {posting.number} holds goods of several boxes: say in how many it is packed with PUT {path}"
        raise DutyNeededError(told, code="boxes_needed", offered=[path])
    if not detail.requirements:
        return
    check_duties(posting.number, detail, sheet_of(detail, posting.seller, store=store), entered=entered)


def holder(seller: str, number: str) -> str:
    """The posting that a code belongs to, as its claim names it: a code is one piece's in all shops of an owner."""
    return f"{seller}/{number}"


def claimed(seller: str, number: str, codes: Iterable[str]) -> list[Write]:
    """Each code belongs to this posting from now on, or the change fails."""
    return [ClaimPointer(pointers.EVERY_SHOP, pointers.EXEMPLAR, code, holder(seller, number)) for code in codes]


def given_free(seller: str, number: str, codes: Iterable[str]) -> list[Write]:
    """The codes may be another posting's from now on."""
    return [ReleasePointer(pointers.EVERY_SHOP, pointers.EXEMPLAR, code, holder(seller, number)) for code in codes]


def released(seller: str, number: str, *, store: BenchReads) -> list[Write]:
    """The codes of its pieces are free for another posting."""
    sheet = store.exemplar_sheet(seller, number)
    codes = codes_of(sheet.pieces) if sheet else ()
    return [*given_free(seller, number, codes), *given_back(seller, sheet, codes, store=store)]


def given_back(seller: str, sheet: ExemplarSheet | None, codes: Collection[str], *, store: BenchReads) -> list[Write]:
    """Those of the codes that came from a pool are free in it again."""
    found = (
        store.pool_mark(seller, sku, code)
        for sku, pieces in (sheet.pieces if sheet else {}).items()
        for code in codes_of({sku: pieces})
        if code in codes and not code.startswith(("imei:", "uin:"))
    )
    return [SaveBenchRow(replace(mark, posting_number="")) for mark in found if mark is not None]


def came_back(
    posting: Posting, codes: Iterable[str], *, actor: str, reason: str, store: Pointers, at: datetime
) -> list[Write]:
    """Pieces of a posting are for sale again: their codes may be another's, and what they were is kept.

    Codes that are not this posting's any more are left alone; nothing is written where none is.
    """
    mine = holder(posting.seller, posting.number)
    gone = [code for code in codes if store.find(pointers.EVERY_SHOP, pointers.EXEMPLAR, code) == mine]
    if not gone:
        return []
    writes, before = given_free(posting.seller, posting.number, gone), list[Json]()
    for code in gone:
        former = store.find(pointers.EVERY_SHOP, pointers.FORMER_EXEMPLAR, code)
        if former not in (None, mine):
            writes.append(ReleasePointer(pointers.EVERY_SHOP, pointers.FORMER_EXEMPLAR, code, former))
            before.append(former.removeprefix(f"{posting.seller}/"))
        writes.append(ClaimPointer(pointers.EVERY_SHOP, pointers.FORMER_EXEMPLAR, code, mine))
    changed = rewind(replace(posting, version=posting.version + 1))
    data: dict[str, Json] = {"codes": len(gone), "before": sorted(set(map(str, before)))}
    event = Event(type=EventType.EXEMPLARS_RELEASED, at=at, actor=actor, reason=reason, data=data)
    told = AppendEvents(posting.seller, posting_ref(posting.number), changed.version, (event,))
    return [SavePosting(changed), told, *writes]


def code_used(seller: str, number: str, codes: Iterable[str], *, store: Pointers) -> str:
    """Which of the codes another posting has, and what to do; "" where none is another's. Of another shop of the owner
    no number is told."""
    for code in codes:
        owner = store.find(pointers.EVERY_SHOP, pointers.EXEMPLAR, code)
        if owner in (None, holder(seller, number)):
            continue
        shop, _, other = owner.partition("/")
        if shop != seller:
            return f"{name_code(code)} is entered for a posting of another shop: scan the piece in your hand"
        return (
            f"{name_code(code)} is entered for posting {other} already; scan the piece in your hand, "
            f"or take it out there with PUT /v1/postings/{other}/exemplars"
        )
    return ""


def name_code(code: str) -> str:
    """A code as messages name it."""
    kind, found, value = code.partition(":")
    return f"{kind.upper()} {value}" if found and kind in ("imei", "uin") else f"mark {code}"


def inherited(part: MarketplacePosting, seller: str, *, store: BenchReads) -> list[Write]:
    """What was entered of the goods of a part while they were in the posting that it was split from.

    A part takes the first pieces of each product, as it does at the marketplace, and takes their codes along: no piece
    is ever entered for two postings. Whether the marketplace knows them for the part is not published, so that a part
    that is still to be assembled is told of them anew.
    """
    before = store.exemplar_sheet(seller, part.parent_number)
    counts = pieces_of(part)
    taken = {sku: before.pieces.get(sku, ())[:count] for sku, count in counts.items()} if before else {}
    taken = {sku: pieces for sku, pieces in taken.items() if pieces}
    if before is None or not taken:
        return []
    left = {sku: pieces[len(taken.get(sku, ())) :] for sku, pieces in before.pieces.items()}
    rest = replace(before, version=before.version + 1, pieces={sku: pieces for sku, pieces in left.items() if pieces})
    told = f"it was entered for posting {part.parent_number} before the split: send it once more"
    own = ExemplarSheet(seller=seller, posting_number=part.number, version=1, pieces=taken, problem=told, by=before.by)
    codes = codes_of(taken)
    return [
        SaveExemplars(rest),
        SaveExemplars(own),
        *given_free(seller, part.parent_number, codes),
        *claimed(seller, part.number, codes),
    ]


def missing_view(detail: MarketplacePosting, sheet: ExemplarSheet | None) -> list[Json]:
    """What is wanted of which piece and not entered."""
    return [
        {"sku": each.sku, "piece": each.piece, "duty": each.duty, "code": each.code} for each in missing(detail, sheet)
    ]


def exemplars_view(number: str, detail: MarketplacePosting | None, sheet: ExemplarSheet | None) -> dict[str, Json]:
    """What is wanted, entered and missing."""
    return {
        "posting_number": number,
        "version": sheet.version if sheet else 0,
        "wanted": {sku: list(duties) for sku, duties in (duties_of(detail) if detail else {}).items()},
        "possible_marks": list(detail.optional_marks) if detail else [],
        "products": [
            {"sku": sku, "exemplars": [_exemplar_view(one) for one in pieces]}
            for sku, pieces in (sheet.pieces if sheet else {}).items()
        ],
        "missing": missing_view(detail, sheet) if detail else [],
        "intent": (sheet.intent if sheet else "") or None,
        "accepted": bool(sheet and sheet.accepted),
        "problem": (sheet.problem if sheet else "") or None,
        "by": (sheet.by if sheet else "") or None,
    }


def _exemplar_view(exemplar: Exemplar) -> dict[str, Json]:
    return {
        "mark": exemplar.mark or None,
        "imei": list(exemplar.imei),
        "uin": exemplar.uin or None,
        "gtd": exemplar.gtd or None,
        "gtd_absent": exemplar.gtd_absent,
        "rnpt": exemplar.rnpt or None,
        "rnpt_absent": exemplar.rnpt_absent,
        "weight": exemplar.weight or None,
    }
