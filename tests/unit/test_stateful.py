"""Random interleavings of deciding, settling, alarms, duplicates and faults: the money is right in every one."""

from collections import Counter
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from shipby.application.alarms.ringing import ring
from shipby.domain.alarm import AlarmRef
from shipby.domain.errors import ShipbyError
from shipby.domain.events import EventType, posting_ref, return_ref
from shipby.domain.intents import Intent, IntentAction, IntentState
from shipby.domain.proof.content import Differs
from shipby.domain.refunds.ledger import EntryState
from shipby.domain.returns.return_case import COMPENSATE_ACTION
from tests.support import builders as a
from tests.support.fake_marketplace import FULL_REFUND, GOODS_RECEIVED, REJECT, Fault, offer
from tests.unit.world_support import World, money

RETURNS = ("1", "2", "3")
NUMBERS = ("n-1", "n-2")
CALLS = ("act_on_return", "return_details", "posting", "ship", "cancel", "cancel_reasons")
RARELY_MEANWHILE = st.one_of(st.none(), st.none(), st.sampled_from(["settle", "alarm"]))


class RefundsAreRight(RuleBasedStateMachine):
    """Three returns of one posting (each could take all of its money) and two postings to ship or cancel."""

    @initialize()
    def begin(self) -> None:
        self.world = World()
        for return_id in RETURNS:
            self.world.return_opens(return_id, quantity=2)
        for number in NUMBERS:
            self.world.arrives(number)
        self.messages: list[str] = []

    @rule(
        return_id=st.sampled_from(RETURNS),
        kind=st.sampled_from([FULL_REFUND, COMPENSATE_ACTION, REJECT]),
        minor=st.integers(1, 26_000),
        machine=st.booleans(),
    )
    def decide(self, return_id: str, kind: int, minor: int, machine: bool) -> None:
        more: dict[str, object] = {"actor": "system:rules" if machine else "key:k1", "automatic": machine}
        if kind == COMPENSATE_ACTION:
            more["amount"] = money(minor)
        if kind == REJECT:
            more |= {"refund": False, "comment": "used", "rejection_reason_id": 7}
        try:
            self.messages.append(self.world.decide(kind, return_id, **more))
        except ShipbyError:
            return

    @rule(number=st.sampled_from(NUMBERS), action=st.sampled_from([IntentAction.SHIP, IntentAction.CANCEL]))
    def ask(self, number: str, action: IntentAction) -> None:
        try:
            self.messages.append(self.world.ask(action, number))
        except ShipbyError:
            return

    @rule(which=st.integers(0, 50), meanwhile=RARELY_MEANWHILE)
    def deliver(self, which: int, meanwhile: str | None) -> None:
        """Any message may come again at any time, and while the marketplace is called another worker may come in."""
        if not self.messages:
            return
        identifier = self.messages[which % len(self.messages)]

        def comes_in(name: str) -> None:
            if name in ("act_on_return", "ship", "cancel"):
                self.world.market.on_call = None
                self._settle(identifier) if meanwhile == "settle" else self._ring_intent(identifier)

        self.world.market.on_call = comes_in if meanwhile else None
        self._settle(identifier)
        self.world.market.on_call = None

    def _settle(self, identifier: str) -> None:
        try:
            self.world.settle(identifier)
        except ShipbyError:
            return

    def _ring_intent(self, identifier: str) -> None:
        intent = self.world.intent(identifier)
        if intent.next_alarm is not None:
            due = intent.next_alarm.due
            self.world.clock.time = max(self.world.clock.time, due)
            alarm = AlarmRef(seller=a.SELLER, ref=intent.ref, intent_id=identifier, due=due)
            ring(alarm, store=self.world.store, clock=self.world.clock)

    @rule(which=st.integers(0, 50))
    def alarm(self, which: int) -> None:
        if self.messages:
            self._ring_intent(self.messages[which % len(self.messages)])

    @rule(call=st.sampled_from(CALLS), fault=st.sampled_from(list(Fault)))
    def fault(self, call: str, fault: Fault) -> None:
        if not (call in ("return_details", "posting", "cancel_reasons") and fault.name.startswith("TIMEOUT")):
            self.world.market.fail(call, fault)

    @rule(return_id=st.sampled_from(RETURNS))
    def the_marketplace_approves_by_itself(self, return_id: str) -> None:
        if any(action.id == REJECT for action in self.world.market.return_book[return_id].actions):
            self.world.market.change_return(return_id, state="AWAITING_GOODS", actions=offer(GOODS_RECEIVED))

    @rule(number=st.sampled_from(NUMBERS))
    def the_buyer_cancels(self, number: str) -> None:
        if "cancel" in self.world.market.book[number].actions:
            self.world.market.cancel_by(number, "client")

    @rule(minutes=st.integers(0, 40), number=st.sampled_from(NUMBERS), return_id=st.sampled_from(RETURNS))
    def time_passes_and_things_are_read(self, minutes: int, number: str, return_id: str) -> None:
        self.world.clock.advance(timedelta(minutes=minutes))
        for read in (lambda: self.world.read(number), lambda: self.world.read_return(return_id)):
            try:
                read()
            except ShipbyError:
                continue

    @rule(on=st.booleans())
    def kill_switch(self, on: bool) -> None:
        self.world.policy(kill_switch=on)

    def _intents(self, return_id: str) -> list[Intent]:
        return self.world.store.intents(a.SELLER, return_ref(return_id))

    @invariant()
    def each_return_is_paid_back_at_most_once_and_only_by_an_intent_that_was_sent(self) -> None:
        for return_id in RETURNS:
            paid = self.world.market.books.paid_back[return_id]
            assert len(paid) <= 1
            sent = [i for i in self._intents(return_id) if i.amount and i.state is not IntentState.PENDING]
            assert all(minor in [i.amount.minor for i in sent if i.amount] for minor in paid)

    @invariant()
    def nothing_is_booked_that_was_not_paid_and_nothing_released_that_was(self) -> None:
        for return_id in RETURNS:
            paid = sum(self.world.market.books.paid_back[return_id])
            by_state = dict.fromkeys(IntentState, 0)
            for intent in self._intents(return_id):
                by_state[intent.state] += intent.amount.minor if intent.amount else 0
            assert by_state[IntentState.CONFIRMED] <= paid
            still_open = by_state[IntentState.SENT] + by_state[IntentState.UNKNOWN]
            assert paid <= by_state[IntentState.CONFIRMED] + still_open

    @invariant()
    def the_ledger_is_the_sum_of_its_intents(self) -> None:
        ledger = self.world.ledger()
        states = {intent.id: intent.state for return_id in RETURNS for intent in self._intents(return_id)}
        assert 0 <= ledger.reserved + ledger.refunded <= ledger.paid
        for key, entry in ledger.entries.items():
            state = states[key]
            assert (entry.state is EntryState.REFUNDED) == (state is IntentState.CONFIRMED)
            assert (entry.state is EntryState.RELEASED) == (state is IntentState.REJECTED)

    @invariant()
    def every_intent_is_sent_again_only_after_a_proof_that_nothing_was_sent(self) -> None:
        not_sent = 0
        for ref in (*map(return_ref, RETURNS), *map(posting_ref, NUMBERS)):
            sent: Counter[str] = Counter()
            for stored in self.world.history(ref):
                if stored.event.type is EventType.INTENT_SENT:
                    sent[str(stored.event.data["intent"])] += 1
                if stored.event.type is EventType.INTENT_NOT_SENT:
                    sent[str(stored.event.data["intent"])] -= 1
                    not_sent += 1
            assert all(count <= 1 for count in sent.values())
        asked = sum(len(self.world.store.intents(a.SELLER, return_ref(r))) for r in RETURNS)
        assert self.world.market.calls["act_on_return"] <= asked + not_sent
        for number in NUMBERS:
            assert self.world.market.books.shipped[number] <= 1
            assert self.world.market.books.cancelled[number] <= 1

    @invariant()
    def the_proof_finds_nothing_but_intents_that_stay_open(self) -> None:
        unread: set[str] = set()
        if any(map(self._return_moved_on, RETURNS)):
            unread.add("return_differs")
        if any(map(self._posting_moved_on, NUMBERS)):
            unread |= set(Differs)
        assert self.world.red() <= {"intent_open"} | unread

    def _return_moved_on(self, return_id: str) -> bool:
        """Whether nobody has read yet what became of a return."""
        case = self.world.store.return_case(a.SELLER, return_id)
        return case is not None and self.world.market.return_book[return_id].state != case.state

    def _posting_moved_on(self, number: str) -> bool:
        known = self.world.store.posting(a.SELLER, number)
        return known is not None and self.world.market.book[number].status != known.status


TestRefundsAreRight = RefundsAreRight.TestCase
TestRefundsAreRight.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
