"""Invariants that are looked at with every write and every call."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta

from shipby.application.ports.writes import (
    AppendEvents,
    SaveCase,
    SaveIntent,
    SaveMoney,
    SavePosting,
    SaveReturn,
    Write,
)
from shipby.domain import actors
from shipby.domain.cases.case import Case, CaseKind
from shipby.domain.events import AggregateKind, EventType
from shipby.domain.intents import Intent, IntentAction, IntentState
from shipby.domain.postings.posting import FINAL, Posting, Stage
from shipby.domain.refunds.ledger import EntryKind, EntryState, ExecutedBy, MoneyLedger
from shipby.domain.returns.return_case import ReturnCase
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.skew import CLOCK_SKEW
from shipby_local.simulator import words
from tests.simulation.clocks import Time
from tests.simulation.errors import Violation
from tests.simulation.market import SELLER, Market
from tests.simulation.wire import Exchange
from tests.support.memory_store import MemoryStore

SLACK = timedelta(seconds=2)
"""Clocks of our processes differ by less than this."""
LONGEST_STEP = timedelta(seconds=60)
"""No worker lives longer."""
_STEPS: Mapping[IntentState, frozenset[IntentState]] = {
    IntentState.PROPOSED: frozenset({IntentState.PROPOSED, IntentState.PENDING, IntentState.REJECTED}),
    IntentState.PENDING: frozenset(
        {IntentState.PENDING, IntentState.SENT, IntentState.CONFIRMED, IntentState.REJECTED}
    ),
    IntentState.SENT: frozenset(IntentState) - {IntentState.PROPOSED},
    IntentState.UNKNOWN: frozenset(IntentState) - {IntentState.PROPOSED, IntentState.SENT},
    IntentState.CONFIRMED: frozenset(),
    IntentState.REJECTED: frozenset(),
}
"""Written down a second time on purpose: the product's own table may be wrong."""


def fail(invariant: str, text: str) -> None:
    raise Violation(invariant, text)


def need(holds: bool, invariant: str, text: str) -> None:
    if not holds:
        raise Violation(invariant, text)


