"""A seller with so many open postings at half past two in the afternoon, as the real store writes its rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shipby.adapters.dynamodb import keys, rows
from shipby.adapters.dynamodb.rows.postings import posting_item
from shipby.domain.deadlines.outcome import Outcome
from shipby.domain.money import Money
from shipby.domain.packing.cards import ProductCard
from shipby.domain.postings.goods import goods_text
from shipby.domain.postings.posting import MarketplacePosting, Posting, RungKind, Stage
from tests.support import builders as a

NOW = datetime(2026, 3, 3, 11, 30, tzinfo=UTC)
WAREHOUSES = ("21321684811000", "22655170176000", "1020005000112233")
SKUS = 400
SHARDS = 4
_FIRST_CUT_OFF = datetime(2026, 3, 3, 14, 0, tzinfo=UTC)
"""Today's, two and a half hours ahead: 17:00 in Moscow."""
_DAYS = (0, 0, 0, 1, 1, 1, 1, 2, 2, 3)
"""In how many days ten postings have their cut-offs: three of them today."""
_STAGES = (
    *(Stage.RECEIVED,) * 5,
    *(Stage.CONFIRMED,) * 5,
    *(Stage.PICKED,) * 2,
    *(Stage.INSPECTED,) * 2,
    *(Stage.PACKED,) * 6,
)
_LATE = 20
"""One in so many passed its cut-off yesterday."""
_DISCOUNTS = 7
"""One in so many has a step of its tariff before its cut-off, a day earlier."""
PACKED_A_DAY = 2
"""A day's packed postings are the open ones by this."""
HISTORY = 9
"""Days of packed postings; the newest of them is today, on which what was packed left at noon."""


@dataclass(frozen=True, slots=True)
class Templates:
    """What one posting is made of, but for its number, its dates and its price."""

    posting: Posting
    detail: MarketplacePosting


def rows_of(count: int) -> Iterator[dict[str, Any]]:
    """Every row: settings, postings with their facts, product cards, the outcomes of the days before."""
    settings = a.settings()
    yield rows.sellers.settings().item(keys.settings(settings.seller), settings)
    made = Templates(a.full_posting(), a.detail())
    for index in range(count):
        yield from posting_rows(index, made)
    for index in range(SKUS):
        card = ProductCard(seller=a.SELLER, sku=sku_of(index), bin=f"A-{index % 40:02d}-{index % 7}", version=1)
        yield rows.packing.product_cards().item(keys.product_card(a.SELLER, card.sku), card)
    daily = count // PACKED_A_DAY
    for index in range(HISTORY * daily):
        yield outcome_row(index, daily)


def number_of(index: int) -> str:
    """A posting number in the marketplace's form."""
    return f"{24_000_000 + index:08d}-0020-1"


def sku_of(index: int) -> str:
    """One of the seller's SKUs."""
    return str(149_000_000 + index * 7919 % SKUS)


def posting_rows(index: int, made: Templates) -> Iterator[dict[str, Any]]:
    """The rows of one open posting."""
    late = index % _LATE == _LATE - 1
    cut_off = _FIRST_CUT_OFF + timedelta(days=-1 if late else _DAYS[index % len(_DAYS)])
    shift = cut_off - a.CUT_OFF
    price = Money(500 + 25 * (index * 7919 % 101), "RUB")
    rungs = tuple(
        replace(rung, due=rung.due + shift, price=price if rung.kind is RungKind.SHIPMENT_DATE else rung.price)
        for rung in made.posting.rungs
    )
    if index % _DISCOUNTS == 0:
        step = replace(rungs[0], kind=RungKind.TARIFF_STEP, due=cut_off - timedelta(days=1), price=price)
        rungs = (step, *rungs)
    ahead = min((rung for rung in rungs if rung.due > NOW), key=lambda rung: rung.due)
    warehouse = WAREHOUSES[index * 31 % 7 % len(WAREHOUSES)]
    posting = replace(
        made.posting,
        number=number_of(index),
        stage=_STAGES[index * 37 % 101 % len(_STAGES)],
        warehouse_id=warehouse,
        received_at=cut_off - timedelta(days=1, hours=3),
        synced_at=NOW - timedelta(minutes=4),
        shipment_date=cut_off,
        without_delay=cut_off + timedelta(hours=24),
        delivery_by=cut_off + timedelta(days=6),
        rungs=rungs,
        next_alarm=a.alarm(ahead.due, ahead.kind),
        late=late,
        late_price=price if late else None,
        at_risk=price,
        open_intents=(),
        goods=goods_text([replace(line, sku=sku_of(index)) for line in made.detail.lines]),
        delivery_method_id=made.detail.delivery_method_id,
    )
    yield posting_item(posting, SHARDS)
    detail = replace(
        made.detail,
        number=posting.number,
        shipment_date=cut_off,
        warehouse_id=warehouse,
        read_at=posting.synced_at,
        lines=tuple(replace(line, sku=sku_of(index)) for line in made.detail.lines),
    )
    yield rows.postings.details().item(keys.detail(a.SELLER, posting.number), detail)


def outcome_row(index: int, daily: int) -> dict[str, Any]:
    """One of the postings that left today or in the days before, packed between nine and five of the day before."""
    day, place = divmod(index, daily)
    shipped = datetime(2026, 3, 3, 9, 0, tzinfo=UTC) - timedelta(days=day)
    packed = shipped - timedelta(days=1, hours=3) + timedelta(hours=8) * place / daily
    late = place % _LATE == 0
    left = Outcome(
        seller=a.SELLER,
        posting_number=f"{22_000_000 + index:08d}-0011-1",
        shipped_at=shipped,
        warehouse_id=WAREHOUSES[place % len(WAREHOUSES)],
        packed_at=packed.replace(microsecond=0),
        cut_off=shipped + timedelta(hours=-1 if late else 1),
        late=late,
        lost=Money(1250, "RUB") if late else None,
        reminded_at=shipped - timedelta(hours=4),
        saved=None if late else Money(1250, "RUB"),
        cost_at=shipped + timedelta(hours=1),
    )
    key = keys.outcome(a.SELLER, left.shipped_at, left.posting_number)
    return rows.deadlines.outcomes().item(key, left)
