"""Data of pieces at the marketplace in memory."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from shipby.application.ports.exemplars import ExemplarSlots, ExemplarStatus
from shipby.domain.packing.cards import Exemplar
from shipby.domain.postings.posting import MarketplacePosting


class FakeExemplars:
    """`refused` (mark -> raw code) and `state` say how the next looks at the status end."""

    def __init__(
        self,
        begin: Callable[[str], Any],
        act: Callable[[str, Callable[[], None]], None],
        book: Mapping[str, MarketplacePosting],
    ) -> None:
        self._begin, self._act, self._book = begin, act, book
        self.held: dict[str, dict[str, dict[str, Exemplar]]] = {}
        self.updated: list[str] = []
        self.invalid: tuple[str, ...] = ()
        self.refused: dict[str, str] = {}
        self.state = "passed"
        """passed, processing or failed."""

    def slots(self, number: str) -> ExemplarSlots:
        self._begin("exemplars.slots")
        counted: Counter[str] = Counter()
        for line in self._book[number].lines:
            counted[line.sku] += line.quantity
        ids = {sku: tuple(f"{sku}{place}" for place in range(pieces)) for sku, pieces in counted.items()}
        return ExemplarSlots(ids=ids, boxes=1)

    def validate(self, number: str, pieces: Mapping[str, Sequence[Exemplar]]) -> tuple[str, ...]:
        self._begin("exemplars.validate")
        return self.invalid

    def set(self, number: str, pieces: Mapping[str, Mapping[str, Exemplar]], *, boxes: int = 0) -> None:
        def effect() -> None:
            self.held[number] = {sku: dict(each) for sku, each in pieces.items()}

        self._act("exemplars.set", effect)

    def update(self, number: str) -> None:
        self._begin("exemplars.update")
        self.updated.append(number)

    def status(self, number: str) -> ExemplarStatus:
        self._begin("exemplars.status")
        held = self.held.get(number, {})
        errors = [
            f"SKU {sku} piece {place} mandatory_mark: {self.refused[one.mark]}"
            for sku, pieces in held.items()
            for place, one in enumerate(pieces.values(), 1)
            if one.mark in self.refused
        ]
        ready = bool(held) and self.state == "passed" and not errors
        overall = "validation_in_process" if self.state == "processing" else "ship_not_available"
        return ExemplarStatus(
            status="ship_available" if ready else overall,
            shown={sku: tuple(pieces.values()) for sku, pieces in held.items()},
            processing=self.state == "processing",
            failed=self.state == "failed",
            errors=tuple(errors),
        )
