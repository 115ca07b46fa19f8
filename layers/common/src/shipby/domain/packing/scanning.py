"""Checking a parcel by scanning its goods: what a code means, and what of the parcel is still missing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from shipby.domain.deadlines.workflow import Command, Step, carry_out
from shipby.domain.intents import IntentAction, open_of
from shipby.domain.labels.copies import read_copy_code, read_pick_list_code, read_slip_code, readings
from shipby.domain.labels.page_proof import is_own_code
from shipby.domain.packing.cards import BenchCheck, ProductCard
from shipby.domain.packing.gs1 import gtin_in
from shipby.domain.postings.posting import BEFORE_HAND_OVER, MarketplacePosting, Posting, Stage

_TO_PACKED: Mapping[Stage, tuple[Command, ...]] = {
    Stage.RECEIVED: (Command.CONFIRM, Command.PICK, Command.PACK),
    Stage.CONFIRMED: (Command.PICK, Command.PACK),
    Stage.PICKED: (Command.PACK,),
    Stage.INSPECTED: (Command.PACK,),
    Stage.PACKED: (),
}
_GTIN_LENGTHS = frozenset({8, 12, 13, 14})
_GTIN = 14
LONGEST_CODE = 64
"""Characters of a code that the history keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One product of a parcel."""

    sku: str
    offer_id: str
    name: str
    expected: int
    scanned: int = 0
    bin: str = ""

    @property
    def missing(self) -> int:
        return max(self.expected - self.scanned, 0)


def items_of(
    detail: MarketplacePosting, cards: Mapping[str, ProductCard], scanned: Mapping[str, int]
) -> tuple[Item, ...]:
    """The products of a parcel, one item per SKU in the order of the lines; then what was scanned in and is no longer
    in them, since a posting may be split or changed meanwhile."""
    found: dict[str, Item] = {}
    for line in detail.lines:
        before = found[line.sku].expected if line.sku in found else 0
        card = cards.get(line.sku)
        found[line.sku] = Item(
            sku=line.sku,
            offer_id=line.offer_id,
            name=line.name,
            expected=before + line.quantity,
            scanned=scanned.get(line.sku, 0),
            bin=card.bin if card else "",
        )
    for sku, pieces in scanned.items():
        if sku not in found:
            found[sku] = Item(sku=sku, offer_id="", name="", expected=0, scanned=pieces)
    return tuple(found.values())


def is_complete(items: Iterable[Item]) -> bool:
    """Whether every piece was scanned, and not one more."""
    return all(item.scanned == item.expected for item in items)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a scan does not count. `why` is a code of the API, and is kept in histories; see docs/bench.md."""

    why: str
    told: str


def stop_of(posting: Posting) -> str:
    """Why nothing may be scanned into this parcel now; empty if something may."""
    stop = find_stop(posting)
    return stop.told if stop else ""


def find_stop(posting: Posting) -> Refusal | None:
    """The same with its code: cancelled, being_cancelled, expired, blocked, cannot_ship, amended or left."""
    number = posting.number
    if posting.stage is Stage.CANCELLED:
        by = f" by {posting.cancelled_by}" if posting.cancelled_by else ""
        return Refusal("cancelled", f"posting {number} was cancelled{by}: do not pack it, put the goods back")
    if posting.stage is Stage.EXPIRED:
        told = f"posting {number} expired ({posting.expired_reason}): put it aside, or override it with a reason"
        return Refusal("expired", told)
    if posting.stage is Stage.BLOCKED:
        told = f"posting {number} is blocked ({posting.blocked_reason}): put it aside until somebody unblocks it"
        return Refusal("blocked", told)
    if posting.stage not in BEFORE_HAND_OVER:
        return Refusal("left", f"posting {number} is {posting.stage}: it has left the house, there is nothing to scan")
    if posting.holds:
        codes = ", ".join(posting.holds)
        told = f"posting {number} cannot be sent as it is ({codes}): put it aside, /v1/postings/{number}/check says why"
        return Refusal("cannot_ship", told)
    if posting.amended:
        told = (
            f"posting {number} was changed while it was worked on: read /v1/postings/{number}/amendments, put the "
            "parcel right, then say that it is seen"
        )
        return Refusal("amended", told)
    if open_of(posting, IntentAction.CANCEL):
        return Refusal("being_cancelled", f"posting {number} is being cancelled: put it aside until that is settled")
    return None


def _same_gtin(code: str) -> str:
    """Scanners give UPC-A with or without the leading zero of EAN-13. Source: GS1 General Specifications, 1.1."""
    return code.zfill(_GTIN) if code.isascii() and code.isdigit() and len(code) in _GTIN_LENGTHS else code.casefold()


def _goods(code: str) -> str:
    """The goods that a code names, however it does: a card may have been filled by scanning the mark itself."""
    return _same_gtin(gtin_in(code) or code)


