"""The family of a posting: what a split made of one order, with the money of all of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from shipby.application.ports.postings import PostingReads
from shipby.application.ports.store import Store
from shipby.application.shared.views import money_view
from shipby.domain.events import EventType, StoredEvent, posting_ref
from shipby.domain.json_types import Json
from shipby.domain.money import Money
from shipby.domain.postings.posting import MarketplacePosting, Posting
from shipby.domain.refunds.ledger import MoneyLedger

MOST = 50
"""Members that are followed; an order of more parcels is not known."""


def root_of(posting: Posting, store: PostingReads) -> Posting:
    """The posting that the first split was of, as far as the store goes back."""
    seen = {posting.number}
    while posting.parent_number and posting.parent_number not in seen and len(seen) < MOST:
        parent = store.posting(posting.seller, posting.parent_number)
        if parent is None:
            break
        seen.add(parent.number)
        posting = parent
    return posting


def family_view(posting: Posting, detail: MarketplacePosting | None, *, store: PostingReads) -> Json:
    """The members, the oldest first, and their money per currency; None where no split made any."""
    if not posting.parent_number and not (detail is not None and detail.related_numbers):
        return None
    members = list(_members(root_of(posting, store), store))
    if len(members) < 2:
        return None
    ledgers = [ledger for _, ledger in members if ledger is not None]
    return {
        "postings": [_member_view(member, ledger) for member, ledger in members],
        "totals": [
            {"currency": currency, **_money([each for each in ledgers if each.currency == currency], currency)}
            for currency in sorted({ledger.currency for ledger in ledgers})
        ],
    }


def parts_of(posting: Posting, store: PostingReads) -> list[Posting]:
    """A posting with all that splits made of it, itself first."""
    return [member for member, _ in _members(posting, store)]


def history_before(part: Posting, own: Sequence[StoredEvent], store: Store) -> list[tuple[str, StoredEvent]]:
    """What happened to the goods of a part before it was one: (posting, event), the oldest posting's first.

    Of a posting that a split ended it is all until the split, of another what happened before the part was received.
    `own` is the whole history of the part.
    """
    found: list[tuple[str, StoredEvent]] = []
    seen = {part.number}
    while part.parent_number and part.parent_number not in seen and len(seen) < MOST:
        parent = store.posting(part.seller, part.parent_number)
        if parent is None:
            break
        seen.add(parent.number)
        events = store.events(part.seller, posting_ref(parent.number))
        found = [(parent.number, stored) for stored in _until(events, own)] + found
        part, own = parent, events
    return found


def _until(events: Sequence[StoredEvent], own: Sequence[StoredEvent]) -> Sequence[StoredEvent]:
    ended = [stored.version for stored in events if stored.event.type is EventType.POSTING_SPLIT]
    if ended:
        return [stored for stored in events if stored.version <= ended[0]]
    return [stored for stored in events if own and stored.event.at <= own[0].event.at]


def _members(root: Posting, store: PostingReads) -> Iterator[tuple[Posting, MoneyLedger | None]]:
    waiting, seen = deque([root]), {root.number}
    while waiting:
        member = waiting.popleft()
        detail = store.detail(member.seller, member.number, of=member)
        ledger = store.money(member.seller, member.number)
        yield member, ledger
        for number in sorted({*(detail.related_numbers if detail else ()), *(ledger.family if ledger else ())}):
            if number in seen or len(seen) == MOST:
                continue
            child = store.posting(member.seller, number)
            if child is not None and child.parent_number == member.number:
                seen.add(number)
                waiting.append(child)


def _member_view(member: Posting, ledger: MoneyLedger | None) -> Json:
    money = _money([ledger], ledger.currency) if ledger else dict.fromkeys(("paid", "reserved", "refunded"))
    return {
        "posting_number": member.number,
        "parent": member.parent_number or None,
        "stage": member.stage,
        "status": member.status,
        **money,
    }


def _money(ledgers: list[MoneyLedger], currency: str) -> dict[str, Json]:
    return {
        "paid": money_view(Money(sum(ledger.paid for ledger in ledgers), currency)),
        "reserved": money_view(Money(sum(ledger.reserved for ledger in ledgers), currency)),
        "refunded": money_view(Money(sum(ledger.refunded for ledger in ledgers), currency)),
    }
