"""Pick lists: as a print job for paper, or as rows for a phone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shipby.application.ports.clock import Clock
from shipby.application.ports.postings import PostingReads
from shipby.application.ports.store import Store
from shipby.application.printing.requests import PrintWish, request_print
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.paging import every
from shipby.application.shared.views import time_text
from shipby.domain.errors import InvalidInputError
from shipby.domain.json_types import Json
from shipby.domain.labels.options import LabelSize
from shipby.domain.labels.own_labels import PickList, PickRow
from shipby.domain.labels.prints import PrintContent, PrintOrder
from shipby.domain.packing.cards import ProductCard
from shipby.domain.packing.pick_claims import Lines, lines_of
from shipby.domain.packing.picking import make_pick_list
from shipby.domain.postings.posting import MarketplacePosting, Posting, Stage
from shipby.domain.sellers.settings import SellerSettings

MAX_POSTINGS = 300
"""Postings on one list: more is no walk that one person can do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PickFilter:
    """Postings of a stage, earliest cut-off first."""

    stage: Stage = Stage.CONFIRMED
    due_before: datetime | None = None
    warehouse_id: str = ""
    limit: int = MAX_POSTINGS


@dataclass(frozen=True, slots=True)
class Pickable:
    """What a pick list is made of."""

    postings: tuple[Posting, ...]
    details: dict[str, MarketplacePosting]
    cards: dict[str, ProductCard]


def load_pickable(seller: str, numbers: Iterable[str], *, store: Store) -> Pickable:
    """Postings, their facts and the cards of their products; numbers that do not exist are left out."""
    found = store.postings_with_details(seller, list(numbers))
    details = {number: detail for number, (_, detail) in found.items() if detail is not None}
    skus = dict.fromkeys(line.sku for detail in details.values() for line in detail.lines)
    cards = dict(store.product_cards_of(seller, list(skus)))
    return Pickable(tuple(posting for posting, _ in found.values()), details, cards)


def wanted_numbers(seller: str, wanted: PickFilter, *, store: PostingReads) -> tuple[str, ...]:
    """Numbers of the postings a filter shows, earliest cut-off first."""
    until = wanted.due_before - timedelta(microseconds=1) if wanted.due_before else None
    found, _ = store.open_rows(seller, wanted.stage, until=until, warehouse=wanted.warehouse_id, most=wanted.limit)
    return tuple(row.number for row in found)


@dataclass(frozen=True, slots=True, kw_only=True)
class PickListWish:
    """A pick list to print: of these postings, or of those a filter shows. `size` None is A4."""

    seller: str
    actor: str
    numbers: Sequence[str] = ()
    wanted: PickFilter | None = None
    size: LabelSize | None = None
    language: str | None = None


def request_pick_list(wish: PickListWish, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Accept a print job for a pick list: 202 with its place.

    Raises InvalidInputError (nothing to pick, too many, unknown postings named in `errors`).
    """
    numbers = tuple(wish.numbers)
    if wish.wanted is not None:
        numbers = wanted_numbers(wish.seller, wish.wanted, store=store)
        if not numbers:
            raise InvalidInputError(
                f"no posting of stage {wish.wanted.stage} waits to be picked; nothing was started",
                errors=[("stage", "name another stage, or leave out due_before and warehouse_id")],
            )
    if len(set(numbers)) > MAX_POSTINGS:
        raise InvalidInputError(
            f"a pick list takes 1 to {MAX_POSTINGS} postings", errors=[("posting_numbers", f"{len(numbers)} given")]
        )
    printed = PrintWish(
        seller=wish.seller,
        numbers=numbers,
        actor=wish.actor,
        order=PrintOrder.PICK,
        content=PrintContent.PICK_LIST,
        size=wish.size,
        language=wish.language,
    )
    return request_print(printed, remember, store=store, clock=clock)


def pick_list_of(seller: str, numbers: Sequence[str], *, code: str, made_at: datetime, store: Store) -> PickList:
    """The pick list of these postings as they stand now; goods of one that a check stops are not fetched."""
    all_of_them = load_pickable(seller, numbers, store=store)
    found = replace(all_of_them, postings=tuple(each for each in all_of_them.postings if not each.holds))
    zone = (store.settings(seller) or SellerSettings(seller=seller)).time_zone
    warehouses = {posting.warehouse_id for posting in found.postings}
    return make_pick_list(
        found.postings,
        found.details,
        found.cards,
        code=code,
        made_at=made_at,
        time_zone=zone,
        warehouse_id=warehouses.pop() if len(warehouses) == 1 else "",
    )


def get_picking(seller: str, wanted: PickFilter, *, store: Store, clock: Clock) -> dict[str, Json]:
    """The rows of a walk, for a phone."""
    numbers = wanted_numbers(seller, wanted, store=store)
    picked = pick_list_of(seller, numbers, code="", made_at=clock.now(), store=store)
    lines = lines_of(every(lambda cursor: store.pick_claims(seller, cursor=cursor)), clock.now())
    return {
        "made_at": time_text(picked.made_at),
        "time_zone": picked.time_zone,
        "posting_numbers": list(picked.postings),
        "pieces": sum(row.quantity for row in picked.rows),
        "rows": [row_view(row, lines) for row in picked.rows],
    }


def row_view(row: PickRow, lines: Lines) -> dict[str, Json]:
    """A row of a walk, with whose each of its lines is."""
    return {
        "bin": row.bin or None,
        "sku": row.sku,
        "offer_id": row.offer_id,
        "name": row.name,
        "quantity": row.quantity,
        "postings": [
            {"posting_number": number, "quantity": pieces, "claimed_by": lines.holder(number, row.sku) or None}
            for number, pieces in row.postings
        ],
        "bin_empty": lines.is_empty(row.sku),
        "barcodes": list(row.barcodes),
        "marks": list(row.marks),
        "cut_off": time_text(row.cut_off),
    }
