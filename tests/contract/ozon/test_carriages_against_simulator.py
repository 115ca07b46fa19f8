"""Closing the day against the simulated marketplace: our client, our worker, its rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from shipby.adapters.ozon import OzonClient
from shipby.application.carriages.closing_the_day import Approval, approve_carriage, request_carriage
from shipby.application.carriages.work import work_carriage
from shipby.application.intake.sync_posting import sync_posting
from shipby.application.ports.carriages import ContainerSpec
from shipby.application.ports.writes import SaveSettings
from shipby.domain.carriages import Carriage, CarriageState
from shipby.domain.errors import MarketplaceRefusedError, NotFoundError, OutcomeUnknownError, RetryableError
from shipby.domain.events import carriage_ref
from shipby_local.simulator import SellerAccount, Simulator, SimulatorSettings
from tests.support import builders as a
from tests.support.fakes import MemoryDocuments
from tests.support.memory_store import MemoryStore
from tests.support.waiting import eventually
from tests.unit.world_support import forget


@pytest.fixture
def marketplace() -> Iterator[Simulator]:
    settings = SimulatorSettings(
        ship_delay=0.05, engine_interval=0.02, carriage_document_delay=5, rate_limit_per_second=10_000
    )
    with Simulator(settings) as running:
        yield running


@pytest.fixture
def seller(marketplace: Simulator) -> SellerAccount:
    return marketplace.add_seller(currency="RUB")


@pytest.fixture
def client(marketplace: Simulator, seller: SellerAccount) -> OzonClient:
    return OzonClient(marketplace.base_url, seller.client_id, seller.api_key, requests_per_second=10_000.0)


def assembled(marketplace: Simulator, seller: SellerAccount, client: OzonClient, count: int) -> list[str]:
    numbers = [marketplace.add_posting(seller.client_id) for _ in range(count)]
    for number in numbers:
        facts = client.posting(number)
        client.ship(number, [{line.sku: line.quantity for line in facts.lines}])
    for number in numbers:
        eventually(partial(_awaits_delivery, client, number))
    return numbers


def _awaits_delivery(client: OzonClient, number: str) -> bool:
    return client.posting(number).status == "awaiting_deliver"


class Ramp:
    """The worker with a store in memory and a clock that can be set forward."""

    def __init__(self, client: OzonClient, seller: str) -> None:
        self.clock = a.FixedClock(datetime.now(UTC))
        self.store, self.client, self.seller = MemoryStore(clock=self.clock), client, seller
        self.documents = MemoryDocuments()
        self.store.commit([SaveSettings(a.settings(seller=seller))])

    def knows(self, *numbers: str) -> str:
        """Reads postings; their delivery method."""
        for number in numbers:
            sync_posting(
                self.seller, number, hinted_at=None, store=self.store, marketplace=self.client, clock=self.clock
            )
        detail = self.store.detail(self.seller, numbers[0])
        assert detail is not None
        return detail.delivery_method_id

    def work(self, identifier: str) -> str:
        return work_carriage(
            self.seller,
            identifier,
            store=self.store,
            marketplace=self.client,
            documents=self.documents,
            clock=self.clock,
        )

    def row(self, identifier: str) -> Carriage:
        found = self.store.carriage(self.seller, identifier)
        assert found is not None
        return found


def test_a_day_is_closed_and_the_carriers_scans_are_compared(
    marketplace: Simulator, seller: SellerAccount, client: OzonClient
) -> None:
    first, second, third, left_out = numbers = assembled(marketplace, seller, client, 4)
    ramp = Ramp(client, seller.client_id)
    method = ramp.knows(*numbers)
    assert method == str(seller.warehouse_id)
    today = ramp.clock.now().date()
    answer = request_carriage(
        seller.client_id, method, today, [first, second, third], "key:k", forget, store=ramp.store, clock=ramp.clock
    )
    identifier = str(answer.body["id"])
    assert ramp.work(identifier) == "carriage_open"
    opened = ramp.row(identifier)
    assert opened.numbers == tuple(sorted([first, second, third]))
    [listed] = client.carriages.listed(method, today)
    assert (listed.id, listed.status, listed.postings) == (opened.marketplace_id, "new", 3)

    wish = Approval(
        seller=seller.client_id, id=identifier, actor="key:k", accept_difference=True, reason="nothing is scanned here"
    )
    approve_carriage(wish, forget, store=ramp.store, clock=ramp.clock)
    assert ramp.work(identifier) == "carriage_not_ready"
    assert ramp.row(identifier).state is CarriageState.APPROVED

    def documented() -> bool:
        marketplace.control("POST", "/_sim/clock", {"advance_seconds": 1})
        ramp.clock.advance(timedelta(seconds=60))
        return ramp.work(identifier) == "carriage_documented"

    eventually(documented)
    row = ramp.row(identifier)
    assert ramp.documents.files[row.documents["act"]].startswith(b"%PDF-")
    assert ramp.documents.files[row.documents["barcode"]].startswith(b"\x89PNG")
    assert row.marketplace_id in row.barcode

    marketplace.control("POST", f"/_sim/carriages/{row.marketplace_id}", {"act": "scan", "except": [third]})
    ramp.clock.advance(timedelta(hours=1))
    assert ramp.work(identifier) == "carriage_differs"
    compared = ramp.store.events(seller.client_id, carriage_ref(identifier))[-1].event.data
    assert compared["taken"] == 2
    kinds = {item["posting"]: item["kind"] for item in compared["differences"]}  # type: ignore[union-attr, index, call-overload]  # JSON
    assert kinds == {first: "taken_unscanned", second: "taken_unscanned", third: "not_scanned"}
    assert left_out not in kinds


def test_a_creation_whose_answer_is_lost_is_found_and_not_repeated(
    marketplace: Simulator, seller: SellerAccount, client: OzonClient
) -> None:
    numbers = assembled(marketplace, seller, client, 2)
    ramp = Ramp(client, seller.client_id)
    method = ramp.knows(*numbers)
    answer = request_carriage(
        seller.client_id, method, ramp.clock.now().date(), (), "key:k", forget, store=ramp.store, clock=ramp.clock
    )
    identifier = str(answer.body["id"])
    marketplace.control("POST", "/_sim/faults", {"kind": "timeout_after_success", "method": "/v1/carriage/create"})
    assert ramp.work(identifier) == "carriage_unknown"
    assert ramp.work(identifier) == "carriage_open"
    assert ramp.row(identifier).numbers == tuple(sorted(numbers))
    assert len(client.carriages.listed(method, ramp.clock.now().date())) == 1


def test_a_carriage_is_changed_cancelled_and_unknown_ones_are_refused(
    marketplace: Simulator, seller: SellerAccount, client: OzonClient
) -> None:
    numbers = assembled(marketplace, seller, client, 2)
    method, today = str(seller.warehouse_id), datetime.now(UTC).date()
    made = client.carriages.create(method, today)
    assert client.carriages.set_postings(made, numbers[:1]) == {}
    assert [one.number for one in client.carriages.postings(made)] == numbers[:1]
    with pytest.raises(MarketplaceRefusedError):
        client.carriages.create(method, today)
    with pytest.raises((MarketplaceRefusedError, RetryableError)):
        client.carriages.act(made)
    client.carriages.cancel(made)
    assert client.carriages.get(made).status == "cancelled"
    with pytest.raises(NotFoundError):
        client.carriages.get("1")


def test_cargo_places_are_made_filled_approved_and_labelled(
    marketplace: Simulator, seller: SellerAccount, client: OzonClient
) -> None:
    [number] = assembled(marketplace, seller, client, 1)
    [box] = client.containers.create(ContainerSpec(warehouse_id=str(seller.warehouse_id), count=1))
    filled = client.containers.fill(box, [number, "1-1-1"])
    assert list(filled.refused) == ["1-1-1"]
    eventually(lambda: client.containers.task(filled.id).state == "completed")
    assert client.containers.get(box).postings == (number,)
    approved = client.containers.approve([box])
    eventually(lambda: client.containers.task(approved.id).state == "completed")
    assert client.containers.statuses([box])[box] not in ("", "new")
    now = datetime.now(UTC)
    page = client.containers.listed(since=now - timedelta(hours=1), to=now + timedelta(hours=1), sort_type="sort")
    assert [one.id for one in page.items] == [box]
    assert client.containers.labels([box]).content.startswith(b"%PDF-")


def test_a_lost_approval_is_an_unknown_outcome(
    marketplace: Simulator, seller: SellerAccount, client: OzonClient
) -> None:
    assembled(marketplace, seller, client, 1)
    made = client.carriages.create(str(seller.warehouse_id), datetime.now(UTC).date())
    marketplace.control("POST", "/_sim/faults", {"kind": "timeout_after_success", "method": "/v1/carriage/approve"})
    with pytest.raises(OutcomeUnknownError):
        client.carriages.approve(made)
    assert client.carriages.get(made).status == "formed"


def test_no_new_postings_is_told_as_such_and_not_as_an_unknown_posting(
    marketplace: Simulator, seller: SellerAccount, client: OzonClient
) -> None:
    method = str(seller.warehouse_id)
    with pytest.raises(MarketplaceRefusedError, match="no new posting waits for a carriage"):
        client.carriages.create(method, datetime.now(UTC).date())
    assembled(marketplace, seller, client, 1)
    client.carriages.create(method, datetime.now(UTC).date())
    with pytest.raises(MarketplaceRefusedError, match="approve the carriage before"):
        client.carriages.create(method, datetime.now(UTC).date())
    with pytest.raises(NotFoundError):
        client.posting("11111111-0001-1")
