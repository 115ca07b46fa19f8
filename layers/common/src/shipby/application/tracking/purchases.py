"""Purchases and the orders they are for, stored together: each order has the clocks of what brings its goods."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shipby.application.ports.clock import Clock
from shipby.application.ports.postings import PostingReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SavePosting, SavePurchase, Write
from shipby.application.postings.family import parts_of
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.application.shared.views import money_view, time_text
from shipby.domain.deadlines.ladder import rewind, with_goods_clock
from shipby.domain.errors import InvalidInputError, NotFoundError, PreconditionFailedError
from shipby.domain.events import Event, EventType, posting_ref, purchase_ref
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import FINAL, Posting
from shipby.domain.skew import ahead
from shipby.domain.tracking.purchases import (
    MOST_CLOCKS,
    MOST_HOPS,
    MOST_POSTINGS,
    Hop,
    Purchase,
    goods_at,
    in_order,
    is_late,
    made_late,
    to_come,
)

MOST_WRITTEN = 40
"""Postings, parts of splits among them, that one change of a purchase may touch: a transaction holds 100 rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseWish:
    """A purchase as somebody wants it to be; it replaces what was there."""

    seller: str
    id: str
    actor: str
    supplier: str = ""
    comment: str = ""
    postings: Sequence[str] = ()
    hops: Sequence[Hop] = ()


