"""What the marketplace knows about hand-over: carriages (отгрузки), cargo places (грузоместа) and their jobs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class Carriage:
    """Postings of one delivery method that leave together. `status` as in `/v1/carriage/get`; `new` before approval."""

    id: int
    client_id: str
    delivery_method_id: int
    departure_date: str
    created_at: datetime
    updated_at: datetime
    postings: list[str] = field(default_factory=list)
    status: str = "new"
    partial_num: int = 1
    containers_count: int = 0
    removed: list[str] = field(default_factory=list)
    """Postings that were in it when it was approved and are not in its act."""
    extra: list[str] = field(default_factory=list)
    """Postings that the carrier found among its parcels although no act names them."""
    approved_at: datetime | None = None
    documents_at: datetime | None = None
    """When its documents are ready."""
    closed_at: datetime | None = None

    @property
    def key(self) -> str:
        return str(self.id)


@dataclass(slots=True)
class CargoPlace:
    """A box or pallet of trusted acceptance that holds postings."""

    id: int
    client_id: str
    warehouse_id: int
    cargo_type: str
    sort_type: str
    number: int
    created_at: datetime
    status: str = "new"
    postings: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        return str(self.id)


@dataclass(slots=True)
class CargoJob:
    """Filling or approving cargo places takes time: the answer of the call is the id of this job."""

    id: int
    client_id: str
    kind: str
    """`fill` or `approve`."""
    places: list[int]
    postings: list[str] = field(default_factory=list)
    status: str = "pending"
    error: str = ""

    @property
    def key(self) -> str:
        return str(self.id)
