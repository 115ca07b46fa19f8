"""Money follows the goods: what was paid for goods that a split moved into another posting moves with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from shipby.application.ports.postings import PostingReads
from shipby.application.ports.writes import SaveMoney, Write
from shipby.domain.deadlines.fold import SPLIT
from shipby.domain.postings.lines import price_of_items, quantities
from shipby.domain.postings.posting import MarketplacePosting
from shipby.domain.refunds.ledger import EntryKind, MoneyLedger
from shipby.domain.refunds.moves import split_off
from shipby.domain.refunds.payers import circumstances, who_pays

OBSERVED_ITEMS = "observed:items"
"""Key of the ledger entry for money paid back after a cancel of items, with the posting's version behind it."""


def money_of_family(
    ledger: MoneyLedger, facts: MarketplacePosting, store: PostingReads
) -> tuple[MoneyLedger, list[Write]]:
    """The ledger of a posting as its family leaves it, and what changes in other ledgers of the family with it.

    Whoever of parent and child is read second moves the money, once: the parent's ledger names the children it is
    accounted with. The result is not yet one version on.
    """
    writes: list[Write] = []
    version, own = ledger.version, ledger
    parent = store.money(own.seller, facts.parent_number) if facts.parent_number else None
    if parent is not None:
        before = parent
        parent, own = split_off(parent, own)
        if parent != before:
            parent = _with_cancelled(parent, facts, store)
            writes.append(SaveMoney(replace(parent, version=before.version + 1)))
    for number in facts.related_numbers:
        if number in own.family:
            continue
        child, known = store.money(own.seller, number), store.posting(own.seller, number)
        if child is None or known is None or known.parent_number != own.number:
            continue
        own, moved = split_off(own, child)
        if moved != child:
            writes.append(SaveMoney(moved))
    return replace(own, version=version), writes


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
    if before is None or not facts.lines or parts_unread(ledger, facts, store):
        return {}
    have = {} if facts.status == SPLIT else quantities(facts)
    parts = _parts(ledger, store, reading)
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


def parts_unread(ledger: MoneyLedger, facts: MarketplacePosting | None, store: PostingReads) -> bool:
    """Whether a split made postings of some of the goods that the ledger is not accounted with yet."""
    for number in facts.related_numbers if facts is not None else ():
        if number in ledger.family or facts is None or number == facts.parent_number:
            continue
        known = store.posting(ledger.seller, number)
        if known is None or known.parent_number == ledger.number:
            return True
    return False
