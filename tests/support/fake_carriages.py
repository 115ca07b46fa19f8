"""Hand-over at the marketplace in memory: carriages with their acts and papers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from shipby.application.ports.carriages import (
    ActPosting,
    ActStatus,
    CarriageFacts,
    ListedCarriage,
    PaperFile,
)
from shipby.application.ports.clock import Clock
from shipby.domain.errors import MarketplaceRefusedError, NotFoundError, NotReadyYetError
from shipby.domain.postings.posting import MarketplacePosting

PDF = b"%PDF-1.7 act of "
PNG = b"\x89PNG\r\n\x1a\n"


class Fault(StrEnum):
    """What one call does instead of answering well."""

    REFUSE = "refuse"
    TIMEOUT_BEFORE = "timeout before: no answer, nothing done"
    TIMEOUT_AFTER = "timeout after: no answer, but done"
    RATE_LIMIT = "rate limit"
    NOT_READY = "not ready"
    UNAVAILABLE = "unavailable"
    CREDENTIALS = "credentials rejected"


@dataclass(slots=True)
class HeldCarriage:
    """A carriage in the marketplace's books."""

    id: str
    method: str
    day: str
    status: str = "new"
    postings: list[str] = field(default_factory=list)
    containers: int = 0
    papers: bool = True


class FakeCarriages:
    """`books` is what the marketplace has; calls that failed before doing anything leave no trace in it."""

    def __init__(
        self,
        begin: Callable[[str], Fault | None],
        act: Callable[[str, Callable[[], Any]], Any],
        postings: Mapping[str, MarketplacePosting],
        clock: Clock,
    ) -> None:
        self._begin, self._act, self._postings, self._clock = begin, act, postings, clock
        self.books: dict[str, HeldCarriage] = {}
        self.made = 0
        self.approvals: list[str] = []
        self.refuses: dict[str, str] = {}
        """Posting number -> why set_postings does not take it in."""
        self.papers_ready = True

    def _known(self, carriage_id: str) -> HeldCarriage:
        if carriage_id not in self.books:
            raise NotFoundError(f"CARRIAGE_NOT_FOUND: {carriage_id}")
        return self.books[carriage_id]

    def put(self, method: str, day: str, *postings: str, status: str = "new") -> HeldCarriage:
        """A carriage that somebody else made, such as a person in the cabinet."""
        self.made += 1
        held = HeldCarriage(str(9000 + self.made), method, day, status, list(postings))
        self.books[held.id] = held
        return held

    def listed(self, delivery_method_id: str, departure: date) -> tuple[ListedCarriage, ...]:
        self._begin("carriages.listed")
        wanted = (delivery_method_id, departure.isoformat())
        return tuple(
            ListedCarriage(id=one.id, status=one.status, postings=len(one.postings))
            for one in self.books.values()
            if (one.method, one.day) == wanted
        )

    def create(self, delivery_method_id: str, departure: date) -> str:
        def effect() -> str:
            ready = [
                number
                for number, facts in self._postings.items()
                if facts.status == "awaiting_deliver" and facts.delivery_method_id == delivery_method_id
            ]
            return self.put(delivery_method_id, departure.isoformat(), *ready).id

        return str(self._act("carriages.create", effect))

    def set_postings(self, carriage_id: str, numbers: Sequence[str]) -> Mapping[str, str]:
        def effect() -> Mapping[str, str]:
            held = self._known(carriage_id)
            if held.status != "new":
                raise MarketplaceRefusedError("CARRIAGE_STATUS", text="CARRIAGE_STATUS")
            held.postings = [number for number in numbers if number not in self.refuses]
            return {number: self.refuses[number] for number in numbers if number in self.refuses}

        return dict(self._act("carriages.set_postings", effect))

    def approve(self, carriage_id: str, *, containers: int = 0) -> None:
        def effect() -> None:
            held = self._known(carriage_id)
            if held.status != "new":
                raise MarketplaceRefusedError("CARRIAGE_STATUS", text="CARRIAGE_STATUS")
            held.status, held.containers = "formed", containers
            self.approvals.append(carriage_id)

        self._act("carriages.approve", effect)

    def cancel(self, carriage_id: str) -> None:
        def effect() -> None:
            self._known(carriage_id).status = "cancelled"

        self._act("carriages.cancel", effect)

    def get(self, carriage_id: str) -> CarriageFacts:
        self._begin("carriages.get")
        held = self._known(carriage_id)
        return CarriageFacts(id=held.id, status=held.status, delivery_method_id=held.method, departure=held.day)

    def postings(self, carriage_id: str) -> tuple[ActPosting, ...]:
        self._begin("carriages.postings")
        return tuple(
            ActPosting(number=number, status=self._postings[number].status if number in self._postings else "")
            for number in self._known(carriage_id).postings
        )

    def act_status(self, carriage_id: str) -> ActStatus:
        self._begin("carriages.act_status")
        self._known(carriage_id)
        return ActStatus(state="ready" if self.papers_ready else "in_process")

    def _paper(self, name: str, carriage_id: str, content: bytes, kind: str) -> PaperFile:
        self._begin(name)
        self._known(carriage_id)
        if not self.papers_ready:
            raise NotReadyYetError(f"{name}: not ready")
        return PaperFile(content=content + carriage_id.encode(), content_type=kind)

    def act(self, carriage_id: str) -> PaperFile:
        return self._paper("carriages.act", carriage_id, PDF, "application/pdf")

    def barcode(self, carriage_id: str) -> PaperFile:
        return self._paper("carriages.barcode", carriage_id, PNG, "image/png")

    def barcode_text(self, carriage_id: str) -> str:
        self._begin("carriages.barcode_text")
        return f"%303%{carriage_id}"

    def container_labels(self, carriage_id: str) -> PaperFile:
        return self._paper("carriages.container_labels", carriage_id, PDF + b"containers ", "application/pdf")

    def discrepancy_act(self, carriage_id: str) -> PaperFile:
        return self._paper("carriages.discrepancy_act", carriage_id, PDF + b"discrepancies ", "application/pdf")
