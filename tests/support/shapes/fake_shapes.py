"""Splits, partial assembly and boxes at the marketplace in memory."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from shipby.domain.errors import MarketplaceRefusedError, NotFoundError
from shipby.domain.postings.lines import quantities
from shipby.domain.postings.posting import MarketplacePosting

ASSEMBLED = ("cancel", "label_download", "set_track_number")


class FakeShapes:
    """`keeps`: after a split the parent stays with the goods of its first parcel, as the description may be read."""

    def __init__(self, act: Callable[[str, Callable[[], Any]], Any], book: dict[str, MarketplacePosting]) -> None:
        self._act, self._book = act, book
        self.keeps = False
        self.taken: list[tuple[str, Mapping[str, Sequence[str]]]] = []
        """Ids of single pieces that partial assemblies named."""

    def _child(self, parent: MarketplacePosting, goods: Mapping[str, int], **more: Any) -> str:
        order = parent.number.rpartition("-")[0]
        count = max(int(known.rpartition("-")[2]) for known in self._book if known.startswith(f"{order}-")) + 1
        prices = {line.sku: line for line in parent.lines}
        lines = tuple(replace(prices[sku], quantity=pieces) for sku, pieces in goods.items())
        number = f"{order}-{count}"
        child = replace(parent, number=number, lines=lines, parent_number=parent.number, **more)
        self._book[number] = replace(child, related_numbers=(parent.number,), barcodes=(), scanit="")
        return number

    def _holding(self, number: str, wanted: Counter[str]) -> MarketplacePosting:
        facts = self._book.get(number)
        if facts is None:
            raise NotFoundError(f"POSTING_NOT_FOUND: {number}")
        if "ship" not in facts.actions:
            raise MarketplaceRefusedError(f"{number}: HAS_INCORRECT_STATUS", text="HAS_INCORRECT_STATUS")
        if any(count > quantities(facts).get(sku, 0) for sku, count in wanted.items()):
            text = "HAS_INCORRECT_PRODUCT_QUANTITY"
            raise MarketplaceRefusedError(f"{number}: {text}", text=text)
        return facts

    def _less(self, facts: MarketplacePosting, gone: Mapping[str, int], parts: tuple[str, ...]) -> None:
        left = (replace(line, quantity=line.quantity - gone.get(line.sku, 0)) for line in facts.lines)
        related = (*facts.related_numbers, *parts)
        lines = tuple(line for line in left if line.quantity)
        self._book[facts.number] = replace(facts, lines=lines, related_numbers=related)

    def split(self, number: str, parcels: Sequence[Mapping[str, int]]) -> tuple[str, ...]:
        def effect() -> tuple[str, ...]:
            wanted = sum((Counter(parcel) for parcel in parcels), Counter[str]())
            facts = self._holding(number, wanted)
            if wanted != Counter(quantities(facts)):
                text = "HAS_INCORRECT_PRODUCT_QUANTITY"
                raise MarketplaceRefusedError(f"{number}: {text}", text=text)
            moved = parcels[1:] if self.keeps else parcels
            parts = tuple(self._child(facts, parcel) for parcel in moved)
            if self.keeps:
                self._less(facts, sum((Counter(parcel) for parcel in moved), Counter[str]()), parts)
                return (number, *parts)
            ended = replace(facts, status="cancelled_from_split_pending", substatus="posting_split_pending")
            self._book[number] = replace(ended, related_numbers=parts, actions=())
            return parts

        found: tuple[str, ...] = self._act("split", effect)
        return found

    def ship_part(
        self, number: str, products: Mapping[str, int], exemplars: Mapping[str, Sequence[str]]
    ) -> tuple[str, ...]:
        def effect() -> tuple[str, ...]:
            facts = self._holding(number, Counter(products))
            self.taken.append((number, exemplars))
            part = self._child(facts, products, status="awaiting_deliver", actions=ASSEMBLED)
            self._less(facts, products, (part,))
            return (part,)

        found: tuple[str, ...] = self._act("ship_part", effect)
        return found

    def set_boxes(self, number: str, count: int) -> None:
        def effect() -> None:
            facts = self._holding(number, Counter())
            self._book[number] = replace(facts, boxes=count if count > 1 else 0)

        self._act("set_boxes", effect)
