"""Invariants that are looked at with every write and every call, and again when all is quiet."""

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
from shipby.application.returns.actions import is_final
from shipby.application.settling.finish import TOLD
from shipby.domain import actors
from shipby.domain.cases.case import Case, CaseKind
from shipby.domain.events import AggregateKind, EventType, Ref, cancel_request_ref, posting_ref, return_ref
from shipby.domain.intents import Intent, IntentAction, IntentState
from shipby.domain.postings.posting import FINAL, Posting, Stage
from shipby.domain.refunds.ledger import EntryKind, EntryState, ExecutedBy, MoneyLedger
from shipby.domain.returns.return_case import REJECT_ACTIONS, ReturnCase
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.skew import CLOCK_SKEW, times_ahead
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
_STRICT = frozenset({IntentAction.RETURN_ACTION, IntentAction.CANCEL, IntentAction.CANCEL_ITEMS})
"""A REJECTED one of these has done nothing. A tracking number, a date or a ship may have been overtaken by a cancel."""
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

    # When all is quiet

    def quiet(self, known: Sequence[str], returns: Sequence[str]) -> None:
        """Nothing is under way, and all faults are long over: everything has ended, or a person was told."""
        need(self._market.internal_errors() == 0, "the simulator works", "it had internal errors")
        for intent in self._stored_intents(known, returns):
            settled = not intent.open or TOLD in intent.read_back or intent.state is IntentState.PROPOSED
            need(settled, "every intent ends or becomes a person's matter", f"{intent.id} is {intent.state}")
        for number in known:
            self._history(posting_ref(number), self._postings[number].version)
            posting = self._raw.posting(SELLER, number)
            wrong = times_ahead(posting, self._time.now) if posting is not None else {}
            need(not wrong, "no time stays ahead", f"posting {number}: {wrong}")
        for request_id in self._market.cancel_requests():
            wish = self._raw.cancel_request(SELLER, request_id)
            if wish is not None:
                self._history(cancel_request_ref(request_id), wish.version)
                rings = wish.next_alarm is not None or not wish.open or bool(wish.open_intent)
                need(rings, "nothing open without an alarm", f"wish {request_id} is open and nothing will ring")
        for return_id in returns:
            case = self._raw.return_case(SELLER, return_id)
            if case is not None:
                self._history(return_ref(return_id), case.version)
                self._return_has_clock(case)

    def _stored_intents(self, known: Sequence[str], returns: Sequence[str]) -> list[Intent]:
        wishes = [cancel_request_ref(one) for one in self._market.cancel_requests()]
        refs = [*(posting_ref(number) for number in known), *(return_ref(one) for one in returns), *wishes]
        return [intent for ref in refs for intent in self._raw.intents(SELLER, ref)]

    def _history(self, ref: Ref, version: int) -> None:
        stored = self._raw.events(SELLER, ref)
        versions = sorted({event.version for event in stored})
        whole = versions == list(range(1, version + 1))
        need(whole, "no gaps in the history", f"{ref.kind} {ref.id} is at version {version}: {versions}")

    def _return_has_clock(self, case: ReturnCase) -> None:
        asked = REJECT_ACTIONS & {action.id for action in case.actions}
        waits = case.open and asked and not case.open_intent and case.decide_by is not None
        if not waits or case.next_alarm is not None:
            return
        told = [event for event in self._raw.events(SELLER, return_ref(case.id)) if _overdue(event.event.type)]
        text = f"return {case.id} waits for a decision and nothing will ring: {[a.id for a in case.actions]}"
        need(bool(told), "nothing open without an alarm", text)

    def settled(self, known: Sequence[str], returns: Sequence[str]) -> None:
        """After people have ended what only people can end: our books are the marketplace's books.

        The marketplace never had to refuse a second refund: nobody decides in the cabinet here, so that only our own
        calls could be the first and the second one.
        """
        for intent in self._stored_intents(known, returns):
            need(not intent.open, "every intent ends or becomes a person's matter", f"{intent.id} is {intent.state}")
            self._outcome(intent)
        for number in known:
            ledger = self._raw.money(SELLER, number)
            if ledger is not None:
                self._books(ledger)
        need(self._market.double_attempts() == 0, "no second refund is ever tried", "the marketplace refused one")

    def _outcome(self, intent: Intent) -> None:
        accepted = [call for call in self.calls[intent.id] if took_effect(call, intent)]
        posting = self._market.posting(intent.posting_number)
        if intent.state is IntentState.CONFIRMED:
            if intent.action is IntentAction.RETURN_ACTION and is_final(intent):
                need(bool(accepted), "confirmed means done", f"{intent.id} was never accepted")
            elif intent.action is IntentAction.CANCEL:
                need(posting.status == words.CANCELLED, "confirmed means done", f"{intent.id}: {posting.status}")
            elif intent.action is IntentAction.SHIP:
                done = posting.assembled_at is not None or posting.status in words.TERMINAL
                need(done, "confirmed means done", f"{intent.id}: {posting.status}")
        elif accepted and intent.action is IntentAction.CANCEL_ITEMS and posting.status == words.CANCELLED:
            return  # overtaken: nothing of the posting is left that could show it
        elif accepted and intent.action in _STRICT:
            fail("rejected means that nothing was done", f"{intent.id} was accepted")

    def _books(self, ledger: MoneyLedger) -> None:
        number = ledger.number
        ours = theirs = 0
        for entry in ledger.entries.values():
            if entry.state is not EntryState.REFUNDED or entry.kind is EntryKind.POSTAGE:
                continue
            if entry.executed_by is ExecutedBy.SELLER:
                ours += entry.minor
            else:
                theirs += entry.minor
        need(ledger.reserved == 0, "nothing stays reserved", f"{number}: {ledger.reserved}")
        paid = self._market.paid_out(number)
        need(ours == paid, "the ledger is the marketplace's books", f"{number}: we say {ours}, it paid {paid}")
        postage = self._market.postage_paid(number)
        need(ledger.postage_reserved == 0, "nothing stays reserved", f"{number}: postage {ledger.postage_reserved}")
        text = f"{number}: we say {ledger.postage} of postage, it paid {postage}"
        need(ledger.postage == postage, "the ledger is the marketplace's books", text)
        back = self._market.paid_by_marketplace(number)
        # What our call gave back before the cancel the marketplace gives a second time: its doing, and no part of ours.
        same = theirs == back or (paid and theirs <= back)
        need(bool(same), "the ledger is the marketplace's books", f"{number}: observed {theirs}, it gave back {back}")


def _overdue(kind: EventType) -> bool:
    return kind is EventType.RETURN_OVERDUE


def took_effect(call: Exchange, intent: Intent) -> bool:
    """Whether the marketplace carried a call out."""
    if not call.reached or call.status != 200:
        return False
    if intent.action is IntentAction.SET_TRACKING:
        return f'"{intent.posting_number}"'.encode() in call.answer and b'"result": true' in call.answer
    return True
