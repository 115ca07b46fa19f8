"""Money follows the goods: what was paid for goods that a split moved into another posting moves with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from shipby.application.ports.postings import PostingReads
from shipby.application.ports.sellers import Pointers
from shipby.application.ports.store import Store
from shipby.application.ports.writes import ClaimPointer, SaveMoney, Write
from shipby.domain import pointers
from shipby.domain.postings.lines import price_of_items, quantities
from shipby.domain.postings.posting import CANCELLED, SPLIT, MarketplacePosting, Stage
from shipby.domain.refunds.families import Family, Relative, evened, handed_over, joined
from shipby.domain.refunds.ledger import OBSERVED_CANCEL, OBSERVED_ITEMS, EntryKind, MoneyLedger
from shipby.domain.refunds.payers import circumstances, who_pays
from shipby.domain.skew import ahead

NEVER = datetime.min.replace(tzinfo=UTC)
_MOST = 10
"""Postings of an order that are looked at where a part's parent is not known."""


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

    Whoever is read later moves the money, once: ledgers name the parts that they are accounted with
    (`shipby.domain.refunds.families`). The result is not yet one version on.
    """
    ledgers = _Ledgers(ledger.seller, store)
    opened = ledgers.of(ledger.number) is None
    family = _family(Relative(ledger=ledger, facts=facts), ledgers, store, opened=opened)
    if opened:
        before = family
        family = joined(family, ledger.number)
        parent = family.members.get(facts.parent_number)
        if parent is not None and parent != before.members[parent.number]:
            told = replace(parent, ledger=_with_cancelled(parent.ledger, facts, store))
            family = replace(family, members={**family.members, parent.number: told})
    else:
        for part in family.below(ledger.number):
            family = handed_over(family, part.number)
    family = evened(family, ledger.number)
    done = {
        number: _paid_back(each, ledgers.of(number) or each.ledger, store) for number, each in family.members.items()
    }
    own = done.pop(ledger.number)
    return replace(own, version=ledger.version), ledgers.changed(done)


def _paid_back(one: Relative, before: MoneyLedger, store: PostingReads) -> MoneyLedger:
    """A ledger after its family moved money: what came in for goods that were cancelled already was paid back."""
    ledger = one.ledger
    posting = store.posting(ledger.seller, ledger.number) if one.facts.status == CANCELLED else None
    if posting is None or posting.stage is not Stage.CANCELLED or ledger.paid <= before.paid:
        return ledger
    more = {
        sku: line.paid - before.lines[sku].paid if sku in before.lines else line.paid
        for sku, line in ledger.lines.items()
    }
    more = {sku: minor for sku, minor in more.items() if minor > 0}
    rule = who_pays(circumstances(EntryKind.OBSERVED, posting, one.facts))
    key, at = f"{OBSERVED_CANCEL}.{before.version}", one.facts.read_at
    return ledger.observe(key, sum(more.values()), borne_by=rule.cost_borne_by, lines=more, at=at, rule=rule.id)


def made_up(facts: MarketplacePosting, *, seller: str, store: Store) -> None:
    """What a read tells that changes nothing: whose the goods of a family are, where one holds some without money."""
    if not facts.parent_number and not facts.related_numbers:
        return
    stored = store.money(seller, facts.number)
    if stored is None or not Relative(ledger=stored, facts=facts).lacks:
        return
    ledger, writes = money_of_family(stored, facts, store)
    if ledger != stored:
        writes.append(SaveMoney(replace(ledger, version=stored.version + 1)))
    if writes:
        store.commit(writes)


def _parts_before(seller: str, number: str, store: FamilyReads) -> list[str]:
    """Parts of a posting that were stored before it was: its first read may be older than the split."""
    found: list[str] = []
    while part := store.find(seller, pointers.PART, _part_slot(number, len(found))):
        found.append(part)
    return found


def _part_slot(number: str, count: int) -> str:
    return f"{number}/{count}" if count else number


def part_pointer(facts: MarketplacePosting, *, seller: str, store: FamilyReads) -> list[Write]:
    """What a part is found by, where it is read before the posting that it was split from."""
    parent = facts.parent_number
    if not parent or store.posting(seller, parent) is not None:
        return []
    slot = _part_slot(parent, len(_parts_before(seller, parent, store)))
    return [ClaimPointer(seller, pointers.PART, slot, facts.number)]


def _family(own: Relative, ledgers: _Ledgers, store: FamilyReads, *, opened: bool, reading: str = "") -> Family:
    """All postings of a family that are known here, as far as they name each other; its parent first. `reading`: one
    that is being read now, and is known although it is not stored."""
    ledger, facts = own.ledger, own.facts
    found, whole = {own.number: own}, True
    waiting, seen = [facts.parent_number, *facts.related_numbers, *ledger.family], {own.number, ""}
    guessed: list[str] = []
    parents = set[str]()
    """Of postings that were read: where one of them is not, what it was split from may be any of the order too."""
    if facts.parent_number and store.detail(ledger.seller, facts.parent_number) is None:
        # Its parent is not read yet, and may be a part itself: the money may be with any posting of the order still.
        guessed = [each for each in _earlier_of_the_order(facts.number) if each not in waiting]
    waiting += [*guessed, *(_parts_before(ledger.seller, own.number, store) if opened else ())]
    while waiting:
        number = waiting.pop(0)
        if number in seen:
            continue
        seen.add(number)
        detail = store.detail(ledger.seller, number)
        if detail is None:
            if number in parents:
                guessed += [each for each in _earlier_of_the_order(number) if each not in seen]
                waiting += guessed
            whole = whole and (number in guessed or number == reading)
            continue
        parents.add(detail.parent_number)
        waiting += [detail.parent_number, *detail.related_numbers]
        theirs = ledgers.of(number)
        if theirs is None:
            # Without a price no ledger was opened; it leads to others all the same.
            whole = whole and detail.status == SPLIT
            theirs = MoneyLedger(seller=ledger.seller, number=number, version=0, currency=ledger.currency, paid=0)
        waiting += theirs.family
        if theirs.currency == ledger.currency:
            known = store.posting(ledger.seller, number)
            read_at = max(detail.read_at, known.synced_at) if known is not None else detail.read_at
            if ahead(read_at, facts.read_at):
                read_at = NEVER  # by a wrong clock: nobody knows when
            found[number] = Relative(ledger=theirs, facts=replace(detail, read_at=read_at))
        else:
            whole = False
    return Family(found, whole=whole)


def _earlier_of_the_order(number: str) -> list[str]:
    """Numbers that earlier postings of an order have: they end in a count."""
    order, _, last = number.rpartition("-")
    return [f"{order}-{count}" for count in range(1, min(int(last), _MOST))] if last.isdecimal() else []


def _with_cancelled(parent: MoneyLedger, part: MarketplacePosting, store: FamilyReads) -> MoneyLedger:
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
    ledger: MoneyLedger, facts: MarketplacePosting, store: FamilyReads, *, reading: MarketplacePosting | None = None
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
    if facts.status == SPLIT and not (_all_moved(facts, parts) and _all_known(ledger, facts, store, reading)):
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


def _all_known(
    ledger: MoneyLedger, facts: MarketplacePosting, store: FamilyReads, reading: MarketplacePosting | None
) -> bool:
    """Whether everybody of the family was read: what is left over may be somebody's whose own was given to another."""
    own = Relative(ledger=ledger, facts=facts)
    family = _family(
        own, _Ledgers(ledger.seller, store), store, opened=False, reading=reading.number if reading else ""
    )
    return family.whole


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
