"""Data of single pieces at the marketplace: marks, declarations, numbers of devices."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shipby.domain.packing.cards import Exemplar


@dataclass(frozen=True, slots=True, kw_only=True)
class ExemplarSlots:
    """Where the marketplace keeps the data of each piece."""

    ids: Mapping[str, tuple[str, ...]]
    """SKU -> ids of its pieces, smallest first."""
    boxes: int = 0
    """`multi_box_qty`, which goes back as it came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExemplarStatus:
    """What the marketplace has checked so far. Codes are raw: no list of them is published."""

    status: str
    """ship_available, ship_not_available, validation_in_process, update_available, update_not_available."""
    shown: Mapping[str, tuple[Exemplar, ...]]
    """SKU -> what it has of its pieces."""
    processing: bool = False
    failed: bool = False
    """A check did not end in time: nothing is known to be wrong, and the same data may be sent again."""
    errors: tuple[str, ...] = field(default=())
    """`SKU 1 piece 2 mandatory_mark: CODE`, a line per code."""


class Exemplars(Protocol):
    """Errors as `Marketplace`. `set` replaces everything: it always takes all pieces of all products."""

    def slots(self, number: str) -> ExemplarSlots: ...
    def validate(self, number: str, pieces: Mapping[str, Sequence[Exemplar]]) -> tuple[str, ...]:
        """What is wrong with lengths and characters, in raw codes; only `status` says what is in circulation."""

    def set(self, number: str, pieces: Mapping[str, Mapping[str, Exemplar]], *, boxes: int = 0) -> None:
        """SKU -> id of the piece -> its data. It is checked afterwards: see `status`."""

    def update(self, number: str) -> None:
        """Take what was set over for a posting that is assembled already."""

    def status(self, number: str) -> ExemplarStatus: ...
