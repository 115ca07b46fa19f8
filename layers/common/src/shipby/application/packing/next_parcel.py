"""Which parcel a packer takes next: the earliest cut-off first, or the one that an item in the hand belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from shipby.application.packing.pick_lists import Pickable, load_pickable
from shipby.application.ports.papers import BenchReads
from shipby.application.ports.store import Store
from shipby.application.shared.views import time_text
from shipby.domain.json_types import Json
from shipby.domain.packing.scanning import is_complete, items_of, match, stop_of
from shipby.domain.postings.posting import Posting, Stage

LOOKED_AT = 50
"""Parcels whose goods are looked at, earliest cut-off first: one request, however many are open."""
_STAGES = (Stage.PICKED, Stage.INSPECTED, Stage.CONFIRMED, Stage.RECEIVED)
_LAST = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Belongs:
    """The parcel that an item goes into, and how many others want it too."""

    number: str
    others: int


def _waiting(seller: str, warehouses: Sequence[str], store: Store, most: int) -> Pickable:
    rows = [
        row
        for stage in _STAGES
        for warehouse in warehouses or ("",)
        for row in store.open_rows(seller, stage, warehouse=warehouse, most=most)[0]
    ]
    rows.sort(key=lambda row: (row.cut_off or _LAST, row.number))
    found = load_pickable(seller, [row.number for row in rows[:most]], store=store)
    # The index lags: some may be packed or cancelled by now.
    ready = tuple(each for each in found.postings if each.stage in _STAGES and not stop_of(each))
    return Pickable(ready, found.details, found.cards)


def parcel_for(seller: str, code: str, *, store: Store, warehouses: Sequence[str] = ()) -> Belongs | None:
    """The parcel with the earliest cut-off that misses the item of a scanned code; None if none of the first does.

    `warehouses`: of these alone; none: of all.
    """
    found = _waiting(seller, warehouses, store, LOOKED_AT)
    wanting = [posting for posting in found.postings if _wants(posting, code, found, store)]
    return Belongs(wanting[0].number, len(wanting) - 1) if wanting else None


def _wants(posting: Posting, code: str, found: Pickable, store: BenchReads) -> bool:
    detail = found.details.get(posting.number)
    if detail is None or not match(code, items_of(detail, found.cards, {}), found.cards):
        return False
    check = store.bench_check(posting.seller, posting.number)
    items = items_of(detail, found.cards, check.scanned if check else {})
    return not is_complete(items) and any(item.missing for item in match(code, items, found.cards))


def next_parcels(seller: str, *, most: int, store: Store, warehouses: Sequence[str] = ()) -> list[dict[str, Json]]:
    """The parcels that are packed next, earliest cut-off first, with how many pieces go into each."""
    found = _waiting(seller, warehouses, store, most)
    return [_view(posting, found) for posting in found.postings]


def _view(posting: Posting, found: Pickable) -> dict[str, Json]:
    detail = found.details.get(posting.number)
    lines = detail.lines if detail else ()
    return {
        "posting_number": posting.number,
        "stage": posting.stage,
        "cut_off": time_text(posting.cut_off),
        "late": posting.late,
        "pieces": sum(line.quantity for line in lines),
        "first": lines[0].name if lines else "",
    }