def put_purchase(wish: PurchaseWish, if_match: int | None, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Store it with the clocks of its orders, in one transaction. `if_match` None: whatever is there.

    Raises InvalidInputError (unknown postings, a step done in the future, too many), PreconditionFailedError.
    """

    def once() -> Answer:
        current = store.purchase(wish.seller, wish.id)
        version = current.version if current else 0
        if if_match is not None and if_match != version:
            raise PreconditionFailedError(
                f"purchase {wish.id} is at version {version}, you have {if_match}: read it again"
            )
        now = clock.now()
        purchase, touched = _planned(wish, current, store, now)
        linked = [posting for number, posting in touched.items() if number in purchase.postings]
        answer = Answer(200, purchase_view(purchase, linked, now))
        data: dict[str, Json] = {"postings": list(purchase.postings), "goods_at": time_text(goods_at(purchase, now))}
        event = Event(type=EventType.PURCHASE_CHANGED, at=now, actor=wish.actor, data=data)
        writes: list[Write] = [
            SavePurchase(purchase),
            AppendEvents(wish.seller, purchase_ref(wish.id), purchase.version, (event,)),
        ]
        for posting in touched.values():
            writes += _clocked(posting, purchase, store, now)
        store.commit([*writes, *remember(answer)])
        return answer

    return decide_anew(once)


def check_purchase(wish: PurchaseWish, *, store: Store, clock: Clock) -> None:
    """Raises InvalidInputError if it could not be stored; stores nothing."""
    _planned(wish, store.purchase(wish.seller, wish.id), store, clock.now())


def _planned(
    wish: PurchaseWish, current: Purchase | None, store: PostingReads, now: datetime
) -> tuple[Purchase, dict[str, Posting]]:
    """The purchase as it would be stored, and the postings whose clocks hang on it now or did before."""
    purchase = Purchase(
        seller=wish.seller,
        id=wish.id,
        version=(current.version if current else 0) + 1,
        changed_at=now,
        changed_by=wish.actor,
        supplier=wish.supplier,
        comment=wish.comment,
        postings=tuple(dict.fromkeys(wish.postings)),
        hops=in_order(wish.hops),
    )
    _check(purchase, now)
    return purchase, _touched(purchase, current.postings if current else (), store)


def _check(purchase: Purchase, now: datetime) -> None:
    problems = [
        (f"hops/{place}/done_at", "lies in the future: say it when it is done")
        for place, hop in enumerate(purchase.hops)
        if hop.done_at is not None and ahead(hop.done_at, now)
    ]
    if len(purchase.postings) > MOST_POSTINGS:
        problems.append(("postings", f"{len(purchase.postings)} postings; at most {MOST_POSTINGS} in one purchase"))
    if len(purchase.hops) > MOST_HOPS:
        problems.append(("hops", f"{len(purchase.hops)} steps; at most {MOST_HOPS} in one purchase"))
    if problems:
        raise InvalidInputError(f"purchase {purchase.id} cannot be stored like this", errors=problems)


def _touched(purchase: Purchase, before: Iterable[str], store: PostingReads) -> dict[str, Posting]:
    """Its postings and those it was for, each with what a split made of it."""
    found: dict[str, Posting] = {}
    unknown: list[tuple[str, str]] = []
    for number in dict.fromkeys((*purchase.postings, *before)):
        posting = store.posting(purchase.seller, number)
        if posting is None:
            if number in purchase.postings:
                told = f"posting {number} is not known here; read it from the marketplace first, or correct it"
                unknown.append(("postings", told))
            continue
        found |= {part.number: part for part in parts_of(posting, store)}
    if unknown:
        raise InvalidInputError(f"purchase {purchase.id} names postings that nobody knows", errors=unknown)
    if len(found) > MOST_WRITTEN:
        raise InvalidInputError(
            f"purchase {purchase.id} touches {len(found)} postings with their splits; at most {MOST_WRITTEN}",
            errors=[("postings", "divide it into several purchases")],
        )
    return found


def _clocked(posting: Posting, purchase: Purchase, store: Store, now: datetime) -> list[Write]:
    """The posting with the clocks of all its purchases; nothing where they stay as they are, or it is over."""
    root = {posting.number, posting.parent_number}
    own = bool(root & set(purchase.postings)) or _is_part(posting, purchase, store)
    others = [known for known in posting.purchases if known != purchase.id]
    dues = [due for known in others if (other := store.purchase(posting.seller, known)) for due in to_come(other)]
    ids = (*others, purchase.id) if own else tuple(others)
    dues += to_come(purchase) if own else ()
    goods_by = tuple(sorted(set(dues))[:MOST_CLOCKS])
    if posting.stage in FINAL or (sorted(ids) == sorted(posting.purchases) and goods_by == posting.goods_by):
        return []
    changed = with_goods_clock(posting, sorted(ids), goods_by)
    changed = rewind(replace(changed, version=posting.version + 1))
    data: dict[str, Json] = {"purchases": sorted(ids), "goods_by": [time_text(due) for due in goods_by]}
    event = Event(type=EventType.POSTING_PURCHASED, at=now, actor=purchase.changed_by, data=data)
    return [SavePosting(changed), AppendEvents(posting.seller, posting_ref(posting.number), changed.version, (event,))]


def _is_part(posting: Posting, purchase: Purchase, store: PostingReads) -> bool:
    """Whether a split of a split made it of one of the purchase's postings."""
    seen = {posting.number}
    above: Posting | None = posting
    while above is not None and above.parent_number and above.parent_number not in seen:
        seen.add(above.parent_number)
        if above.parent_number in purchase.postings:
            return True
        above = store.posting(posting.seller, above.parent_number)
    return False


def get_purchase(seller: str, identifier: str, *, store: Store, clock: Clock) -> dict[str, Json]:
    """Raises NotFoundError."""
    purchase = store.purchase(seller, identifier)
    if purchase is None:
        raise NotFoundError(f"there is no purchase {identifier}; create it with PUT and If-Match: 0")
    return purchase_view(purchase, _linked(purchase, store), clock.now())


def list_purchases(
    seller: str, *, late: bool, limit: int, cursor: str | None, store: Store, clock: Clock
) -> dict[str, Json]:
    """All purchases by id; `late`: only those of which a step should be done by now, with the orders they make late."""
    page = store.purchases(seller, limit=limit, cursor=cursor)
    now = clock.now()
    shown = [purchase for purchase in page.items if not late or is_late(purchase, now)]
    return {
        "items": [purchase_view(purchase, _linked(purchase, store), now) for purchase in shown],
        "next_cursor": page.cursor,
    }


def _linked(purchase: Purchase, store: PostingReads) -> list[Posting]:
    found: dict[str, Posting] = {}
    for number in purchase.postings:
        posting = store.posting(purchase.seller, number)
        if posting is not None:
            found |= {part.number: part for part in parts_of(posting, store)}
    return list(found.values())


def purchase_view(purchase: Purchase, postings: Iterable[Posting], now: datetime) -> dict[str, Json]:
    """How a purchase looks to API clients; `postings` are those it is for, as they stand."""
    return {
        "id": purchase.id,
        "version": purchase.version,
        "supplier": purchase.supplier,
        "comment": purchase.comment,
        "postings": list(purchase.postings),
        "hops": [
            {
                "kind": hop.kind,
                "number": hop.number,
                "carrier": hop.carrier,
                "expected_by": time_text(hop.expected_by),
                "done_at": time_text(hop.done_at),
                "late": hop.done_at is None and hop.expected_by is not None and hop.expected_by < now,
            }
            for hop in purchase.hops
        ],
        "late": is_late(purchase, now),
        "goods_at": time_text(goods_at(purchase, now)),
        "makes_late": [
            {
                "posting_number": each.posting.number,
                "cut_off": time_text(each.posting.cut_off),
                "minutes_late": int(each.by.total_seconds() // 60),
                "at_risk": money_view(each.posting.at_risk),
            }
            for each in made_late(purchase, postings, now)
        ],
        "changed_at": time_text(purchase.changed_at),
        "changed_by": purchase.changed_by,
    }
