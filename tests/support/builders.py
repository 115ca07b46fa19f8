"""Records with sensible values and a fixed clock; a test names only what it is about.

from tests.support import builders as a

posting = a.posting(stage=Stage.CONFIRMED)
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from shipby.domain.events import Event, EventType, posting_ref
from shipby.domain.intents import Intent, IntentAction, IntentState, intent_id
from shipby.domain.labels.documents import Document, DocumentKind, DocumentState
from shipby.domain.labels.prints import PrintJob, PrintState
from shipby.domain.money import Money
from shipby.domain.people.person import Person
from shipby.domain.people.session import Session
from shipby.domain.postings.inbox import PushRow, PushState, PushToken
from shipby.domain.postings.posting import (
    Alarm,
    Line,
    MarketplacePosting,
    Posting,
    Rung,
    RungKind,
    Scheme,
    Stage,
    TariffStep,
)
from shipby.domain.postings.tracking import TrackingChange
from shipby.domain.refunds.ledger import LineBalance, MoneyLedger
from shipby.domain.remembered import RememberedResponse
from shipby.domain.returns.return_case import MarketplaceReturn, OfferedAction, RejectionReason, ReturnCase, ReturnStage
from shipby.domain.sellers.keys import ApiKey, Role
from shipby.domain.sellers.settings import SellerSettings

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SELLER = "seller-1"
NUMBER = "24219509-0020-2"
RETURN_ID = "1000015552"
CUT_OFF = NOW + timedelta(hours=25)
HASH = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"


@dataclass(slots=True)
class FixedClock:
    """A clock that moves only when it is told to."""

    time: datetime = field(default=NOW)

    def now(self) -> datetime:
        return self.time

    def advance(self, by: timedelta) -> datetime:
        """Move on, and say the new time."""
        self.time += by
        return self.time


def rub(amount: str) -> Money:
    """An amount in roubles such as "12.50"."""
    return Money.parse(amount, "RUB")


def rung(kind: RungKind = RungKind.SHIPMENT_DATE, due: datetime = CUT_OFF, price: Money | None = None) -> Rung:
    return Rung(kind=kind, due=due, price=price)


def nothing_else_rings(posting: Posting) -> bool:
    """Whether all of its clocks are over: only the look at what stands still is ahead."""
    ahead = posting.next_alarm
    return ahead is not None and ahead.kind is RungKind.LOOK_AGAIN


def alarm(due: datetime = CUT_OFF, kind: RungKind = RungKind.SHIPMENT_DATE) -> Alarm:
    return Alarm(due=due, kind=kind)


def posting(**changes: Any) -> Posting:
    """An FBS posting just received, with a cut-off tomorrow and its first alarm set."""
    base = Posting(
        seller=SELLER,
        number=NUMBER,
        version=1,
        stage=Stage.RECEIVED,
        status="awaiting_packaging",
        substatus="posting_created",
        scheme=Scheme.FBS,
        integration="ozon",
        received_at=NOW,
        synced_at=NOW,
        warehouse_id="21321684811000",
        shipment_date=CUT_OFF,
        rungs=(rung(RungKind.CONFIRM_BY, NOW + timedelta(hours=2)), rung()),
        next_alarm=alarm(NOW + timedelta(hours=2), RungKind.CONFIRM_BY),
    )
    return replace(base, **changes)


def full_posting(**changes: Any) -> Posting:
    """A posting late in its life with eight rungs and everything a busy day leaves in it."""
    steps = tuple(
        rung(RungKind.TARIFF_STEP, CUT_OFF + timedelta(hours=12 * n), Money(1250 * n, "RUB")) for n in range(1, 4)
    )
    rungs = (
        rung(RungKind.CONFIRM_BY, NOW + timedelta(hours=2)),
        rung(RungKind.REMIND_AT, CUT_OFF - timedelta(hours=4)),
        rung(),
        *steps,
        rung(RungKind.WITHOUT_DELAY, CUT_OFF + timedelta(hours=24)),
        rung(RungKind.GIVE_UP_AT, CUT_OFF + timedelta(days=4)),
    )
    base = posting(
        version=9,
        stage=Stage.PACKED,
        status="awaiting_deliver",
        substatus="posting_awaiting_passport_data",
        without_delay=CUT_OFF + timedelta(hours=24),
        delivery_by=CUT_OFF + timedelta(days=6),
        rungs=rungs,
        fired={
            "confirm_by": NOW + timedelta(hours=2),
            "remind_at": CUT_OFF - timedelta(hours=4),
            "shipment_date": CUT_OFF,
        },
        next_alarm=alarm(CUT_OFF + timedelta(hours=12), RungKind.TARIFF_STEP),
        assembled_at=NOW + timedelta(hours=1, microseconds=1),
        label_ready_at=NOW + timedelta(hours=1, minutes=1, microseconds=123456),
        printed_at=NOW + timedelta(hours=3),
        late=True,
        at_risk=rub("12.50"),
        tracking_number="80087987654321",
        tracking_count=1,
        intent_count=2,
        open_intents=(intent_id(posting_ref(NUMBER), IntentAction.SET_TRACKING, 2),),
    )
    return replace(base, **changes)


def line(**changes: Any) -> Line:
    base = Line(
        sku="149123456", offer_id="TEA-CUP-02", name="Чашка для чая, 茶杯, 350 мл", quantity=2, price=rub("125.00")
    )
    return replace(base, **changes)


def detail(**changes: Any) -> MarketplacePosting:
    """What the marketplace says of `posting()`."""
    base = MarketplacePosting(
        number=NUMBER,
        order_number="24219509-0020",
        status="awaiting_packaging",
        substatus="posting_created",
        scheme=Scheme.FBS,
        integration="ozon",
        read_at=NOW,
        warehouse_id="21321684811000",
        in_process_at=NOW - timedelta(minutes=10),
        shipment_date=CUT_OFF,
        tariff_steps=(
            TariffStep(until=CUT_OFF, rate=Decimal("0"), minimum=rub("0"), charge=rub("0")),
            TariffStep(
                until=datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
                rate=Decimal("2.5"),
                minimum=rub("5"),
                charge=rub("12.50"),
            ),
        ),
        actions=("cancel", "ship"),
        barcodes=("%101%806044518", "23024930500000"),
        lines=(line(),),
        requirements={"products_requiring_gtd": ("149123456",)},
    )
    return replace(base, **changes)


def ledger(**changes: Any) -> MoneyLedger:
    """250.00 RUB paid for one line, nothing reserved."""
    base = MoneyLedger(
        seller=SELLER,
        number=NUMBER,
        version=1,
        currency="RUB",
        paid=25_000,
        lines={"149123456": LineBalance(paid=25_000)},
    )
    return replace(base, **changes)


def intent(**changes: Any) -> Intent:
    """A PENDING cancel of `posting()`; a changed `ref`, `action` or `sequence` changes its id as well."""
    sequence = changes.pop("sequence", 1)
    ref = changes.get("ref", posting_ref(NUMBER))
    action = changes.get("action", IntentAction.CANCEL)
    base = Intent(
        id=intent_id(ref, action, sequence),
        seller=SELLER,
        ref=ref,
        posting_number=NUMBER,
        action=action,
        state=IntentState.PENDING,
        version=1,
        request={"posting_number": NUMBER, "reason_id": 352},
        created_at=NOW,
        updated_at=NOW,
        actor="key:k1",
    )
    return replace(base, **changes)


def return_case(**changes: Any) -> ReturnCase:
    """An rFBS return to decide within a day."""
    base = ReturnCase(
        seller=SELLER,
        id=RETURN_ID,
        version=1,
        stage=ReturnStage.OPENED,
        number="24219509-0020-2-R1",
        posting_number=NUMBER,
        state="ArrivedAtReturnPlace",
        state_name="Едет на склад",
        opened_at=NOW,
        synced_at=NOW,
        decide_by=NOW + timedelta(hours=24),
        sku="149123456",
        price=rub("125.00"),
        reason="Не подошёл",
        actions=(OfferedAction(id=-1, name="Отклонить"), OfferedAction(id=1020, name="Компенсировать часть")),
        rejection_reasons=(RejectionReason(id=7, name="Нет брака", needs_comment=True),),
        next_alarm=alarm(NOW + timedelta(hours=18), RungKind.DECIDE_REMIND),
    )
    return replace(base, **changes)


def marketplace_return(**changes: Any) -> MarketplaceReturn:
    """What the marketplace says of `return_case()`."""
    base = MarketplaceReturn(
        id=RETURN_ID,
        number="24219509-0020-2-R1",
        posting_number=NUMBER,
        state="ArrivedAtReturnPlace",
        state_name="Едет на склад",
        read_at=NOW,
        opened_at=NOW,
        sku="149123456",
        offer_id="TEA-CUP-02",
        price=rub("125.00"),
        reason_id=12,
        reason="Не подошёл",
        actions=(OfferedAction(id=-1, name="Отклонить"), OfferedAction(id=1020, name="Компенсировать часть")),
        rejection_reasons=(RejectionReason(id=7, name="Нет брака", needs_comment=True),),
    )
    return replace(base, **changes)


def event(**changes: Any) -> Event:
    base = Event(type=EventType.POSTING_RECEIVED, at=NOW, actor="system:posting_sync", data={"status": "new"})
    return replace(base, **changes)


def tracking_change(**changes: Any) -> TrackingChange:
    base = TrackingChange(
        seller=SELLER,
        posting_number=NUMBER,
        sequence=1,
        old="",
        new="RB123456785CN",
        carrier="China Post",
        reason="first number",
        asked_by="key:k1",
        at=NOW,
    )
    return replace(base, **changes)


def document(**changes: Any) -> Document:
    """A label that was asked for."""
    base = Document(
        seller=SELLER,
        posting_number=NUMBER,
        id="label-1",
        kind=DocumentKind.LABEL,
        state=DocumentState.WAITING,
        version=1,
        asked_at=NOW,
    )
    return replace(base, **changes)


def print_job(**changes: Any) -> PrintJob:
    base = PrintJob(
        seller=SELLER,
        id="job-1",
        version=1,
        state=PrintState.WAITING,
        numbers=(NUMBER, "24219509-0021-1"),
        asked_at=NOW,
        asked_by="key:k1",
    )
    return replace(base, **changes)


def push(**changes: Any) -> PushRow:
    base = PushRow(
        seller=SELLER,
        type="TYPE_NEW_POSTING",
        digest=HASH,
        window=246_000,
        received_at=NOW,
        state=PushState.RECEIVED,
        posting_number=NUMBER,
        payload={"posting_number": NUMBER, "products": [{"sku": 149123456, "quantity": 2}]},
    )
    return replace(base, **changes)


def push_token(**changes: Any) -> PushToken:
    return replace(PushToken(sha256=HASH, seller=SELLER, created_at=NOW), **changes)


def api_key(**changes: Any) -> ApiKey:
    return replace(ApiKey(id="k1", seller=SELLER, role=Role.MANAGER, sha256=HASH, created_at=NOW), **changes)


def person(**changes: Any) -> Person:
    base = Person(seller=SELLER, id="0" * 15 + "1", version=1, name="Анна Белова", role=Role.MANAGER, added_at=NOW)
    return replace(base, **changes)


def session(**changes: Any) -> Session:
    base = Session(
        sha256=HASH,
        version=1,
        seller=SELLER,
        person="0" * 15 + "1",
        role=Role.MANAGER,
        opened_at=NOW,
        seen_at=NOW,
        idle=timedelta(minutes=30),
        ends_at=NOW + timedelta(hours=12),
    )
    return replace(base, **changes)


def settings(**changes: Any) -> SellerSettings:
    """Stored settings with the product's defaults."""
    return replace(SellerSettings(seller=SELLER, version=1), **changes)


def response(**changes: Any) -> RememberedResponse:
    base = RememberedResponse(
        seller=SELLER,
        key="9b2e5c1a-order-1",
        request_hash=HASH,
        status=202,
        body={"id": "p.24219509-0020-2.cancel.1", "warnings": ["late"]},
        expires_at=NOW + timedelta(days=30),
        location="/v1/intents/p.24219509-0020-2.cancel.1",
    )
    return replace(base, **changes)
