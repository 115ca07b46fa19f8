"""The marketplace's rules of hand-over: what a carriage holds, when it is closed, what the carrier scans."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Final

from shipby_local.simulator import words
from shipby_local.simulator.desks.carriage_model import CargoJob, CargoPlace, Carriage
from shipby_local.simulator.errors import invalid, not_found
from shipby_local.simulator.market import Market
from shipby_local.simulator.model import Posting

NOT_NEW: Final = "CARRIAGE_IS_NOT_NEW"
NOTHING_TO_CARRY: Final = "POSTING_NOT_FOUND"
"""Of `create`: no new postings for a carriage. No other code is published for it."""
WRONG_STATUS: Final = "Incorrect_carriage_status"
NOT_READY: Final = "CARRIAGE_DOCUMENTS_NOT_READY"
_OVER: Final = frozenset({"cancelled", "closed"})


class CarriageDesk:
    """Makes, changes, closes and takes over carriages and cargo places. Call it inside `world.change()`."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.world = market.world

    def of(self, client_id: str, number: int) -> Carriage:
        """The seller's own carriage. Raises 404."""
        found = self.world.carriages.get(str(number))
        if found is None or found.client_id != client_id:
            raise not_found("CARRIAGE_NOT_FOUND")
        return found

    def waiting(self, client_id: str, method: int) -> list[Posting]:
        """FBS postings that await delivery and are in no living carriage."""
        held = {number for carriage in self._living(client_id) for number in carriage.postings}
        return [
            posting
            for posting in self.world.postings.all()
            if posting.client_id == client_id
            and posting.warehouse_id == method
            and not posting.is_rfbs
            and posting.status == words.AWAITING_DELIVER
            and posting.number not in held
        ]

    def create(self, client_id: str, method: int, day: str) -> Carriage:
        """A new carriage with every posting that waits. Raises 404 where there is none, or one is still open."""
        same = [item for item in self.on(client_id, method, day) if item.status != "cancelled"]
        ready = self.waiting(client_id, method)
        if not ready or any(item.status == "new" for item in same):
            raise not_found(NOTHING_TO_CARRY)
        number, now = self.world.next_id("carriage", 24_276_481_394), self.world.now()
        names = [posting.number for posting in ready]
        carriage = Carriage(number, client_id, method, day, now, now, names, partial_num=len(same) + 1)
        return self.world.carriages.put(carriage)

    def on(self, client_id: str, method: int, day: str) -> list[Carriage]:
        """All carriages of a delivery method and day, the oldest first."""
        return [
            item
            for item in self.world.carriages.all()
            if (item.client_id, item.delivery_method_id, item.departure_date) == (client_id, method, day)
        ]

    def set_postings(self, carriage: Carriage, numbers: Sequence[str]) -> dict[str, str]:
        """Overwrites what it holds; says for each number why it was not taken, empty if it was."""
        self._must_be_new(carriage)
        takable = {posting.number for posting in self.waiting(carriage.client_id, carriage.delivery_method_id)}
        takable |= {number for number in carriage.postings if self._waits(number)}
        problems = {number: "" if number in takable else "HAS_INCORRECT_STATUS" for number in numbers}
        carriage.postings = [number for number, problem in problems.items() if not problem]
        self._touch(carriage)
        return problems

    def approve(self, carriage: Carriage, containers: int = 0) -> None:
        """Closes it for changes; what is no longer there, or is dropped by a fault, is left out of the act."""
        self._must_be_new(carriage)
        faults, kind, client = self.market.faults, "posting_dropped_from_carriage", carriage.client_id
        carriage.removed = [
            number
            for number in carriage.postings
            if not self._waits(number) or faults.fires(kind, posting=number, client_id=client)
        ]
        carriage.postings = [number for number in carriage.postings if number not in carriage.removed]
        carriage.status, carriage.containers_count = "formed", containers
        carriage.approved_at = self.world.now()
        carriage.documents_at = self.world.later(self.world.settings.carriage_document_delay)
        self._touch(carriage)

    def cancel(self, carriage: Carriage) -> str:
        """Takes it back, if the carrier has not begun; the reason why not, else empty."""
        if carriage.status not in {"new", "formed"}:
            return f"carriage is {carriage.status}"
        carriage.status = "cancelled"
        self._touch(carriage)
        return ""

    def ready(self, carriage: Carriage) -> bool:
        """Whether its documents are there."""
        return carriage.documents_at is not None and self.world.now() >= carriage.documents_at

    def left_over(self, carriage: Carriage) -> bool:
        """Whether postings wait that are in no carriage."""
        return bool(self.waiting(carriage.client_id, carriage.delivery_method_id))

    def scan(self, carriage: Carriage, numbers: Sequence[str]) -> dict[str, bool]:
        """The carrier's first scan of these parcels, whether they are in the carriage or not."""
        if carriage.status not in {"formed", "received"}:
            raise ValueError(f"carriage {carriage.id} is {carriage.status}: the carrier takes formed ones")
        parcels = [self._posting(number) for number in numbers]
        strange = next((parcel.number for parcel in parcels if parcel.client_id != carriage.client_id), None)
        if strange is not None:
            raise LookupError(f"no posting {strange} of seller {carriage.client_id}")
        done = {}
        for parcel in parcels:
            done[parcel.number] = self.market.hand_over(parcel)
            if done[parcel.number] and parcel.number not in carriage.postings:
                carriage.extra.append(parcel.number)
        carriage.status = "received"
        self._touch(carriage)
        return done

    def finish(self, carriage: Carriage) -> list[str]:
        """Acceptance is over: what was not scanned was not there. Returns these postings."""
        if carriage.status not in {"formed", "received"}:
            raise ValueError(f"carriage {carriage.id} is {carriage.status}: nothing to accept")
        missing = [number for number in carriage.postings if self._waits(number)]
        for number in missing:
            self.market.become(self._posting(number), words.NOT_ACCEPTED, "posting_not_in_sort_center", "ozon")
        carriage.status, carriage.closed_at = "closed", self.world.now()
        self._touch(carriage)
        return missing

    def scanned(self, carriage: Carriage) -> list[str]:
        """Its postings that the carrier has scanned."""
        return [number for number in carriage.postings if self._posting(number).handed_over_at is not None]

    def place(self, client_id: str, number: int) -> CargoPlace | None:
        """The seller's own cargo place."""
        found = self.world.cargo_places.get(str(number))
        return found if found is not None and found.client_id == client_id else None

    def start_job(self, client_id: str, kind: str, places: Collection[int], postings: Sequence[str] = ()) -> CargoJob:
        """Fills or approves cargo places after a while."""
        job = CargoJob(self.world.next_id("cargo_job", 771_001), client_id, kind, list(places), list(postings))
        self.world.schedule(self.world.later(self.world.settings.cargo_job_delay), "cargo_job", job.key)
        return self.world.cargo_jobs.put(job)

    def finish_job(self, key: str) -> None:
        """Does what the job is for."""
        job = self.world.cargo_jobs.get(key)
        if job is None or job.status != "pending":
            return
        for number in job.places:
            place = self.place(job.client_id, number)
            if place is None:
                continue
            if job.kind == "approve":
                place.status = "approved"
            else:
                place.postings += [item for item in job.postings if item not in place.postings]
            self.world.cargo_places.put(place)
        job.status = "completed"
        self.world.cargo_jobs.put(job)

    def loaded(self, client_id: str) -> set[str]:
        """Postings that are in a cargo place, or on their way into one."""
        holders: list[CargoPlace | CargoJob] = [*self.world.cargo_places.all(), *self.world.cargo_jobs.all()]
        return {number for holder in holders if holder.client_id == client_id for number in holder.postings}

    def _living(self, client_id: str) -> list[Carriage]:
        return [item for item in self.world.carriages.all() if item.client_id == client_id and item.status not in _OVER]

    def _waits(self, number: str) -> bool:
        return self._posting(number).status == words.AWAITING_DELIVER

    def _posting(self, number: str) -> Posting:
        found = self.world.postings.get(number)
        if found is None:
            raise LookupError(f"no posting {number}")
        return found

    def _must_be_new(self, carriage: Carriage) -> None:
        if carriage.status != "new":
            raise invalid(NOT_NEW)

    def _touch(self, carriage: Carriage) -> None:
        carriage.updated_at = max(self.world.now(), carriage.updated_at + timedelta(milliseconds=1))
        self.world.carriages.put(carriage)
