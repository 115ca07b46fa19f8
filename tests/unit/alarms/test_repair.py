"""Repair finds every event row whose delivery may have been lost, of every aggregate, and gives it again exactly."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shipby.application.alarms.repair import OLDEST, repair
from shipby.application.alarms.route_events import Routed, route_event
from shipby.application.cases.opening import close_open_case, open_case
from shipby.application.ports.writes import (
    AppendEvents,
    SaveAccess,
    SaveCancelRequest,
    SaveCarriage,
    SaveCarrier,
    SaveClaim,
    SaveEvidencePack,
    SaveNumberJob,
    SavePool,
    SavePosting,
    SavePrintJob,
    SavePurchase,
    SaveReturn,
    SaveSettings,
    SaveStock,
    SaveWatch,
    Write,
)
from shipby.domain import events as e
from shipby.domain.cancels.requests import CancelRequest, CancelRequestState
from shipby.domain.carriages import Carriage, CarriageState
from shipby.domain.carriers.carrier import Carrier
from shipby.domain.cases.case import CaseKind
from shipby.domain.cases.watch import Watch
from shipby.domain.cases.watches import OF_SELLER, digest_id
from shipby.domain.events import Event, EventType, Ref, StoredEvent
from shipby.domain.evidence.claims import Claim, ClaimKind, ClaimState
from shipby.domain.evidence.pieces import EvidencePack, PackState
from shipby.domain.postings.posting import Stage
from shipby.domain.returns.return_case import ReturnStage
from shipby.domain.sellers.settings import Recipient
from shipby.domain.stock.item import StockItem
from shipby.domain.stock.pool import Pool
from shipby.domain.tracking.number_job import JobState, NumberJob
from shipby.domain.tracking.purchases import Purchase
from tests.support import builders as a
from tests.support.memory_store import MemoryStore

NOW = a.NOW
LONG_AGO = NOW - timedelta(days=80)
OTHER = "700002"


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore(clock=a.FixedClock())
    for seller in (a.SELLER, OTHER):
        store.commit([SaveSettings(replace(a.settings(), seller=seller, recipients=(Recipient(name="boss"),)))])
    return store


def happens(store: MemoryStore, write: Write, ref: Ref, kind: EventType, *, at: datetime = NOW, **data: Any) -> None:
    """One version of an item with its event."""
    (record,) = [getattr(write, name) for name in write.__slots__ if getattr(write, name, None) is not None][:1]
    event = Event(type=kind, at=at, actor="system:test", data=data)
    store.commit([write, AppendEvents(record.seller, ref, record.version, (event,))])


HEARD_BY_NOBODY = {e.AggregateKind.PRODUCT, e.AggregateKind.SUPPLY}


def cancel_request(identifier: str, seller: str, *, is_open: bool) -> CancelRequest:
    return CancelRequest(
        seller=seller,
        id=identifier,
        version=1,
        posting_number="p",
        state=CancelRequestState.ON_APPROVAL if is_open else CancelRequestState.REJECTED,
        requested_at=LONG_AGO,
        synced_at=NOW,
        auto_approve_at=LONG_AGO,
    )


def claim(identifier: str, seller: str, *, is_open: bool) -> Claim:
    return Claim(
        seller=seller,
        id=identifier,
        version=1,
        kind=next(iter(ClaimKind)),
        state=ClaimState.OPEN if is_open else ClaimState.WITHDRAWN,
        posting_number="p",
        asked_at=LONG_AGO,
        answer_by=LONG_AGO,
        source="hand",
    )


def carriage(identifier: str, seller: str, *, is_open: bool) -> Carriage:
    return Carriage(
        seller=seller,
        id=identifier,
        version=1,
        state=CarriageState.REQUESTED if is_open else CarriageState.FAILED,
        delivery_method_id="1",
        departure="2026-03-02",
        asked_at=LONG_AGO,
        asked_by="key:k1",
    )


def everything(store: MemoryStore, seller: str, number: int) -> None:
    """Of each aggregate one; open ones are months old."""
    name = f"x-{number}"
    is_open = number % 2 == 0
    pack = EvidencePack(
        seller=seller, id=name, version=1, posting_number="p", state=PackState.WAITING, asked_at=LONG_AGO, asked_by="k"
    )
    job = a.print_job(seller=seller, id=name, version=1, asked_at=NOW - timedelta(days=number))
    old = a.posting(seller=seller, number=name, received_at=LONG_AGO, stage=Stage.IN_TRANSIT, status="delivering")
    happens(store, SavePosting(old), e.posting_ref(name), EventType.POSTING_LATE, rung="tariff_step")
    case = a.return_case(
        seller=seller,
        id=name,
        opened_at=LONG_AGO,
        decide_by=LONG_AGO,
        stage=ReturnStage.OPENED if is_open else ReturnStage.CLOSED,
    )
    happens(store, SaveReturn(case), e.return_ref(name), EventType.RETURN_OPENED)
    wish = cancel_request(name, seller, is_open=is_open)
    happens(store, SaveCancelRequest(wish), e.cancel_request_ref(name), EventType.CANCEL_REQUEST_OPENED, posting="p")
    happens(store, SaveClaim(claim(name, seller, is_open=is_open)), e.claim_ref(name), EventType.CLAIM_OPENED)
    happens(store, SaveEvidencePack(pack), e.evidence_pack_ref(name), EventType.PACK_REQUESTED)
    happens(store, SavePrintJob(job), e.print_job_ref(name), EventType.PRINT_REQUESTED)
    file = NumberJob(
        seller=seller,
        id=name,
        version=1,
        state=JobState.RUNNING,
        asked_at=NOW - timedelta(days=number),
        asked_by="k",
        rows=1,
        parts=1,
    )
    happens(store, SaveNumberJob(file), e.number_job_ref(name), EventType.NUMBERS_STARTED)
    wagon = carriage(name, seller, is_open=is_open)
    happens(store, SaveCarriage(wagon), e.carriage_ref(name), EventType.CARRIAGE_REQUESTED)
    van = Carrier(code=name, names={"en": "Our van"}, seller=seller, version=1)
    happens(store, SaveCarrier(van), e.carrier_ref(name), EventType.CARRIER_CHANGED)
    bought = Purchase(seller=seller, id=name, version=1, changed_at=NOW, changed_by="key:k1")
    happens(store, SavePurchase(bought), e.purchase_ref(name), EventType.PURCHASE_CHANGED)
    person = a.person(seller=seller, id=f"{seller}{name}", added_at=LONG_AGO)
    happens(store, SaveAccess(person), e.person_ref(person.id), EventType.PERSON_ADDED)
    key = a.api_key(seller=seller, id=f"{seller}{name}", created_at=LONG_AGO)
    happens(store, SaveAccess(key), e.key_ref(key.id), EventType.KEY_MADE)
    happens(store, SavePool(Pool(seller=seller, id=name, version=1)), e.pool_aggregate(name), EventType.POOL_CHANGED)
    goods = StockItem(seller=seller, pool=name, sku="mug", version=1, on_hand=2)
    came: dict[str, Any] = {"pool": name, "sku": "mug", "free_before": 0, "free": 2}
    happens(store, SaveStock(goods), e.stock_ref(name, "mug"), EventType.STOCK_CHANGED, **came)
    goods = StockItem(seller=seller, pool="main", sku=name, version=1)
    moved: dict[str, Any] = {"pool": "main", "sku": name, "free_before": number, "free": 0}
    happens(store, SaveStock(goods), e.stock_ref("main", name), EventType.STOCK_CHANGED, **moved)
    matter: dict[str, Any] = {"seller": seller, "kind": CaseKind.LABEL_PAGE, "subject": name, "actor": "system:test"}
    open_case(store, **matter, reason="odd", owner="", now=LONG_AGO)
    if not is_open:
        close_open_case(store, **matter, resolution="seen", now=NOW)


def watches(store: MemoryStore, seller: str) -> None:
    changed = Event(type=EventType.SETTINGS_CHANGED, at=NOW, actor="system:test")
    store.commit([AppendEvents(seller, e.settings_ref(), 1, (changed,))])
    store.commit([SavePool(Pool(seller=seller, id="main", version=1))])
    for identifier in (*OF_SELLER, digest_id("boss")):
        watch = Watch(seller=seller, id=identifier, version=1, checked_at=NOW)
        kind = EventType.DIGEST_DUE if identifier == digest_id("boss") else EventType.PUSH_UNHEALTHY
        happens(store, SaveWatch(watch), e.watch_ref(identifier), kind, recipient="boss")


def rows(store: MemoryStore, seller: str) -> list[StoredEvent]:
    """Every event row there is, as the stream would have shown it."""
    return [row for row in store._rows.values() if isinstance(row, StoredEvent) and row.seller == seller]


def repaired(store: MemoryStore, seller: str, since: datetime, until: datetime = NOW) -> tuple[int, Counter[str]]:
    published: list[Routed] = []
    done = repair(seller, since=since, until=until, store=store, publish=published.extend)
    return done.events, Counter(map(repr, published))


def expected(found: Sequence[StoredEvent]) -> Counter[str]:
    return Counter(repr(one) for stored in found for one in route_event(stored, label_delay_seconds=0))


def test_each_lost_event_of_every_aggregate_is_given_again_exactly_once(store: MemoryStore) -> None:
    for seller in (a.SELLER, OTHER):
        for number in range(4):
            everything(store, seller, number)
        watches(store, seller)
    since = NOW - timedelta(hours=1)
    for seller in (a.SELLER, OTHER):
        lost = [stored for stored in rows(store, seller) if stored.event.at >= since]
        assert {stored.ref.kind for stored in lost} == set(e.AggregateKind) - HEARD_BY_NOBODY
        count, published = repaired(store, seller, since)
        assert count == len(lost)
        assert published == expected(lost)


def test_what_lies_outside_the_window_is_not_given_again(store: MemoryStore) -> None:
    everything(store, a.SELLER, 0)
    watches(store, a.SELLER)
    assert repaired(store, a.SELLER, NOW + timedelta(hours=1), NOW + timedelta(hours=2)) == (0, Counter())


def test_of_two_events_of_one_version_both_come_again(store: MemoryStore) -> None:
    wish = cancel_request("w", a.SELLER, is_open=True)
    kinds = (EventType.CANCEL_REQUEST_OPENED, EventType.CANCEL_REQUEST_REMINDED)
    told = tuple(Event(type=kind, at=NOW, actor="system:test", data={"posting": "p"}) for kind in kinds)
    ref = e.cancel_request_ref("w")
    store.commit([SaveCancelRequest(wish), AppendEvents(a.SELLER, ref, 1, told)])
    assert repaired(store, a.SELLER, NOW)[0] == 2


@pytest.mark.parametrize("stage", [Stage.RECEIVED, Stage.BLOCKED, Stage.HANDED_OVER, Stage.IN_TRANSIT, Stage.DELIVERED])
def test_no_open_posting_is_too_old(store: MemoryStore, stage: Stage) -> None:
    posting = a.posting(received_at=NOW - OLDEST - timedelta(days=60), stage=stage)
    happens(store, SavePosting(posting), e.posting_ref(posting.number), EventType.POSTING_REMINDED)
    assert repaired(store, a.SELLER, NOW)[0] == 1


def test_a_print_job_of_the_second_page_is_found(store: MemoryStore) -> None:
    for number in range(501):
        job = a.print_job(id=f"j-{number:03d}", version=1, asked_at=NOW)
        happens(store, SavePrintJob(job), e.print_job_ref(job.id), EventType.PRINT_REQUESTED)
    assert repaired(store, a.SELLER, NOW)[0] == 501
