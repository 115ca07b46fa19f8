"""Money follows the goods: what was paid for goods that a split moved into another posting moves with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Protocol

from shipby.application.ports.postings import PostingReads
from shipby.application.ports.sellers import Pointers
from shipby.application.ports.writes import ClaimPointer, SaveMoney, Write
from shipby.domain import pointers
from shipby.domain.deadlines.fold import SPLIT
from shipby.domain.postings.lines import price_of_items, quantities
from shipby.domain.postings.posting import MarketplacePosting
from shipby.domain.refunds.ledger import OBSERVED_ITEMS, EntryKind, MoneyLedger
from shipby.domain.refunds.moves import Relative, claimed, evened, split_off
from shipby.domain.refunds.payers import circumstances, who_pays


class FamilyReads(PostingReads, Pointers, Protocol):
    """What a family is found by."""


class _Ledgers:
    """The ledgers of a family, each read once: what changes one is written over that read, and over none that came
    later."""

    def __init__(self, seller: str, store: FamilyReads) -> None:
        self._seller, self._store = seller, store
        self._read: dict[str, MoneyLedger | None] = {}

    def of(self, number: str) -> MoneyLedger | None:
        if number not in self._read:
            self._read[number] = self._store.money(self._seller, number)
        return self._read[number]

    def changed(self, ledgers: Mapping[str, MoneyLedger]) -> list[Write]:
        """The writes for those that are not as they were read, each one version on."""
        writes: list[Write] = []
        for number, ledger in ledgers.items():
            read = self.of(number)
            if read is not None and replace(ledger, version=read.version) != read:
                writes.append(SaveMoney(replace(ledger, version=read.version + 1)))
        return writes


def money_of_family(
    ledger: MoneyLedger, facts: MarketplacePosting, store: FamilyReads
) -> tuple[MoneyLedger, list[Write]]:
    """The ledger of a posting as its family leaves it, and what changes in other ledgers of the family with it.

    Whoever of parent and child is read second moves the money, once: the parent's ledger names the children it is
    accounted with. A part that is split again may name the first of the family as its parent: what one of them has
    beyond its goods goes to who holds the goods. The result is not yet one version on.
    """
    ledgers = _Ledgers(ledger.seller, store)
    opened = ledgers.of(ledger.number) is None
    others: dict[str, MoneyLedger] = {}
    own, given, together = ledger, frozenset[str](), frozenset[str]()
    parent = ledgers.of(facts.parent_number) if facts.parent_number else None
    if parent is not None:
        if own.number in parent.family:
            together = frozenset(each for each in parent.family if _parent_of(each, own, store) == parent.number)
        else:
            given = frozenset(parent.lines)
        before = parent
        parent, own = split_off(parent, own)
        if parent != before:
            others[parent.number] = _with_cancelled(parent, facts, store)
    parts = _parts_before(own, store) if opened else ()
    for number in (*facts.related_numbers, *parts):
        if number in own.family:
            continue
        child, known = ledgers.of(number), store.posting(own.seller, number)
        if child is None or known is None or known.parent_number != own.number:
            continue
        own, others[number] = split_off(own, child)
    relatives = _relatives(own, facts, others, ledgers, store)
    me = Relative(ledger=own, worth=_worth(facts, own.currency))
    if opened:
        me, relatives = claimed(me, relatives, given=given, together=together)
    me, relatives = evened(me, relatives)
    others |= {number: each.ledger for number, each in relatives.items()}
    return replace(me.ledger, version=ledger.version), ledgers.changed(others)


def _parent_of(number: str, own: MoneyLedger, store: PostingReads) -> str:
    known = store.posting(own.seller, number)
    return known.parent_number if known is not None else ""


def _parts_before(own: MoneyLedger, store: FamilyReads) -> tuple[str, ...]:
    """Parts of a posting that were stored before it was: its first read may be older than the split."""
    first = store.find(own.seller, pointers.PART, own.number)
    detail = store.detail(own.seller, first) if first else None
    return (first, *detail.related_numbers) if first and detail is not None else ()


def part_pointer(facts: MarketplacePosting, *, seller: str, store: FamilyReads) -> list[Write]:
    """What a posting's first part is found by, where that is read before the posting itself."""
    parent = facts.parent_number
    if not parent or store.posting(seller, parent) is not None or store.find(seller, pointers.PART, parent):
        return []
    return [ClaimPointer(seller, pointers.PART, parent, facts.number)]


def _relatives(
    own: MoneyLedger,
    facts: MarketplacePosting,
    moved: Mapping[str, MoneyLedger],
    ledgers: _Ledgers,
    store: PostingReads,
) -> dict[str, Relative]:
    """All other postings of a family that have a ledger, as far as they name each other; its parent first."""
    found: dict[str, Relative] = {}
    waiting, seen = [facts.parent_number, *facts.related_numbers, *own.family], {own.number, ""}
    if facts.parent_number and ledgers.of(facts.parent_number) is None:
        # Its parent, itself a part, is not read yet: until then the order's first posting may hold the money still.
        waiting.append(f"{facts.number.rpartition('-')[0]}-1")
    while waiting:
        number = waiting.pop(0)
        if number in seen:
            continue
        seen.add(number)
        ledger = moved.get(number) or ledgers.of(number)
        detail = store.detail(own.seller, number)
        if ledger is None or detail is None:
            continue
        waiting += [detail.parent_number, *detail.related_numbers, *ledger.family]
        if ledger.currency == own.currency:
            found[number] = Relative(ledger=ledger, worth=_worth(detail, ledger.currency))
    return found


