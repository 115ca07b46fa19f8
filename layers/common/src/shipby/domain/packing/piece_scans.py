"""Which piece a scan is: goods that need a mark are known by it, each piece once, and none passes for another.

The mark follows the scan of its item, or names item and piece at once. What is scanned is the truth of what lies in the
parcel: a mark that was entered before and is not there gives way to the one that is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from shipby.domain.intents import IntentAction, open_of
from shipby.domain.packing.cards import BenchCheck, Exemplar, ExemplarSheet, ProductCard
from shipby.domain.packing.exemplars import MOST_CODES, Duty, codes_of, duties_of
from shipby.domain.packing.marks import Mark, MarkProblem, Unread, check_goods, looks_like_mark, read_mark
from shipby.domain.packing.scanning import (
    Item,
    Refusal,
    find_obstacle,
    items_of,
    judge_scan,
    match,
    too_many,
)
from shipby.domain.postings.posting import MarketplacePosting, Posting


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """All that a scan is judged by."""

    posting: Posting
    detail: MarketplacePosting | None
    cards: Mapping[str, ProductCard]
    check: BenchCheck
    sheet: ExemplarSheet | None = None

    @property
    def items(self) -> tuple[Item, ...]:
        return items_of(self.detail, self.cards, self.check.scanned) if self.detail else ()

    @property
    def entered(self) -> Mapping[str, tuple[Exemplar, ...]]:
        return self.sheet.pieces if self.sheet else {}

    @property
    def marked(self) -> frozenset[str]:
        """SKUs of which each piece needs a mark; what is assembled at the marketplace already needs none."""
        if self.detail is None or self.posting.assembled_at is not None:
            return frozenset()
        return frozenset(sku for sku, duties in duties_of(self.detail).items() if Duty.MARK in duties)

    @property
    def waits(self) -> Item | None:
        """The product of which a piece was scanned whose mark comes next."""
        found = (item for item in self.items if item.sku == self.check.waits and item.missing)
        return next(found, None) if self.check.waits in self.marked else None


@dataclass(frozen=True, slots=True)
class MarkWanted:
    """A piece of this product is in the packer's hand, and its mark is the next scan."""

    item: Item


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece by its mark; `pieces` is what is to be entered from now on, None where that stands already."""

    item: Item
    mark: Mark
    pieces: Mapping[str, tuple[Exemplar, ...]] | None = None


_TRIED = frozenset({MarkProblem.CAPS_LOCK, MarkProblem.AMBIGUOUS})
"""Problems that only a mark has, though its beginning is damaged too."""
Verdict: TypeAlias = Item | Piece | MarkWanted | Refusal


def judge(parcel: Parcel, code: str, quantity: int) -> Verdict:
    """What a scan puts into the parcel, whether it asks for a mark, or why it does not count."""
    items = parcel.items
    if obstacle := find_obstacle(parcel.posting, items):
        return obstacle
    if awaited := parcel.waits:
        return _awaited(parcel, awaited, code, quantity)
    if found := _by_mark(parcel, code, quantity):
        return found
    codes = parcel.detail.codes if parcel.detail else ()
    item = judge_scan(parcel.posting, items, parcel.cards, code, quantity, codes)
    if isinstance(item, Refusal) or item.sku not in parcel.marked or _is_covered(parcel, item, quantity):
        return item
    if quantity > 1:
        told = f"each piece of {_name(item)} has a mark of its own: scan them one by one"
        return Refusal("mark_needed", told)
    return MarkWanted(item)


def _name(item: Item) -> str:
    return item.offer_id or item.sku


def _is_covered(parcel: Parcel, item: Item, quantity: int) -> bool:
    """Whether somebody has entered the marks of these pieces, before any was scanned here."""
    entered = sum(1 for one in parcel.entered.get(item.sku, ()) if one.mark)
    return not parcel.check.ask_marks and entered >= item.scanned + quantity


def _awaited(parcel: Parcel, item: Item, code: str, quantity: int) -> Verdict:
    mark = read_mark(code)
    if isinstance(mark, Unread):
        if mark.why is MarkProblem.NOT_A_MARK and match(code, parcel.items, parcel.cards):
            told = f"the mark of a piece of {_name(item)} is wanted next: scan it, or reset the scans"
            return Refusal("mark_needed", told)
        return Refusal(mark.why, mark.told)
    if quantity > 1:
        return _one_piece()
    owners = match(mark.code, parcel.items, parcel.cards)
    if item.sku in {owner.sku for owner in owners}:
        return _piece(parcel, item, mark)
    card = parcel.cards.get(item.sku)
    refused = check_goods(mark, card.barcodes if card else ())
    if refused is not None or owners:
        told = f"the mark is of other goods (GTIN {mark.gtin}) than {_name(item)}: take the piece out"
        return Refusal(MarkProblem.WRONG_GOODS, refused.told if refused else told)
    return _piece(parcel, item, mark)


def _by_mark(parcel: Parcel, code: str, quantity: int) -> Verdict | None:
    """None where the scan names goods alone: no mark, or a damaged one of goods that need none."""
    mark = read_mark(code)
    if isinstance(mark, Unread) and mark.why not in _TRIED and not looks_like_mark(code):
        return None
    owners = match(code if isinstance(mark, Unread) else mark.code, parcel.items, parcel.cards)
    if isinstance(mark, Unread):
        plain = owners and not any(owner.sku in parcel.marked for owner in owners)
        return None if plain else Refusal(mark.why, mark.told)
    if len(owners) != 1:
        if owners:
            return None
        told = (
            f"wrong item: the mark names goods (GTIN {mark.gtin}) that do not belong into posting "
            f"{parcel.posting.number}; take the piece out, or, if it is the right one, add this GTIN to the barcodes "
            "of its product card"
        )
        return Refusal("wrong_item", told)
    if quantity > 1:
        return _one_piece()
    return _piece(parcel, owners[0], mark)


def _one_piece() -> Refusal:
    return Refusal("too_many", "a mark stands for one piece: scan each piece's own mark, with quantity 1")


def _piece(parcel: Parcel, item: Item, mark: Mark) -> Piece | Refusal:
    if mark.identity in parcel.check.marks:
        told = f"this very piece of {_name(item)} is in the parcel already: scan another piece's mark"
        return Refusal("already_scanned", told)
    if not item.missing:
        return too_many(parcel.posting, item, 1)
    for sku, pieces in parcel.entered.items():
        if mark.identity in codes_of({sku: pieces}):
            if sku == item.sku:
                return Piece(item, mark, parcel.entered if _is_told_again(parcel, sku) else None)
            return Refusal(MarkProblem.WRONG_GOODS, f"this mark is entered for SKU {sku}: it is no piece of {item.sku}")
    if item.sku in parcel.marked:
        return _entered(parcel, item, mark)
    if any(one.mark for one in parcel.entered.get(item.sku, ())):
        return _other_piece(parcel, item)
    return Piece(item, mark)


def _is_told_again(parcel: Parcel, sku: str) -> bool:
    """Whether the marketplace did not take these entries, or did not finish checking them, and this is the last piece:
    the same is sent again, unless another piece has taken a place."""
    refused = parcel.sheet is not None and parcel.sheet.problem and not parcel.sheet.accepted
    is_last = sum(item.missing for item in parcel.items if item.sku in parcel.marked) == 1
    calls = (IntentAction.SET_EXEMPLARS, IntentAction.SHIP)
    is_open = any(open_of(parcel.posting, call) for call in calls)
    return bool(refused) and is_last and sku in parcel.marked and not is_open


def _entered(parcel: Parcel, item: Item, mark: Mark) -> Piece | Refusal:
    if open_of(parcel.posting, IntentAction.SET_EXEMPLARS) or open_of(parcel.posting, IntentAction.SHIP):
        told = (
            f"the marketplace is being told of the pieces of posting {parcel.posting.number}, and this is none of "
            "them: scan one of those, or wait until that is settled"
        )
        return Refusal("call_under_way", told)
    before = parcel.entered.get(item.sku, ())
    pieces = [*before, *(Exemplar() for _ in range(item.expected - len(before)))]
    place = next((index for index, one in enumerate(pieces) if not one.mark), None)
    if place is None:
        place = next((index for index, one in enumerate(pieces) if _gives_way(parcel, one)), None)
    if place is None:
        return _other_piece(parcel, item)
    pieces[place] = replace(pieces[place], mark=mark.code)
    entered = {**parcel.entered, item.sku: tuple(pieces)}
    if len(codes_of(entered)) > MOST_CODES:
        return Refusal("too_many_codes", f"at most {MOST_CODES} codes fit into one posting: split it")
    return Piece(item, mark, entered)


def _gives_way(parcel: Parcel, entered: Exemplar) -> bool:
    """A mark that was entered ahead and is not in the parcel; what else is known of that very piece stays its own."""
    there = set(codes_of({"": (entered,)})) & set(parcel.check.marks)
    return not there and not (entered.imei or entered.uin or entered.weight)


def _other_piece(parcel: Parcel, item: Item) -> Refusal:
    path = f"/v1/postings/{parcel.posting.number}/exemplars"
    told = f"other pieces of {_name(item)} are entered for it: take one of those, or correct them with PUT {path}"
    return Refusal("other_piece", told)
