"""What the proof holds of everything beside postings: returns, pushes, open calls, wishes to cancel, claims."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from shipby.application.ports.marketplace import Marketplace
from shipby.application.ports.pages import Page
from shipby.application.ports.store import Store
from shipby.application.proof.check_postings import Postings, check_history, check_intents
from shipby.application.proof.report import Proof
from shipby.application.shared.paging import every
from shipby.application.shared.views import time_text
from shipby.domain.cancels.requests import CancelRequest
from shipby.domain.errors import ActionNotOfferedError, CredentialsRejectedError
from shipby.domain.events import Ref, cancel_request_ref, carriage_ref, case_ref, claim_ref, return_ref
from shipby.domain.intents import IntentState
from shipby.domain.postings.inbox import PushRow, PushState
from shipby.domain.returns.return_case import ReturnCase
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.skew import ahead

ENDED = timedelta(days=14)
"""Wishes to cancel and claims that were due longer ago than this before the window are not looked at any more."""


@dataclass(frozen=True, slots=True)
class Matters:
    """Checks what is not a posting, of one seller."""

    store: Store
    marketplace: Marketplace
    postings: Postings
    grace: timedelta

    # -- returns

    def listed_returns(self, proof: Proof) -> None:
        """Every rFBS return that the marketplace lists and that began in the window is here, in the same state."""
        last_id = 0
        while True:
            page = self.marketplace.returns(last_id=last_id)
            for listed in page.items:
                if listed.opened_at is None or listed.opened_at > proof.until:
                    continue
                known = self.store.return_case(proof.seller, listed.id)
                if known is None:
                    if listed.opened_at >= proof.since:
                        proof.find("return_missing", listed.id, "the marketplace lists it, we have no row")
                elif proof.at - known.synced_at >= self.grace and known.state != listed.state:
                    text = f"{listed.state} at the marketplace, {known.state} here, read {time_text(known.synced_at)}"
                    proof.find("return_differs", listed.id, text)
            if page.cursor is None:
                return
            last_id = int(page.cursor)

    def return_of(self, return_id: str, proof: Proof) -> None:
        """History, intents and money of a return."""
        case = self.store.return_case(proof.seller, return_id)
        ref = return_ref(return_id)
        events = self.store.events(proof.seller, ref)
        if case is None:
            proof.find("return_missing", return_id, "the index lists it, but there is no row")
            return
        proof.counts["returns"] += 1
        check_history(return_id, case.version, events, proof)
        proof.wrong_times(return_id, {"synced_at": case.synced_at})
        intents = self.store.intents(proof.seller, ref)
        check_intents(return_id, events, intents, proof)
        ledger = self.store.money(proof.seller, case.posting_number) if case.posting_number else None
        for intent in intents:
            if intent.amount is not None and (ledger is None or intent.id not in ledger.entries):
                problem = f"the ledger of {case.posting_number} does not book intent {intent.id}"
                proof.find("money", return_id, problem)

    def money_of(self, return_id: str, proof: Proof) -> None:
        """Of a return from before the window: whether the accruals bear out what was given back for it."""
        case: ReturnCase | None = self.store.return_case(proof.seller, return_id)
        if case is not None and case.posting_number:
            self.postings.check_refunds_of(case.posting_number, proof)

    # -- pushes

    def pushes(self, days: Iterator[date], proof: Proof) -> None:
        """Every push was followed by a read of its posting."""
        read_again: dict[str, datetime | None] = {}
        kept = self.postings.read.at

        def applied(push: PushRow) -> bool:
            known = kept.get(push.posting_number)
            if known is not None and _read_after(push, known, proof.at):
                return True
            # Not looked at yet, or read by the marketplace's word since.
            if push.posting_number not in read_again:
                posting = self.store.posting(proof.seller, push.posting_number)
                read_again[push.posting_number] = posting.synced_at if posting else None
            known = read_again[push.posting_number]
            return known is not None and _read_after(push, known, proof.at)

        for day in days:
            for push in every(partial(self._pushes_on, proof.seller, day)):
                wrong = ahead(push.received_at, proof.at)
                if push.received_at > proof.until and not wrong:
                    continue
                proof.counts["pushes_received"] += 1
                if push.state is not PushState.RECEIVED:
                    proof.counts[f"pushes_{push.state}"] += 1
                    continue
                if wrong:
                    # Whether a read came after it is not known until a sync has read for it.
                    proof.wrong_times(push.posting_number, {f"{push.type} received_at": push.received_at})
                elif applied(push):
                    proof.counts["pushes_applied"] += 1
                else:
                    problem = f"{push.type} of {time_text(push.received_at)}"
                    proof.find("push_unapplied", push.posting_number, problem)

    def _pushes_on(self, seller: str, day: date, cursor: str | None) -> Page[PushRow]:
        return self.store.pushes_on(seller, day, cursor=cursor)

    # -- open calls

    def open_intents(self, proof: Proof) -> None:
        """No call waits for its outcome for longer than the seller's limit."""
        settings = self.store.settings(proof.seller) or SellerSettings(seller=proof.seller)
        for identifier in every(partial(self._open_intents, proof.seller)):
            intent = self.store.intent(proof.seller, identifier)
            if intent is None:
                proof.find("intent_missing", identifier, "the index lists it, there is no row")
            elif not intent.open or intent.state is IntentState.PROPOSED:
                continue  # what waits for a second person waits as long as they take
            elif ahead(intent.let_go_at, proof.at):
                proof.wrong_times(identifier, {"asked": intent.let_go_at})
            elif proof.at - intent.let_go_at > settings.settle_limit:
                waited = proof.at - intent.let_go_at
                proof.find("intent_open", identifier, f"{intent.state} for {waited}")

    def _open_intents(self, seller: str, cursor: str | None) -> Page[str]:
        return self.store.open_intents(seller, limit=200, cursor=cursor)

    # -- wishes to cancel, claims, carriages, cases

    def matters(self, proof: Proof, *, twice: Callable[[Callable[[Proof], None]], None]) -> None:
        """Their histories have no gaps, and their times can be believed: the open ones, and those that ended lately."""
        store, since = self.store, proof.since - ENDED
        for listing, look in (
            (store.cancel_requests_in, self._cancel_request),
            (store.claims_in, self._claim),
            (store.carriages_in, self._carriage),
            (store.cases_in, self._case),
        ):
            for open_only in (True, False):
                from_then = None if open_only else since

                def page(
                    cursor: str | None,
                    listing: Callable[..., Page[str]] = listing,
                    is_open: bool = open_only,
                    since: datetime | None = from_then,
                ) -> Page[str]:
                    return listing(proof.seller, open_only=is_open, since=since, limit=200, cursor=cursor)

                for identifier in every(page):
                    twice(partial(look, identifier))

    def _cancel_request(self, identifier: str, proof: Proof) -> None:
        row = self.store.cancel_request(proof.seller, identifier)
        if row is not None and self._story("cancel request", cancel_request_ref(identifier), row.version, proof):
            proof.counts["cancel_requests"] += 1
            if row.open:
                proof.wrong_times(f"cancel request {identifier}", {"synced_at": row.synced_at})
            intents = self.store.intents(proof.seller, cancel_request_ref(identifier))
            events = self.store.events(proof.seller, cancel_request_ref(identifier))
            check_intents(f"cancel request {identifier}", events, intents, proof)

    def _claim(self, identifier: str, proof: Proof) -> None:
        row = self.store.claim(proof.seller, identifier)
        if row is not None and self._story("claim", claim_ref(identifier), row.version, proof):
            proof.counts["claims"] += 1
            if row.open:
                proof.wrong_times(f"claim {identifier}", {"asked_at": row.asked_at})

    def _carriage(self, identifier: str, proof: Proof) -> None:
        row = self.store.carriage(proof.seller, identifier)
        if row is not None and self._story("carriage", carriage_ref(identifier), row.version, proof):
            proof.counts["carriages"] += 1

    def _case(self, identifier: str, proof: Proof) -> None:
        row = self.store.case(proof.seller, identifier)
        if row is not None and self._story("case", case_ref(identifier), row.version, proof):
            proof.counts["cases"] += 1

    def _story(self, what: str, ref: Ref, version: int, proof: Proof) -> bool:
        check_history(f"{what} {ref.id}", version, self.store.events(proof.seller, ref), proof)
        return True

    def waiting_requests(self, proof: Proof) -> None:
        """The marketplace waits for the same answers to buyers as we do. A key may lack this method."""
        try:
            listed = dict(self._waiting())
        except (CredentialsRejectedError, ActionNotOfferedError):
            proof.counts["cancel_requests_not_permitted"] = 1
            return
        for identifier, asked_at in listed.items():
            known = self.store.cancel_request(proof.seller, identifier)
            if known is None and (asked_at is None or asked_at <= proof.until):
                proof.find("cancel_request_missing", identifier, "a buyer waits for an answer, we have no row")
            elif known is not None and not known.open and proof.at - known.synced_at >= self.grace:
                proof.find("cancel_request_differs", identifier, f"it waits for an answer, here it is {known.state}")
        for identifier in every(lambda cursor: self.store.cancel_requests_in(proof.seller, limit=200, cursor=cursor)):
            if identifier in listed:
                continue
            request: CancelRequest | None = self.store.cancel_request(proof.seller, identifier)
            over = request.auto_approve_at if request is not None and request.open else None
            if over is not None and proof.at - over >= self.grace:
                problem = f"it is open here, and was approved by the marketplace at {time_text(over)}"
                proof.find("cancel_request_differs", identifier, problem)

    def _waiting(self) -> Iterator[tuple[str, datetime | None]]:
        last_id = 0
        while True:
            page = self.marketplace.cancellations.waiting(last_id=last_id)
            for found in page.items:
                yield found.id, found.requested_at
            if page.cursor is None:
                return
            last_id = int(page.cursor)


def _read_after(push: PushRow, read: datetime, now: datetime) -> bool:
    return not ahead(read, now) and read >= push.received_at - timedelta(seconds=1)
