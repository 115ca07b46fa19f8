"""Reading a carriage and writing its next version with what happened to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from shipby.application.ports.clock import Clock
from shipby.application.ports.files import DocumentStore
from shipby.application.ports.marketplace import Marketplace
from shipby.application.ports.papers import CarriageReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, ClaimPointer, ReleasePointer, SaveCarriage, Write
from shipby.application.shared.retry import decide_anew
from shipby.domain import actors, pointers
from shipby.domain.carriages import Carriage
from shipby.domain.errors import NotFoundError
from shipby.domain.events import Event, EventType, carriage_ref
from shipby.domain.json_types import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriageContext:
    """What work on one carriage needs."""

    seller: str
    id: str
    store: Store
    marketplace: Marketplace
    documents: DocumentStore
    clock: Clock

    def load(self) -> Carriage:
        """Raises NotFoundError."""
        return load_carriage(self.store, self.seller, self.id)

    def note(
        self,
        change: Callable[[Carriage], Carriage | None],
        kind: EventType,
        *,
        reason: str = "",
        data: Mapping[str, Json] | None = None,
        also: Sequence[Write] = (),
    ) -> Carriage | None:
        """Write the next version with its event; None, and nothing written, if `change` finds that it has moved on.

        `change` sees the row as it is at that moment: scans go on while the worker talks to the marketplace.
        """
        event = Event(
            type=kind, at=self.clock.now(), actor=actors.LABEL_GENERATION, reason=reason, data=dict(data or {})
        )

        def once() -> Carriage | None:
            before = self.load()
            changed = change(before)
            if changed is None:
                return None
            after = replace(changed, version=before.version + 1)
            self.store.commit([*carriage_writes(after, event), *also])
            return after

        return decide_anew(once)


def load_carriage(store: CarriageReads, seller: str, identifier: str) -> Carriage:
    """Raises NotFoundError."""
    carriage = store.carriage(seller, identifier)
    if carriage is None:
        raise NotFoundError(f"there is no carriage {identifier}; see GET /v1/carriages")
    return carriage


def carriage_writes(carriage: Carriage, event: Event) -> list[Write]:
    """The row and its event."""
    return [
        SaveCarriage(carriage),
        AppendEvents(carriage.seller, carriage_ref(carriage.id), carriage.version, (event,)),
    ]


def day_name(delivery_method_id: str, departure: str) -> str:
    """What the pointer to the open carriage of a delivery method and day is called."""
    return f"{delivery_method_id} {departure}"


def claim_day(carriage: Carriage) -> ClaimPointer:
    """Nobody else begins a carriage for the same method and day while this one is open to changes."""
    name = day_name(carriage.delivery_method_id, carriage.departure)
    return ClaimPointer(carriage.seller, pointers.CARRIAGE_DAY, name, carriage.id)


def release_day(carriage: Carriage) -> ReleasePointer:
    """The next carriage of the method and day may begin."""
    name = day_name(carriage.delivery_method_id, carriage.departure)
    return ReleasePointer(carriage.seller, pointers.CARRIAGE_DAY, name, carriage.id)