class Watch:
    """Sees every committed write and every call to the marketplace. Raises Violation at the first thing wrong."""

    def __init__(self, time: Time, market: Market, raw: MemoryStore) -> None:
        self._time = time
        self._market = market
        self._raw = raw
        self.intents: dict[str, Intent] = {}
        self._ledgers: dict[str, MoneyLedger] = {}
        self._cases: dict[str, ReturnCase] = {}
        self._postings: dict[str, Posting] = {}
        self.calls: dict[str, list[Exchange]] = defaultdict(list)
        """Acting calls by intent."""
        self.made_by_key: dict[str, str] = {}
        self._automatic: dict[tuple[str, str], int] = defaultdict(int)
        self.kill_switch = False
        self.settings = SellerSettings(seller=SELLER)
        self.policies: dict[int, SellerSettings] = {}
        """Version -> the settings of that version: what is decided stands under those that were read."""
        self._open_cases: dict[tuple[str, str], str] = {}
        self._let_go: dict[str, int] = defaultdict(int)
        self.checks = 0

    # With every write

    def committed(self, writes: Sequence[Write], *, key: str) -> None:
        """`key` is the Idempotency-Key under which it was written, "" for workers."""
        self.checks += 1
        for write in writes:
            match write:
                case SaveIntent(intent):
                    self._intent(intent, key)
                case SaveMoney(ledger):
                    self._ledger(ledger)
                case SaveReturn(case):
                    before = self._cases.get(case.id)
                    stale = before is not None and case.synced_at < before.synced_at
                    need(not stale, "facts never go backwards", f"return {case.id} was saved from an older read")
                    self._cases[case.id] = case
                case SaveCase(matter):
                    self._matter(matter)
                case SavePosting(posting):
                    known = self._postings.get(posting.number)
                    stale = known is not None and posting.synced_at < known.synced_at <= self._time.now + CLOCK_SKEW
                    need(not stale, "facts never go backwards", f"{posting.number} was saved from an older read")
                    left = posting.stage in (Stage.HANDED_OVER, Stage.IN_TRANSIT) and not posting.fired
                    rings = posting.next_alarm is not None or posting.stage in FINAL or left
                    need(rings, "nothing open without an alarm", f"{posting.number} is {posting.stage}")
                    self._postings[posting.number] = posting
        for write in writes:
            if isinstance(write, AppendEvents):
                self._held(write)
            elif isinstance(write, SaveMoney):
                self._family(write.ledger.number)

    def _family(self, number: str) -> None:
        """What our ledgers of one order offer together is what its buyer paid, in all and for each product."""
        ordered = self._market.ordered.get(self._market.root(number), {})
        ledgers = [self._ledgers[one] for one in self._market.family(number) if one in self._ledgers]
        held, lines = 0, dict[str, int]()
        for ledger in ledgers:
            held += max(ledger.paid, ledger.reserved + ledger.refunded)
            for sku, line in ledger.lines.items():
                lines[sku] = lines.get(sku, 0) + line.paid
        paid = sum(ordered.values())
        need(held <= paid, "a family holds what was paid, once", f"{number}: {held} of {paid} in {ledgers}")
        for sku, minor in lines.items():
            most = ordered.get(sku, 0)
            need(minor <= most, "a family holds what was paid, once", f"{number}, line {sku}: {minor} of {most}")

    def _held(self, write: AppendEvents) -> None:
        """What an automatic action was stopped by is a case from then on, not a line in the history only."""
        for event in write.events:
            if event.type is EventType.AUTOMATION_HELD:
                name = (str(CaseKind.HELD), f"{write.ref.kind} {write.ref.id} {event.data['action']}")
                need(name in self._open_cases, "a held decision is a case", f"{name[1]} has none: {event.reason}")

    def _intent(self, intent: Intent, key: str) -> None:
        before = self.intents.get(intent.id)
        if before is None:
            need(
                intent.state in {IntentState.PENDING, IntentState.PROPOSED}, "legal steps", f"{intent.id} is born sent"
            )
            if key:
                other = self.made_by_key.setdefault(key, intent.id)
                need(other == intent.id, "one intent per key", f"key {key} made {other} and {intent.id}")
            if actors.is_automatic(intent.actor):
                self._automatic_intent(intent)
            self._set_aside(intent)
        else:
            need(
                intent.state in _STEPS[before.state],
                "legal steps",
                f"{intent.id} went from {before.state} to {intent.state}",
            )
            same = (before.request, before.amount, before.created_at, before.posting_number)
            need(
                same == (intent.request, intent.amount, intent.created_at, intent.posting_number),
                "what was asked never changes",
                intent.id,
            )
            back = intent.state is IntentState.PENDING and before.state in {IntentState.SENT, IntentState.UNKNOWN}
            if back:
                idle = all(call.provably_idle for call in self.calls[intent.id])
                need(idle, "an UNKNOWN is never sent again", f"{intent.id} is free again after a call nobody knows of")
        if intent.amount is not None and intent.state is not IntentState.PROPOSED:
            self._let_go_by(intent, before)
        if intent.open:
            need(intent.next_alarm is not None, "nothing open without an alarm", f"{intent.id} is {intent.state}")
        claimed = intent.state is IntentState.SENT and (before is None or before.state is not IntentState.SENT)
        if claimed and intent.amount is not None:
            ledger = self._raw.money(SELLER, intent.posting_number)
            refunded = ledger.refunded if ledger else None
            need(
                refunded == intent.previously_refunded,
                "compare-and-set of what was refunded",
                f"{intent.id} was asked at {intent.previously_refunded}, sent at {refunded}",
            )
            # The claim is the point of no return: what is told between it and the call comes too late for any of us.
            known = self._knew_of_cancel(intent.posting_number)
            need(not known, "no refund call for a cancelled posting", f"{intent.id} for {intent.posting_number}")
        if claimed and actors.is_automatic(intent.actor):
            need(not self.kill_switch, "the kill switch stops automation", f"{intent.id} was claimed")
            self._in_time(intent)
        self.intents[intent.id] = intent

    def _set_aside(self, intent: Intent) -> None:
        """Money and lines of an intent are set aside in the transaction that writes it."""
        if intent.amount is None:
            return
        ledger = self._raw.money(SELLER, intent.posting_number)
        entry = ledger.entries.get(intent.id) if ledger else None
        same = entry is not None and (entry.minor, dict(entry.lines)) == (intent.amount.minor, dict(intent.lines))
        need(same, "an intent and its money are one", f"{intent.id} wants {intent.amount} of {intent.lines}: {entry}")

    def _in_time(self, intent: Intent) -> None:
        """From here on it is sent; what a person let go may be late, for that person chose so."""
        case = self._raw.return_case(SELLER, intent.ref.id) if intent.ref.kind is AggregateKind.RETURN else None
        if case is not None and case.decide_by is not None and not intent.approved_by:
            # Its worker looked at the clock, and may then have been held up for as long as a worker may run.
            looked, written = intent.updated_at - case.decide_by, self._time.now - case.decide_by
            late = looked > SLACK or written > LONGEST_STEP
            need(not late, "no automatic decision after its clock", f"{intent.id} after {case.decide_by}")

    def _let_go_by(self, intent: Intent, before: Intent | None) -> None:
        """A large refund has a second person's word, and all of a day stay within the day's limit."""
        assert intent.amount is not None
        total = intent.amount.minor + (intent.postage.minor if intent.postage else 0)
        limit = self.settings.approve_above.get("RUB")
        if limit is not None and total > limit and intent.state is not IntentState.REJECTED:
            second = intent.approved_by not in {"", intent.actor}
            need(second, "a large refund needs a second person", f"{intent.id} of {total} by {intent.approved_by!r}")
        fresh = before is None or before.state is IntentState.PROPOSED
        cap = self.settings.refund_cap.get("RUB")
        if fresh and cap is not None and intent.state is IntentState.PENDING:
            day = intent.updated_at.date().isoformat()
            self._let_go[day] += total
            need(self._let_go[day] <= cap, "the daily cap holds", f"{self._let_go[day]} of {cap} were let go")

    def _automatic_intent(self, intent: Intent) -> None:
        need(not self.kill_switch, "the kill switch stops automation", f"{intent.id} was made")
        day = (intent.action, intent.created_at.date().isoformat())
        self._automatic[day] += 1
        limit = self.policies.get(intent.policy_version, self.settings).caps.get(intent.action)
        if limit is not None:
            need(self._automatic[day] <= limit, "the daily cap holds", f"{self._automatic[day]} {intent.action}")

    def _matter(self, matter: Case) -> None:
        """A second open case of one matter would never be closed with it."""
        name = (str(matter.kind), matter.subject)
        if not matter.open:
            if self._open_cases.get(name) == matter.id:
                del self._open_cases[name]
            return
        need(matter.next_alarm is not None, "nothing open without an alarm", f"case {matter.id} about {name}")
        standing = self._open_cases.setdefault(name, matter.id)
        need(standing == matter.id, "one open case per matter", f"{name} has {standing} and {matter.id}")

    def _ledger(self, ledger: MoneyLedger) -> None:
        number = ledger.number
        over = ledger.reserved + ledger.refunded > ledger.paid or min(ledger.reserved, ledger.refunded) < 0
        need(not over, "refunded <= paid", f"{number}: {ledger.reserved} + {ledger.refunded} of {ledger.paid}")
        reserved = refunded = 0
        lines: dict[str, int] = defaultdict(int)
        for entry in ledger.entries.values():
            if entry.kind is EntryKind.POSTAGE:
                continue
            reserved += entry.minor * (entry.state is EntryState.RESERVED)
            refunded += entry.minor * (entry.state is EntryState.REFUNDED)
            if entry.state is not EntryState.RELEASED:
                for sku, minor in entry.lines.items():
                    lines[sku] += minor
        sums = (reserved, refunded) == (ledger.reserved, ledger.refunded)
        need(sums, "a ledger is the sum of its entries", f"{number}: {reserved}/{refunded} against {ledger}")
        for sku, minor in lines.items():
            paid = ledger.lines[sku].paid if sku in ledger.lines else 0
            need(minor <= paid, "refunded <= paid", f"{number} line {sku}: {minor} of {paid}")
        covered = reserved + sum(
            entry.minor
            for entry in ledger.entries.values()
            if entry.state is EntryState.REFUNDED
            and entry.executed_by is ExecutedBy.SELLER
            and entry.kind is not EntryKind.POSTAGE
        )
        given = self._market.paid_out(number)
        need(given <= covered, "what was paid stays booked", f"{number}: {given} was paid, {covered} is booked")
        before = self._ledgers.get(number)
        for key, entry in before.entries.items() if before else ():
            now = ledger.entries.get(key)
            ended = entry.state is not EntryState.RESERVED
            kept = now is not None and (not ended or now.state is entry.state) and now.minor == entry.minor
            need(kept, "a booked entry never changes", f"{number}: {key} was {entry}, is {now}")
        self._ledgers[number] = ledger

    # With every acting call

    def before_call(self, exchange: Exchange, intent_id: str) -> None:
        """The row stands before the call, it is SENT, and nothing of it was sent before."""
        intent = self.intents.get(intent_id)
        stored = self._raw.intent(SELLER, intent_id) if intent else None
        if intent is None or stored is None:
            raise Violation("row before call", f"{exchange.path} {exchange.body} belongs to no intent")
        need(
            stored.state in {IntentState.SENT, IntentState.UNKNOWN},
            "row before call",
            f"{exchange.path} is called while {intent_id} is {stored.state}",
        )
        earlier = [call for call in self.calls[intent_id] if not call.provably_idle]
        need(
            not earlier,
            "an UNKNOWN is never sent again",
            f"{intent_id} is sent again after a call that was {[call.told for call in earlier]}",
        )

    def _knew_of_cancel(self, number: str) -> bool:
        """Whether our store knows that the posting is cancelled: nobody knows what nobody has told."""
        posting = self._raw.posting(SELLER, number)
        return posting is not None and posting.status == words.CANCELLED

    def after_call(self, exchange: Exchange, intent_id: str) -> None:
        """At most one call of an intent is accepted."""
        self.calls[intent_id].append(exchange)
        accepted = [call for call in self.calls[intent_id] if took_effect(call, self.intents[intent_id])]
        need(len(accepted) <= 1, "one effect per intent", f"{intent_id}: {len(accepted)} accepted calls")
        number = self.intents[intent_id].posting_number
        posting = self._market.posting(number)
        family = self._market.family(number)
        totals = self._market.ordered.get(family[0], {})
        paid = sum(totals.values())
        given = sum(self._market.paid_out(one) for one in family)
        if posting.status != words.CANCELLED:
            need(given <= paid, "refunded <= paid", f"the marketplace's books: {given} of {paid} for {number}")
        lines: Counter[str] = Counter()
        for one in family:
            lines.update(self._market.paid_per_line(one))
        for sku, minor in lines.items():
            need(minor <= totals.get(sku, 0), "refunded <= paid", f"the marketplace's books: {minor} for line {sku}")


def took_effect(call: Exchange, intent: Intent) -> bool:
    """Whether the marketplace carried a call out."""
    if not call.reached or call.status != 200:
        return False
    if intent.action is IntentAction.SET_TRACKING:
        return f'"{intent.posting_number}"'.encode() in call.answer and b'"result": true' in call.answer
    return True
