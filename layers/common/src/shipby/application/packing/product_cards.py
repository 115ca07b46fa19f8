"""Product cards: where a product lies, what its barcodes are, how it is packed. One by one, or from a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from shipby.application.ports.clock import Clock
from shipby.application.ports.papers import BenchReads
from shipby.application.ports.sellers import Pointers
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, ClaimPointer, ReleasePointer, SaveProductCard, Write
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.application.validation.recheck import ask_recheck, card_matters
from shipby.domain import pointers
from shipby.domain.errors import InvalidInputError, NotFoundError, PreconditionFailedError, RetryableError
from shipby.domain.events import Event, EventType, product_ref
from shipby.domain.json_types import Json
from shipby.domain.packing.cards import ProductCard
from shipby.domain.packing.inserts import FORBIDDEN, contact_in
from shipby.domain.sellers.settings import SellerSettings

MAX_IMPORT = 500
"""Cards in one import: each is a transaction of its own, and the caller waits for all of them."""
_Result: TypeAlias = tuple[str, str, int | None]
"""Result, problem and version."""
_TWICE: _Result = ("problem", "its SKU stands here twice; the first one was taken", None)


def product_view(card: ProductCard) -> dict[str, Json]:
    return {
        "sku": card.sku,
        "version": card.version,
        "bin": card.bin,
        "barcodes": list(card.barcodes),
        "marks": list(card.marks),
        "inserts": list(card.inserts),
        "inserts_in": {language: list(texts) for language, texts in card.inserts_in.items()},
        "note": card.note,
        "product_type": card.product_type,
        "supplier": card.supplier,
        "offer_id": card.offer_id,
        "weight_g": card.weight_g or None,
        "sides_mm": list(card.sides_mm) or None,
    }


def get_product(seller: str, sku: str, *, store: BenchReads) -> dict[str, Json]:
    """Raises NotFoundError."""
    card = store.product_card(seller, sku)
    if card is None:
        raise NotFoundError(f"there is no product card {sku}; create it with PUT and If-Match: 0")
    return product_view(card)


def list_products(seller: str, *, limit: int, cursor: str | None, store: BenchReads) -> dict[str, Json]:
    """All cards by SKU. Raises InvalidInputError for a cursor of another listing."""
    page = store.product_cards(seller, limit=limit, cursor=cursor)
    return {"items": [product_view(card) for card in page.items], "next_cursor": page.cursor}


def check_card(card: ProductCard) -> None:
    """Raises InvalidInputError if an insert holds contact data."""
    every_insert = [("inserts", card.inserts)]
    every_insert += [(f"inserts_in/{language}", texts) for language, texts in card.inserts_in.items()]
    errors = [
        (f"{where}/{index}", f"{FORBIDDEN}; this holds {kind}")
        for where, inserts in every_insert
        for index, insert in enumerate(inserts)
        if (kind := contact_in(insert))
    ]
    if errors:
        raise InvalidInputError(FORBIDDEN, errors=errors)


def _save(
    card: ProductCard, current: ProductCard | None, actor: str, remember: Remember, store: Store, clock: Clock
) -> Answer:
    changed = replace(card, version=(current.version if current else 0) + 1)
    answer = Answer(200, product_view(changed))
    data: dict[str, Json] = {"sku": card.sku, "bin": card.bin}
    if current is not None and current.bin != card.bin:
        data["old_bin"] = current.bin
    event = Event(type=EventType.PRODUCT_CHANGED, at=clock.now(), actor=actor, data=data)
    appended = AppendEvents(card.seller, product_ref(card.sku), changed.version, (event,))
    again = _recheck(current, card, actor, store, clock)
    found_by = _found_by(changed, current, store)
    store.commit([SaveProductCard(changed), appended, *found_by, *again, *remember(answer)])
    return answer


def _recheck(before: ProductCard | None, card: ProductCard, actor: str, store: Store, clock: Clock) -> list[Write]:
    """Open orders may be another matter now, where the seller's rules look at cards."""
    settings = store.settings(card.seller) or SellerSettings(seller=card.seller)
    if not card_matters(before, card, settings):
        return []
    return ask_recheck(card.seller, f"the card {card.sku} changed", store=store, now=clock.now(), actor=actor)


