"""What holds when all is quiet: everything has ended, and our books are the marketplace's books."""

from __future__ import annotations

from collections.abc import Sequence

from shipby.application.returns.actions import is_final
from shipby.application.settling.finish import TOLD
from shipby.domain.events import EventType, Ref, cancel_request_ref, posting_ref, return_ref
from shipby.domain.intents import Intent, IntentAction, IntentState
from shipby.domain.refunds.ledger import EntryKind, EntryState, ExecutedBy, MoneyLedger
from shipby.domain.returns.return_case import REJECT_ACTIONS, ReturnCase
from shipby.domain.skew import times_ahead
from shipby_local.simulator import words
from tests.simulation.market import SELLER
from tests.simulation.watch import Watch, fail, need, took_effect

_STRICT = frozenset({IntentAction.RETURN_ACTION, IntentAction.CANCEL, IntentAction.CANCEL_ITEMS})
"""A REJECTED one of these has done nothing. A tracking number, a date or a ship may have been overtaken by a cancel."""


class WatchAtRest(Watch):
    """Looks at all that is stored, once nothing is under way."""

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
