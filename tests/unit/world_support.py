"""One seller, one store in memory, one fake marketplace: what every use case is tried in."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from shipby.application.alarms.ringing import ring
from shipby.application.intake.sync_posting import Synced, sync_posting
from shipby.application.intents.replace_tracking import NewTracking, replace_tracking
from shipby.application.intents.request_intent import Wish, request_intent
from shipby.application.ports.writes import AppendEvents, SaveSettings, Write
from shipby.application.postings.work_posting import WorkCommand, work_posting
from shipby.application.proof.prove import prove
from shipby.application.proof.report import Proof
from shipby.application.returns.decisions import decide_return
from shipby.application.returns.refund_money import ReturnDecision
from shipby.application.returns.sync import apply_return_facts
from shipby.application.settling.settle import Settled, settle_intent
from shipby.application.shared.alarm_outcome import AlarmOutcome
from shipby.application.shared.idempotency import Answer
from shipby.application.tracking.report_delivery import Report, hand_over, report_delivery
from shipby.domain.alarm import AlarmRef
from shipby.domain.deadlines.workflow import Command
from shipby.domain.events import Event, EventType, Ref, StoredEvent, posting_ref, return_ref
from shipby.domain.intents import Intent, IntentAction, IntentState
from shipby.domain.json_types import Json
from shipby.domain.money import Money
from shipby.domain.postings.delivery import DeliveryStage
from shipby.domain.postings.posting import Posting
from shipby.domain.refunds.ledger import MoneyLedger
from shipby.domain.returns.return_case import ReturnCase
from shipby.domain.sellers.settings import SellerSettings
from tests.support import builders as a
from tests.support.fake_marketplace import FULL_REFUND, ON_APPROVAL, FakeMarketplace, offer
from tests.support.memory_store import MemoryStore

REQUESTS: Mapping[IntentAction, Mapping[str, Json]] = {
    IntentAction.SHIP: {"packages": [{"149123456": 2}]},
    IntentAction.CANCEL: {"reason_id": 352, "message": ""},
    IntentAction.SET_CUT_OFF: {"cut_off": (a.CUT_OFF + timedelta(days=1)).isoformat()},
}


def forget(_: Answer) -> list[Write]:
    """No Idempotency-Key."""
    return []


@dataclass(slots=True)
class World:
    """Everything a test moves. Its clock stands still until it is advanced."""

    clock: a.FixedClock = field(default_factory=a.FixedClock)
    store: MemoryStore = field(init=False)
    market: FakeMarketplace = field(init=False)

    def __post_init__(self) -> None:
        self.store = MemoryStore(clock=self.clock)
        self.market = FakeMarketplace(self.clock)
        self.store.commit([SaveSettings(a.settings())])

    # Set-up

    def policy(self, **changes: Any) -> SellerSettings:
        current = self.store.settings(a.SELLER)
        assert current is not None
        settings = replace(current, version=current.version + 1, **changes)
        self.store.commit([SaveSettings(settings)])
        return settings

    def arrives(self, number: str = a.NUMBER, **changes: Any) -> Posting:
        """A posting appears at the marketplace and is read."""
        facts: dict[str, Any] = {"number": number, "requirements": {}, "actions": ("cancel", "ship"), **changes}
        self.market.put(a.detail(**facts))
        return self.read(number)

    def read(self, number: str = a.NUMBER) -> Posting:
        self.sync(number)
        return self.posting(number)

    def sync(self, number: str = a.NUMBER) -> Synced:
        return sync_posting(
            a.SELLER, number, hinted_at=None, store=self.store, marketplace=self.market, clock=self.clock
        )

    def return_opens(self, return_id: str = a.RETURN_ID, number: str = a.NUMBER, **changes: Any) -> ReturnCase:
        """A delivered posting comes back."""
        if self.store.posting(a.SELLER, number) is None:
            self.arrives(number, status="delivered", actions=())
        facts: dict[str, Any] = {
            "id": return_id,
            "posting_number": number,
            "actions": offer(*ON_APPROVAL),
            "opened_at": self.clock.now(),
            **changes,
        }
        self.market.open_return(a.marketplace_return(**facts))
        return self.read_return(return_id)

    def read_return(self, return_id: str = a.RETURN_ID) -> ReturnCase:
        return apply_return_facts(a.SELLER, self.market.return_details(return_id), store=self.store, clock=self.clock)

    # Asking and settling

    def ask(self, action: IntentAction, number: str = a.NUMBER, **more: Any) -> str:
        wish = {
            "seller": a.SELLER,
            "number": number,
            "action": action,
            "request": REQUESTS.get(action),
            "actor": "key:k1",
        }
        return _id(request_intent(Wish(**{**wish, **more}), forget, store=self.store, clock=self.clock))

    def ask_tracking(self, tracking: str, number: str = a.NUMBER, **more: Any) -> str:
        new = {"seller": a.SELLER, "number": number, "tracking_number": tracking, "actor": "key:k1", "reason": "lost"}
        return _id(replace_tracking(NewTracking(**{**new, **more}), forget, store=self.store, clock=self.clock))

    def report(self, stage: DeliveryStage, number: str = a.NUMBER, **more: Any) -> str:
        """Tell the marketplace where the seller's own carrier is with it."""
        told = {"seller": a.SELLER, "number": number, "stage": stage, "actor": "key:k1"}
        return _id(report_delivery(Report(**{**told, **more}), forget, store=self.store, clock=self.clock))

    def decide(self, action_id: int = FULL_REFUND, return_id: str = a.RETURN_ID, **more: Any) -> str:
        base = {"seller": a.SELLER, "return_id": return_id, "action_id": action_id, "actor": "key:k1", "refund": True}
        return _id(decide_return(ReturnDecision(**{**base, **more}), forget, store=self.store, clock=self.clock))

    def settle(self, identifier: str) -> Settled:
        return settle_intent(a.SELLER, identifier, store=self.store, marketplace=self.market, clock=self.clock)

    def do(self, command: Command, number: str = a.NUMBER, **more: Any) -> Answer:
        work = {"seller": a.SELLER, "number": number, "command": command, "actor": "key:k1"}
        if command is Command.HAND_OVER:
            work["reason"] = "by our own courier"
            return hand_over(WorkCommand(**{**work, **more}), forget, store=self.store, clock=self.clock)
        return work_posting(WorkCommand(**{**work, **more}), forget, store=self.store, clock=self.clock)

    def ring_next(self, ref: Ref | None = None, *, intent_id: str = "") -> AlarmOutcome:
        """Wait for an item's next alarm and let it ring."""
        ref = ref or posting_ref(a.NUMBER)
        alarm = self.alarm_of(ref, intent_id=intent_id)
        assert alarm is not None
        self.clock.time = max(self.clock.time, alarm.due)
        return ring(alarm, store=self.store, clock=self.clock)

    def alarm_of(self, ref: Ref, *, intent_id: str = "") -> AlarmRef | None:
        item: Posting | ReturnCase | Intent
        if intent_id:
            item = self.intent(intent_id)
        else:
            item = self.posting(ref.id) if ref == posting_ref(ref.id) else self.case(ref.id)
        alarm = item.next_alarm
        return AlarmRef(seller=a.SELLER, ref=ref, intent_id=intent_id, due=alarm.due) if alarm else None

    # Looking

    def posting(self, number: str = a.NUMBER) -> Posting:
        found = self.store.posting(a.SELLER, number)
        assert found is not None
        return found

    def case(self, return_id: str = a.RETURN_ID) -> ReturnCase:
        found = self.store.return_case(a.SELLER, return_id)
        assert found is not None
        return found

    def intent(self, identifier: str) -> Intent:
        found = self.store.intent(a.SELLER, identifier)
        assert found is not None
        return found

    def state(self, identifier: str) -> IntentState:
        return self.intent(identifier).state

    def ledger(self, number: str = a.NUMBER) -> MoneyLedger:
        found = self.store.money(a.SELLER, number)
        assert found is not None
        return found

    def history(self, ref: Ref | None = None) -> list[StoredEvent]:
        return self.store.events(a.SELLER, ref or posting_ref(a.NUMBER))

    def types(self, ref: Ref | None = None) -> list[EventType]:
        return [stored.event.type for stored in self.history(ref)]

    def return_types(self, return_id: str = a.RETURN_ID) -> list[EventType]:
        return self.types(return_ref(return_id))

    def proof(self) -> Proof:
        return prove(a.SELLER, store=self.store, marketplace=self.market, clock=self.clock)

    def red(self) -> set[str]:
        return {finding.check for finding in self.proof().findings}

    def write(self, *writes: Write) -> None:
        self.store.commit(list(writes))


def _id(answer: Answer) -> str:
    assert answer.status == 202
    assert answer.location == f"/v1/intents/{answer.body['id']}"
    return str(answer.body["id"])


def money(minor: int) -> Money:
    return Money(minor, "RUB")


def event_row(ref: Ref, version: int, *events: Event) -> AppendEvents:
    return AppendEvents(a.SELLER, ref, version, events)