def _worth(facts: MarketplacePosting, currency: str) -> dict[str, int] | None:
    """SKU -> what the goods cost that a posting holds; None where that cannot be told."""
    if facts.status == SPLIT:
        return {}
    found: dict[str, int] = {}
    for line in facts.lines:
        if line.price is None or line.price.currency != currency:
            return None
        found[line.sku] = found.get(line.sku, 0) + (line.price * line.quantity).minor
    return found or None


def _with_cancelled(parent: MoneyLedger, part: MarketplacePosting, store: PostingReads) -> MoneyLedger:
    """The parent's ledger with what the marketplace gave back of it, where only this part was missing to tell that."""
    posting, facts = store.posting(parent.seller, parent.number), store.detail(parent.seller, parent.number)
    if posting is None or facts is None:
        return parent
    gone = cancelled_lines(parent, facts, store, reading=part)
    rule = who_pays(circumstances(EntryKind.OBSERVED, posting, facts))
    key = f"{OBSERVED_ITEMS}.{posting.version}.{part.number}"
    if not gone or parent.available <= 0:
        return parent
    return parent.observe(
        key, sum(gone.values()), borne_by=rule.cost_borne_by, lines=gone, at=part.read_at, rule=rule.id
    )


def cancelled_lines(
    ledger: MoneyLedger, facts: MarketplacePosting, store: PostingReads, *, reading: MarketplacePosting | None = None
) -> dict[str, int]:
    """SKU -> what was paid for the pieces that are gone from a posting: cancelled, so paid back by the marketplace.

    Pieces that moved into another posting (a split) are not gone: their money has moved with them. While a part is not
    read, nobody knows; the read that knows all of them tells what else is missing. `reading`: a part being read now.
    """
    before = store.detail(ledger.seller, facts.number)
    if before is None or not facts.lines or parts_unread(ledger, facts, store, reading=reading):
        return {}
    have = {} if facts.status == SPLIT else quantities(facts)
    parts = _parts(ledger, store, reading)
    if _names_unread(ledger.seller, parts, store):
        return {}
    if facts.status == SPLIT and not _all_moved(facts, parts):
        return {}
    found: dict[str, int] = {}
    for sku, left in ledger.left_of_lines().items():
        stays = price_of_items(facts, {sku: have[sku]}) if have.get(sku) else None
        if have.get(sku) and stays is None:
            continue
        surplus = left - (stays.minor if stays else 0)
        most = _gone_by_count(sku, before, have) if not ledger.family else surplus
        price = _piece(sku, ledger, (facts, before, *parts)) if ledger.family else 1
        if min(most, surplus) > 0 and price and min(most, surplus) % price == 0:
            found[sku] = min(most, surplus)
    return found


def _names_unread(seller: str, parts: tuple[MarketplacePosting, ...], store: PostingReads) -> bool:
    """Whether a part was split again, into what nobody has read: the pieces that seem to be gone may be there."""
    known = {part.number for part in parts}
    named = {number for part in parts for number in part.related_numbers} - known
    return any(store.posting(seller, number) is None for number in named)


def _gone_by_count(sku: str, before: MarketplacePosting, have: Mapping[str, int]) -> int:
    """What the pieces cost that the read before still showed."""
    gone = quantities(before).get(sku, 0) - have.get(sku, 0)
    price = price_of_items(before, {sku: gone}) if gone > 0 else None
    return price.minor if price else 0


def _parts(
    ledger: MoneyLedger, store: PostingReads, reading: MarketplacePosting | None
) -> tuple[MarketplacePosting, ...]:
    """What was read of the parts that the ledger is accounted with."""
    stored = (store.detail(ledger.seller, number) for number in ledger.family)
    known = {detail.number: detail for detail in stored if detail is not None}
    if reading is not None:
        known[reading.number] = reading
    return tuple(known.values())


def _piece(sku: str, ledger: MoneyLedger, known: Iterable[MarketplacePosting]) -> int:
    """The price of one piece, as the family lists it; 1 where nobody lists it any more, 0 where they differ."""
    prices = {
        line.price.minor
        for detail in known
        for line in detail.lines
        if line.sku == sku and line.price is not None and line.price.currency == ledger.currency
    }
    return next(iter(prices), 1) if len(prices) < 2 else 0


def _all_moved(facts: MarketplacePosting, parts: Iterable[MarketplacePosting]) -> bool:
    """Whether the parts of a posting that a split ended hold all the pieces that it lists."""
    held: Counter[str] = Counter()
    for part in parts:
        held.update(quantities(part))
    return all(held[sku] >= count for sku, count in quantities(facts).items())


def parts_unread(
    ledger: MoneyLedger,
    facts: MarketplacePosting | None,
    store: PostingReads,
    *,
    reading: MarketplacePosting | None = None,
) -> bool:
    """Whether a split made postings of some of the goods that the ledger is not accounted with yet, or a part of it was
    split again into postings that are not read. `reading`: a part being read now."""
    if facts is None:
        return False
    for number in facts.related_numbers:
        if number in ledger.family or number == facts.parent_number:
            continue
        known = store.posting(ledger.seller, number)
        if known is None or known.parent_number == ledger.number:
            return True
    return _unread_below(ledger, facts, store, reading)


def _unread_below(
    ledger: MoneyLedger, facts: MarketplacePosting, store: PostingReads, reading: MarketplacePosting | None
) -> bool:
    waiting, seen = [*ledger.family, *facts.related_numbers], {ledger.number, facts.parent_number, ""}
    while waiting:
        number = waiting.pop()
        if number in seen:
            continue
        seen.add(number)
        now = reading is not None and reading.number == number
        part = reading if now else store.detail(ledger.seller, number)
        if part is None:
            return True
        if part.status == SPLIT:
            waiting += part.related_numbers
    return False