def _named(code: str, item: Item, card: ProductCard | None) -> int:
    """How surely a code names a product: 3 its barcode, 2 its SKU, 1 its offer id, 0 not at all."""
    folded = code.casefold()
    if card is not None and _same_gtin(code) in {_same_gtin(barcode) for barcode in card.barcodes}:
        return 3
    if folded == item.sku.casefold():
        return 2
    return 1 if folded == item.offer_id.casefold() else 0


def match(code: str, items: Iterable[Item], cards: Mapping[str, ProductCard]) -> tuple[Item, ...]:
    """The products a scanned code names: one, none, or several where the seller's codes are not unique."""
    items = tuple(items)
    for reading in readings(code):
        rated = [(_named(reading.text, item, cards.get(item.sku)), item) for item in items]
        best = max((rate for rate, _ in rated), default=0)
        if best:
            return tuple(item for rate, item in rated if rate == best)
    # Not the code itself, then the goods that it names: a GTIN within an element string, such as a Chestny ZNAK mark.
    named = {_goods(text) for text in (code, *(reading.text for reading in readings(code)))}
    return tuple(
        item
        for item in items
        if (card := cards.get(item.sku)) is not None and named & {_goods(barcode) for barcode in card.barcodes}
    )


def is_paper(code: str, posting: Posting, label_codes: Collection[str] = ()) -> bool:
    """Whether somebody scanned a paper instead of the goods: our label, slip or list, a code of the marketplace's label
    or the posting's number."""
    return any(
        read_copy_code(reading.text)
        or read_slip_code(reading.text)
        or read_pick_list_code(reading.text)
        or is_own_code(reading.text, posting.number, label_codes)
        for reading in readings(code)
    )


def find_obstacle(posting: Posting, items: tuple[Item, ...]) -> Refusal | None:
    """Why no scan counts for this parcel, whatever it reads."""
    if stop := find_stop(posting):
        return stop
    if not items:
        return Refusal(
            "goods_unknown", f"the goods of posting {posting.number} are not known yet; try again in a minute"
        )
    surplus = next((item for item in items if item.scanned > item.expected), None)
    if surplus is not None:
        return Refusal(
            "parcel_changed",
            f"posting {posting.number} has changed: {surplus.scanned} of {surplus.offer_id or surplus.sku} are in, and "
            f"{surplus.expected} belong there now; take them out and reset its scans",
        )
    return None


def judge_scan(
    posting: Posting,
    items: tuple[Item, ...],
    cards: Mapping[str, ProductCard],
    code: str,
    quantity: int,
    label_codes: Collection[str] = (),
) -> Item | Refusal:
    """The product that is in the parcel now, or why the scan does not count; `label_codes` are no goods."""
    if obstacle := find_obstacle(posting, items):
        return obstacle
    shown = printable(code)
    found = match(code, items, cards)
    if not found:
        if is_paper(code, posting, label_codes):
            return Refusal("paper_scanned", f"{shown} is a paper of a parcel: scan the goods themselves")
        return Refusal("wrong_item", f"wrong item: {shown} does not belong into posting {posting.number}; take it out")
    if len(found) > 1:
        skus = ", ".join(item.sku for item in found)
        return Refusal(
            "ambiguous_item", f"{shown} names several products of this posting ({skus}): scan the SKU instead"
        )
    item = found[0]
    if quantity > item.missing:
        return too_many(posting, item, quantity)
    return item


def too_many(posting: Posting, item: Item, quantity: int) -> Refusal:
    """More pieces than are missing."""
    return Refusal(
        "too_many",
        f"too many: posting {posting.number} needs {item.expected} of {item.offer_id or item.sku}, "
        f"{item.scanned} are in already; take {quantity - item.missing} out",
    )


def printable(code: str) -> str:
    """A scanned code as messages and the history show it: without control characters, and never long."""
    return "".join(letter for letter in code if letter.isprintable()).strip()[:LONGEST_CODE]


def count(check: BenchCheck, item: Item, quantity: int, *, at: datetime, actor: str) -> BenchCheck:
    """The check with one more scan in it; one version on."""
    return replace(
        check,
        version=check.version + 1,
        scanned={**check.scanned, item.sku: check.scanned.get(item.sku, 0) + quantity},
        started_at=check.started_at or at,
        completed_at=None,
        by=actor,
        waits="",
    )


def pack_up(posting: Posting, *, at: datetime, actor: str, reason: str, pack: bool = True) -> Step:
    """All steps that are left until packed, by the rules of the stages; each moves the version on. Without `pack` all
    but the last."""
    step = Step(posting, ())
    for command in _TO_PACKED.get(posting.stage, (Command.PACK,)):
        if command is Command.PACK and not pack:
            continue
        done = carry_out(step.posting, command, at=at, actor=actor, reason=reason)
        step = Step(done.posting, (*step.events, *done.events))
    return step