def _found_by(card: ProductCard, before: ProductCard | None, store: Pointers) -> list[Write]:
    """The pointers from a product's barcodes; one that another product has first stays there."""
    had = before.barcodes if before is not None else ()
    at_hand = {code: store.find(card.seller, pointers.ITEM, code) for code in (*had, *card.barcodes)}
    claimed = [code for code in dict.fromkeys(card.barcodes) if at_hand[code] is None]
    given_back = [code for code in dict.fromkeys(had) if code not in card.barcodes and at_hand[code] == card.sku]
    return [
        *(ClaimPointer(card.seller, pointers.ITEM, code, card.sku) for code in claimed),
        *(ReleasePointer(card.seller, pointers.ITEM, code, card.sku) for code in given_back),
    ]


def put_product(
    card: ProductCard, if_match: int, actor: str, remember: Remember, *, store: Store, clock: Clock
) -> Answer:
    """Create (`if_match` 0) or replace a card; `card.version` is not looked at.

    Raises PreconditionFailedError unless `if_match` is the stored version, InvalidInputError for a forbidden insert.
    """
    check_card(card)

    def once() -> Answer:
        current = store.product_card(card.seller, card.sku)
        version = current.version if current else 0
        if version != if_match:
            raise PreconditionFailedError(
                f"product card {card.sku} is at version {version}, you have {if_match}: read it again"
            )
        return _save(card, current, actor, remember, store, clock)

    return decide_anew(once)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of an import: a card, or why there is none."""

    sku: str
    card: ProductCard | None
    problem: str = ""


def import_products(rows: Sequence[Row], actor: str, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Create or replace many cards, each in its own transaction; what is wrong with one never stops another.

    The same import again changes nothing: a card that is as wanted is left alone. Raises InvalidInputError if there
    are none or too many.
    """
    if not 1 <= len(rows) <= MAX_IMPORT:
        raise InvalidInputError(f"an import takes 1 to {MAX_IMPORT} cards", errors=[("cards", f"{len(rows)} given")])
    seen: set[str] = set()
    results: list[Json] = []
    for index, row in enumerate(rows):
        twice = row.card is not None and row.sku in seen
        seen.add(row.sku)
        outcome, problem, version = _TWICE if twice else _import_one(row, actor, store, clock)
        results.append(
            {"index": index, "sku": row.sku, "result": outcome, "problem": problem or None, "version": version}
        )
    body: Mapping[str, Json] = {
        "items": results,
        "saved": sum(1 for one in results if isinstance(one, dict) and one["result"] == "saved"),
        "unchanged": sum(1 for one in results if isinstance(one, dict) and one["result"] == "unchanged"),
        "problems": sum(1 for one in results if isinstance(one, dict) and one["result"] == "problem"),
    }
    answer = Answer(200, body)
    if kept := remember(answer):
        store.commit(kept)
    return answer


def _import_one(row: Row, actor: str, store: Store, clock: Clock) -> _Result:
    card = row.card
    if card is None:
        return "problem", row.problem, None
    try:
        check_card(card)
    except InvalidInputError as error:
        return "problem", "; ".join(f"{field}: {problem}" for field, problem in error.errors), None

    def once() -> _Result:
        current = store.product_card(card.seller, card.sku)
        if current is not None and replace(card, version=current.version) == current:
            return "unchanged", "", current.version
        saved = _save(card, current, actor, lambda _answer: [], store, clock)
        return "saved", "", int(str(saved.body["version"]))

    try:
        return decide_anew(once)
    except RetryableError as error:
        return "problem", f"{error}; send it again", None
