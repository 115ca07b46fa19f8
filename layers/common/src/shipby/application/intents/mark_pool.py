"""The pool of marks of a product: uploaded code by code, taken for a posting's pieces, given back by a cancel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from shipby.application.intents.enter_exemplars import Entry, enter_exemplars
from shipby.application.ports.clock import Clock
from shipby.application.ports.matters import Cases
from shipby.application.ports.papers import BenchReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import ClaimPointer, SaveBenchRow, Write
from shipby.application.postings.work_posting import load_posting
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.paging import every
from shipby.application.shared.views import time_text
from shipby.domain import pointers
from shipby.domain.errors import POINTER_TAKEN, AlreadyExistsError, BenchRefusedError, RetryableError
from shipby.domain.json_types import Json
from shipby.domain.packing.cards import Exemplar
from shipby.domain.packing.exemplars import Duty, missing
from shipby.domain.packing.marks import Mark, Unread, check_goods, read_mark
from shipby.domain.packing.pool import PoolMark

MOST_TAKEN = 25
"""Marks of a pool in one posting: a cancel gives each back with three rows, and a transaction holds 100."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """Marks for pieces of a product, as scanned or as the operator's file has them."""

    seller: str
    sku: str
    codes: Sequence[str]
    actor: str


def upload_marks(upload: Upload, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Add marks to a pool, each by itself: a wrong one never stops another, the same again changes nothing.

    Of each: `added`, `there` already, or `problem` with a code (as of a scan; `mark_used` where a posting has it).
    """
    card = store.product_card(upload.seller, upload.sku)
    barcodes = card.barcodes if card else ()
    results: list[Json] = []
    for index, typed in enumerate(upload.codes):
        outcome, code, told = _add(upload, typed, barcodes, store, clock)
        results.append({"index": index, "result": outcome, "code": code or None, "problem": told or None})
    counted = [str(one["result"]) for one in results if isinstance(one, dict)]
    body: dict[str, Json] = {"items": results, **{name: counted.count(name) for name in ("added", "there", "problem")}}
    answer = Answer(200, body)
    if kept := remember(answer):
        store.commit(kept)
    return answer


def _add(upload: Upload, typed: str, barcodes: Sequence[str], store: Cases, clock: Clock) -> tuple[str, str, str]:
    mark = read_mark(typed)
    refused = mark if isinstance(mark, Unread) else check_goods(mark, barcodes)
    if refused is not None or not isinstance(mark, Mark):
        return "problem", str(refused and refused.why), str(refused and refused.told)
    place = f"{upload.seller}/{upload.sku}"
    known = store.find(pointers.EVERY_SHOP, pointers.POOL_MARK, mark.identity)
    if known is not None:
        told = "it is in the pool of another product or shop"
        return ("there", "", "") if known == place else ("problem", "already_exists", told)
    if store.find(pointers.EVERY_SHOP, pointers.EXEMPLAR, mark.identity):
        return "problem", "mark_used", "a posting has it already"
    ready = PoolMark(seller=upload.seller, sku=upload.sku, code=mark.code, at=clock.now(), by=upload.actor)
    try:
        store.commit([SaveBenchRow(ready), ClaimPointer(pointers.EVERY_SHOP, pointers.POOL_MARK, mark.identity, place)])
    except AlreadyExistsError as error:
        if error.what != POINTER_TAKEN:
            raise
        return "problem", "already_exists", "it was put into another pool meanwhile"
    except RetryableError as error:
        return "problem", error.code, f"{error}; send it again"
    return "added", "", ""


def take_marks(seller: str, number: str, actor: str, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Enter free marks of the pools for every piece of a posting that needs one and has none; with the last entry the
    marketplace is told, as by hand.

    Raises NotFoundError, BenchRefusedError (`pool_empty`: too few are free; nothing is taken), and what entering
    raises.
    """
    load_posting(store, seller, number)
    detail, sheet = store.detail(seller, number), store.exemplar_sheet(seller, number)
    wanted: dict[str, list[int]] = {}
    for each in missing(detail, sheet) if detail else ():
        if each.duty == Duty.MARK:
            wanted.setdefault(each.sku, []).append(each.piece - 1)
    count = sum(len(places) for places in wanted.values())
    if not count or count > MOST_TAKEN:
        told = f"posting {number} needs {count} marks; a pool gives 1 to {MOST_TAKEN} at once"
        raise BenchRefusedError(told, code="pool_empty")
    pieces = dict(sheet.pieces) if sheet else {}
    moves: list[Write] = []
    for sku, places in wanted.items():
        free = _free(seller, sku, len(places), store)
        if len(free) < len(places):
            told = f"{len(places)} marks of SKU {sku} are needed and {len(free)} are free: upload more"
            raise BenchRefusedError(told, code="pool_empty", offered=[f"/v1/products/{sku}/marks"])
        filled = [*pieces.get(sku, ())]
        filled += [Exemplar() for _ in range(max(places) + 1 - len(filled))]
        for place, mark in zip(places, free, strict=True):
            filled[place] = replace(filled[place], mark=mark.code)
            moves.append(SaveBenchRow(replace(mark, posting_number=number)))
        pieces[sku] = tuple(filled)
    seen = sheet.version if sheet else 0
    entry = Entry(seller=seller, number=number, actor=actor, pieces=pieces, besides=tuple(moves), sheet_version=seen)
    return enter_exemplars(entry, remember, store=store, clock=clock)


def _free(seller: str, sku: str, count: int, store: Store) -> list[PoolMark]:
    """Free marks, oldest code first; one that was scanned without the pool is a posting's and left out."""
    found: list[PoolMark] = []
    for mark in every(lambda cursor: store.pool_marks(seller, sku, used=False, cursor=cursor)):
        if len(found) == count:
            break
        if store.find(pointers.EVERY_SHOP, pointers.EXEMPLAR, mark.identity) is None:
            found.append(mark)
    return found


def list_marks(
    seller: str, sku: str, *, used: bool, limit: int, cursor: str | None, store: BenchReads
) -> Mapping[str, Json]:
    """Free or used marks of a pool, by code. Raises InvalidInputError for a cursor of another listing."""
    page = store.pool_marks(seller, sku, used=used, limit=limit, cursor=cursor)
    items: list[Json] = [
        {"mark": mark.code, "posting_number": mark.posting_number or None, "at": time_text(mark.at), "by": mark.by}
        for mark in page.items
    ]
    return {"items": items, "next_cursor": page.cursor}
