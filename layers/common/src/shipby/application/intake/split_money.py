"""Money follows the goods: what was paid for goods that a split moved into another posting moves with them."""

from __future__ import annotations

from dataclasses import replace

from shipby.application.ports.postings import PostingReads
from shipby.application.ports.writes import SaveMoney, Write
from shipby.domain.postings.posting import MarketplacePosting
from shipby.domain.refunds.ledger import MoneyLedger
from shipby.domain.refunds.moves import split_off


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
            writes.append(SaveMoney(parent))
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


def parts_unread(ledger: MoneyLedger, facts: MarketplacePosting | None, store: PostingReads) -> bool:
    """Whether a split made postings of some of the goods that the ledger is not accounted with yet."""
    for number in facts.related_numbers if facts is not None else ():
        if number in ledger.family or facts is None or number == facts.parent_number:
            continue
        known = store.posting(ledger.seller, number)
        if known is None or known.parent_number == ledger.number:
            return True
    return False
