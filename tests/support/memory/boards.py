"""What the store in memory answers boards: counted and picked from its own listings."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from shipby.application.ports.pages import Page
from shipby.application.ports.postings import Load, OpenRow, WorkItem
from shipby.application.shared.paging import every
from shipby.domain.deadlines.outcome import Outcome
from shipby.domain.deadlines.priority import OpenPosting, StatedPrices
from shipby.domain.money import Money
from shipby.domain.packing.cards import ProductCard
from shipby.domain.postings.posting import MarketplacePosting, Posting, Stage

R = TypeVar("R")


class MemoryBoards:
    """A part of the store in memory; the other parts give it what it counts."""

    @abstractmethod
    def worklist(self, seller: str, stage: Stage, *, cursor: str | None = None) -> Page[WorkItem]: ...
    @abstractmethod
    def outcomes_on(self, seller: str, day: date, *, cursor: str | None = None) -> Page[Outcome]: ...
    @abstractmethod
    def product_card(self, seller: str, sku: str) -> ProductCard | None: ...
    @abstractmethod
    def posting(self, seller: str, number: str) -> Posting | None: ...
    @abstractmethod
    def detail(self, seller: str, number: str) -> MarketplacePosting | None: ...

    def open_postings(self, seller: str, numbers: Sequence[str]) -> dict[str, OpenPosting]:
        found = {number: self.posting(seller, number) for number in dict.fromkeys(numbers)}
        return {number: _part(OpenPosting, posting) for number, posting in found.items() if posting is not None}

    def stated_prices(self, seller: str, numbers: Sequence[str]) -> dict[str, StatedPrices]:
        found = {number: self.detail(seller, number) for number in dict.fromkeys(numbers)}
        return {number: _part(StatedPrices, detail) for number, detail in found.items() if detail is not None}

    def product_cards_of(self, seller: str, skus: Sequence[str]) -> dict[str, ProductCard]:
        return {sku: card for sku in skus if (card := self.product_card(seller, sku)) is not None}

    def open_rows(
        self,
        seller: str,
        stage: Stage,
        *,
        most: int,
        after: datetime | None = None,
        until: datetime | None = None,
        warehouse: str = "",
        rings_by: datetime | None = None,
    ) -> tuple[list[OpenRow], bool]:
        def wanted(item: WorkItem) -> bool:
            if item.cut_off is None:
                in_span = until is None
            else:
                in_span = (after is None or item.cut_off > after) and (until is None or item.cut_off <= until)
            rings = item.at_risk is not None and item.next_due is not None
            return (
                in_span
                and warehouse in ("", item.warehouse_id)
                and (rings_by is None or (rings and item.next_due is not None and item.next_due <= rings_by))
            )

        items = filter(wanted, every(lambda cursor: self.worklist(seller, stage, cursor=cursor)))
        found = [OpenRow(each.number, stage, each.cut_off, each.warehouse_id, each.at_risk) for each in items]
        return found[:most], len(found) > most

    def loads(
        self, seller: str, stage: Stage, *, until: datetime, most: int, warehouse: str = ""
    ) -> tuple[list[Load], bool]:
        found, more = self.open_rows(seller, stage, until=until, most=most, warehouse=warehouse)
        counted = Counter((row.cut_off, row.warehouse_id, row.at_risk) for row in found)
        loads = [Load(at, house, price, times) for (at, house, price), times in counted.items() if at is not None]
        return loads, more

    def packed_on(self, seller: str, day: date, *, most: int) -> Mapping[tuple[str, datetime], int] | None:
        found = list(every(lambda cursor: self.outcomes_on(seller, day, cursor=cursor)))
        if len(found) > most:
            return None
        return Counter((one.warehouse_id, _quarter(one.packed_at or one.shipped_at)) for one in found)

    def losses_on(self, seller: str, day: date, *, most: int, warehouse: str = "") -> tuple[list[Money], bool]:
        outcomes = every(lambda cursor: self.outcomes_on(seller, day, cursor=cursor))
        found = [one.lost for one in outcomes if one.lost is not None and warehouse in ("", one.warehouse_id)]
        return found[:most], len(found) > most


def _quarter(when: datetime) -> datetime:
    return when.replace(second=0, microsecond=0) - timedelta(minutes=when.minute % 15)


def _part(kind: type[R], whole: Any) -> R:
    return kind(**{field.name: getattr(whole, field.name) for field in fields(kind)})  # type: ignore[arg-type]  # dataclasses
