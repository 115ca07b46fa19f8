"""Hand-over at the marketplace as the use cases need it: carriages, their papers, and cargo places."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from shipby.application.ports.pages import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCarriage:
    """A carriage among those of a delivery method and day."""

    id: str
    status: str
    postings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriageFacts:
    """What the marketplace says of one carriage. Unknown values of `status` and `actions` are kept."""

    id: str
    status: str
    delivery_method_id: str
    warehouse_id: str = ""
    departure: str = ""
    actions: tuple[str, ...] = ()
    """`available_actions`: which papers exist (get_shipping_list, get_act_of_acceptance, get_waybill …)."""
    containers: int = 0
    more: bool = False
    """Whether postings that have to leave are not in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActPosting:
    """One posting of a carriage, with its status as the marketplace sees it."""

    number: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActStatus:
    """How far the papers of an approved carriage are: in_process, ready, error, cancelled, or another text."""

    state: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    """Postings that did not come into it and leave with the next one."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PaperFile:
    """A file of the marketplace. It has no repr of its content."""

    content: bytes
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSpec:
    """Which cargo places to make: `cargo_type` is box or pallet, `sort_type` is sort or non-sort."""

    warehouse_id: str
    count: int
    cargo_type: str = "box"
    sort_type: str = "sort"


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A cargo place (грузоместо) of trusted acceptance."""

    id: str
    status: str
    number: int = 0
    """Its running number, as printed on its label."""
    cargo_type: str = ""
    sort_type: str = ""
    warehouse_id: str = ""
    created_at: datetime | None = None
    postings: tuple[str, ...] = ()
    """Only where one container was asked for."""
    actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerTask:
    """What filling or approving began; `refused` names what it leaves out, with the reason."""

    id: str
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerTaskState:
    """`state` is pending, in_progress, completed or failed."""

    state: str
    error: str = ""


class Carriages(Protocol):
    """Hand-over of one seller's FBS postings.

    Errors as `Marketplace`: acting calls (create, set_postings, approve, cancel, create_containers, fill_container,
    approve_containers) raise OutcomeUnknownError when they may have been carried out; files raise NotReadyYetError
    until they are there.
    """

    def listed(self, delivery_method_id: str, departure: date) -> tuple[ListedCarriage, ...]:
        """Carriages of a delivery method that leave on a day."""

    def create(self, delivery_method_id: str, departure: date) -> str:
        """Make the first carriage of a delivery method and day with every posting that awaits delivery. Its id."""

    def set_postings(self, carriage_id: str, numbers: Sequence[str]) -> Mapping[str, str]:
        """Overwrite what a new carriage holds. Returns what was refused: posting number -> why."""

    def approve(self, carriage_id: str, *, containers: int = 0) -> None:
        """Close a carriage; that cannot be taken back."""

    def cancel(self, carriage_id: str) -> None: ...
    def get(self, carriage_id: str) -> CarriageFacts: ...
    def postings(self, carriage_id: str) -> tuple[ActPosting, ...]: ...
    def act_status(self, carriage_id: str) -> ActStatus: ...
    def act(self, carriage_id: str) -> PaperFile:
        """PDF: shipment list and waybill (Russia), act and waybill (elsewhere)."""

    def barcode(self, carriage_id: str) -> PaperFile:
        """PNG: what is shown at the drop-off point."""

    def barcode_text(self, carriage_id: str) -> str: ...
    def container_labels(self, carriage_id: str) -> PaperFile:
        """PDF: labels of the cargo places that the carriage was approved with."""

    def discrepancy_act(self, carriage_id: str) -> PaperFile:
        """PDF: what the marketplace found different; only of closed carriages of sellers outside Russia."""


class Containers(Protocol):
    """Cargo places of trusted acceptance (a beta of the marketplace). Errors as `Carriages`."""

    def create(self, spec: ContainerSpec) -> tuple[str, ...]:
        """Ids of the new ones."""

    def fill(self, container_id: str, numbers: Sequence[str]) -> ContainerTask: ...
    def approve(self, container_ids: Sequence[str]) -> ContainerTask: ...
    def task(self, task_id: str) -> ContainerTaskState: ...
    def listed(
        self, *, since: datetime, to: datetime, sort_type: str, warehouse_id: str = "", cursor: str = ""
    ) -> Page[Container]: ...
    def get(self, container_id: str) -> Container: ...
    def statuses(self, container_ids: Sequence[str]) -> Mapping[str, str]: ...
    def labels(self, container_ids: Sequence[str]) -> PaperFile:
        """PDF. Raises MarketplaceRefusedError naming those that have none."""

    def documents(self, container_ids: Sequence[str]) -> PaperFile:
        """PDF: waybill and shipment list."""
