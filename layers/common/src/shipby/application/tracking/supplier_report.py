"""Supplier quality: inspections that failed and defect returns per 1,000, by supplier, product and month.

Read from postings, returns and product cards as they stand: nothing is written for it, and who names no supplier on a
card has one line of unknown ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta
from itertools import islice

from shipby.application.ports.clock import Clock
from shipby.application.ports.papers import BenchReads
from shipby.application.ports.postings import PostingReads
from shipby.application.ports.returns import ReturnReads
from shipby.application.ports.store import Store
from shipby.application.shared.csv_text import Separator, csv_text
from shipby.application.shared.paging import every
from shipby.domain.errors import InvalidInputError
from shipby.domain.json_types import Json
from shipby.domain.postings.lines import quantities
from shipby.domain.postings.posting import BY_SPLIT, INSPECTION_FAILED, MarketplacePosting, Posting, Stage
from shipby.domain.returns.return_case import Condition, ReturnCase
from shipby.domain.tracking.supplier_quality import (
    ENOUGH,
    Observed,
    PerThousand,
    Quality,
    QualityCut,
    quality,
    with_defects,
)

LONGEST = 92
"""Days in one answer."""
MOST = 20_000
"""Postings, and returns, that are read for one answer."""
_AT_ONCE = 100
_DEFECTS = frozenset({Condition.DAMAGED, Condition.INCOMPLETE})
DEFINITIONS: Mapping[str, str] = {
    "supplier": "As the product's card says now; null where it says nothing.",
    "month": "Of the day (UTC) on which the order was first seen.",
    "inspections": "Inspections at the bench of orders first seen on the days, passed or failed, whenever they were. "
    "An order with goods of several suppliers is in none of them: nobody knows whose goods failed. By SKU the same "
    "holds for orders of several products. Before this release only the last one of an order is known.",
    "returns": "Pieces of those orders that were handed over, and those of them that came back as defective up to now: "
    "the marketplace calls the reason a defect, or our inspection found them damaged or incomplete. Young orders had "
    "less time. A posting that was split counts by its parts.",
    "per_thousand": "hits / of × 1000; null where there are no samples.",
    "interval": "Wilson's 95 % interval of the rate: the true rate lies in it 19 times of 20.",
    "enough": f"Whether there are at least {ENOUGH} samples. Only those rank, by the lower end of their interval.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityWanted:
    """Days (UTC, both included) of receipt, and what they are split by."""

    first: date
    last: date
    by: tuple[QualityCut, ...]


def supplier_report(seller: str, wanted: QualityWanted, *, store: Store, clock: Clock) -> dict[str, Json]:
    """Rates by group. Raises InvalidInputError for a period that is too long or holds too much."""
    observed = _observed(seller, wanted, store, clock)
    total = quality(observed, ())
    nothing = Quality(group=(), inspections=PerThousand(0, 0), returns=PerThousand(0, 0))
    return {
        "from": wanted.first.isoformat(),
        "to": wanted.last.isoformat(),
        "by": list(wanted.by),
        "total": _view(total[0] if total else nothing, ()),
        "items": [_view(line, wanted.by) for line in quality(observed, wanted.by)],
        "definitions": dict(DEFINITIONS),
    }


def supplier_csv(seller: str, wanted: QualityWanted, *, store: Store, clock: Clock, separator: Separator) -> str:
    """The same as a table. Raises as `supplier_report`."""
    lines = quality(_observed(seller, wanted, store, clock), wanted.by)
    parts = [
        f"{name}{end}"
        for name in ("inspections", "returns")
        for end in ("_failed" if name == "inspections" else "_defective", "", "_per_thousand", "_low", "_high")
    ]
    return csv_text((*wanted.by, *parts), (_line(line) for line in lines), separator)


def _line(line: Quality) -> tuple[str | int | None, ...]:
    cells: list[str | int | None] = [*line.group]
    for part in (line.inspections, line.returns):
        low, high = part.interval
        cells += [part.hits, part.of, _text(part.rate), _text(low), _text(high)]
    return tuple(cells)


def _view(line: Quality, cuts: Sequence[QualityCut]) -> dict[str, Json]:
    return {
        "group": {cut: value or None for cut, value in zip(cuts, line.group, strict=True)},
        "inspections": _part(line.inspections),
        "returns": _part(line.returns),
    }


def _part(part: PerThousand) -> dict[str, Json]:
    low, high = part.interval
    return {
        "hits": part.hits,
        "of": part.of,
        "per_thousand": _text(part.rate),
        "interval": {"low": _text(low), "high": _text(high)},
        "enough": part.enough,
    }


def _text(rate: float | None) -> str | None:
    return None if rate is None else f"{rate:.1f}"


def _observed(seller: str, wanted: QualityWanted, store: Store, clock: Clock) -> list[Observed]:
    days = (wanted.last - wanted.first).days + 1
    if not 1 <= days <= LONGEST:
        raise InvalidInputError(f"{days} days are no period for this", errors=[("from", f"1 to {LONGEST} days")])
    numbers = _bounded(
        (number for day in _days(wanted.first, wanted.last) for number in _received(seller, day, store)), "postings"
    )
    found: dict[str, tuple[Posting, MarketplacePosting]] = {}
    for start in range(0, len(numbers), _AT_ONCE):
        pairs = store.postings_with_details(seller, numbers[start : start + _AT_ONCE])
        found |= {number: (posting, detail) for number, (posting, detail) in pairs.items() if detail is not None}
    suppliers = _suppliers(seller, (detail for _, detail in found.values()), store)
    seen = {
        (number, one.sku): one
        for number, (posting, detail) in found.items()
        for one in _of_posting(posting, detail, suppliers)
    }
    for case in _defects(seller, wanted.first, clock.now().astimezone(UTC).date(), store):
        key = (case.posting_number, case.sku)
        if key in seen:
            seen[key] = with_defects(seen[key], case.quantity)
    return list(seen.values())


def _of_posting(posting: Posting, detail: MarketplacePosting, suppliers: Mapping[str, str]) -> list[Observed]:
    """One entry a product. What a split took away is counted by the parts, inspections before it by the posting."""
    shipped = posting.handed_over_at is not None or detail.delivering_date is not None
    goods = quantities(detail)
    passed, failed = _inspections(posting)
    several = len({suppliers.get(sku, "") for sku in goods}) > 1
    entries = [
        Observed(
            supplier=suppliers.get(sku, ""),
            sku=sku,
            at=posting.received_at,
            alone=len(goods) == 1,
            shipped=pieces if shipped and posting.cancelled_by != BY_SPLIT else 0,
        )
        for sku, pieces in goods.items()
    ]
    if entries and not several:
        # It counts once, with the first product.
        entries[0] = replace(entries[0], passed=passed, failed=failed)
    return entries


def _inspections(posting: Posting) -> tuple[int, int]:
    """Passed and failed; of a row of an older release what it still shows."""
    if posting.qc_passed or posting.qc_failed or posting.parent_number:
        return posting.qc_passed, posting.qc_failed
    failed = posting.blocked_reason.startswith(INSPECTION_FAILED)
    return int(posting.stage is Stage.INSPECTED), int(failed)


def _suppliers(seller: str, details: Iterable[MarketplacePosting], store: BenchReads) -> dict[str, str]:
    skus = list(dict.fromkeys(line.sku for detail in details for line in detail.lines))
    found: dict[str, str] = {}
    for start in range(0, len(skus), _AT_ONCE):
        cards = store.product_cards_of(seller, skus[start : start + _AT_ONCE])
        found |= {sku: card.supplier for sku, card in cards.items()}
    return found


def _defects(seller: str, first: date, today: date, store: ReturnReads) -> Iterable[ReturnCase]:
    listed = (
        identifier
        for day in _days(first, today)
        for identifier in every(lambda cursor, day=day: store.returns_opened_on(seller, day, cursor=cursor))  # type: ignore[misc]  # a default binds the day
    )
    for identifier in _bounded(listed, "returns"):
        case = store.return_case(seller, identifier)
        if case is not None and (case.is_defect or case.condition in _DEFECTS):
            yield case


def _received(seller: str, day: date, store: PostingReads) -> Iterable[str]:
    return every(lambda cursor: store.received_on(seller, day, cursor=cursor))


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=ahead) for ahead in range((last - first).days + 1))


def _bounded(found: Iterable[str], what: str) -> list[str]:
    chosen = list(islice(found, MOST + 1))
    if len(chosen) > MOST:
        raise InvalidInputError(
            f"too many {what} for one answer", errors=[("from", f"more than {MOST} {what}: choose a shorter period")]
        )
    return chosen
