"""The nothing-lost proof: the marketplace's list against our rows, histories without gaps, money equal to its intents.

Set A is every posting that the marketplace lists for the window; set B is the `days` index. It is red when anything
differs, and says which id and why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial

from shipby.application.cases.odd_entries import Listed, Noted, noting, open_odd_cases, set_aside_of
from shipby.application.ports.clock import Clock
from shipby.application.ports.marketplace import Marketplace
from shipby.application.ports.pages import Page
from shipby.application.ports.postings import PostingReads, PostingStory
from shipby.application.ports.returns import IntentReads, ReturnReads
from shipby.application.ports.sellers import Pushes
from shipby.application.ports.store import Store
from shipby.application.shared.paging import every
from shipby.application.shared.views import time_text
from shipby.domain.events import EventType, StoredEvent, return_ref
from shipby.domain.intents import Intent, IntentState
from shipby.domain.json_types import Json
from shipby.domain.postings.inbox import PushRow, PushState
from shipby.domain.refunds.ledger import Entry, EntryKind, EntryState, ExecutedBy, MoneyLedger, intent_of
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.skew import LOOK_AHEAD, ahead, times_ahead, told

GRACE = timedelta(minutes=10)
"""What began within the last minutes may still be on its way."""
REPORT = "proof"
WINDOW = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it must be. `check` is the name of the rule."""

    check: str
    id: str
    problem: str


@dataclass(slots=True)
class Proof:
    """Counts and findings of one run; green when there is no finding."""

    seller: str
    since: datetime
    until: datetime
    at: datetime
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    @property
    def green(self) -> bool:
        return not self.findings

    def wrong_times(self, identifier: str, times: Mapping[str, datetime]) -> None:
        """A finding, if any of these times of ours lies ahead of the clock: see `skew`."""
        wrong = {name: when for name, when in times.items() if ahead(when, self.at)}
        if wrong:
            self.findings.append(Finding("clock", identifier, told(wrong)))

    def view(self) -> dict[str, Json]:
        return {
            "seller": self.seller,
            "since": time_text(self.since),
            "until": time_text(self.until),
            "at": time_text(self.at),
            "green": self.green,
            "counts": dict(sorted(self.counts.items())),
            "findings": [
                {"check": finding.check, "id": finding.id, "problem": finding.problem} for finding in self.findings
            ],
        }


def prove(
    seller: str,
    *,
    store: Store,
    marketplace: Marketplace,
    clock: Clock,
    window: timedelta = WINDOW,
    grace: timedelta = GRACE,
) -> Proof:
    """Hold everything that began in the window, up to `grace` ago, against the marketplace and against itself."""
    now = clock.now()
    proof = Proof(seller, since=now - window, until=now - grace, at=now)
    with noting() as odd:
        listed = _listed(marketplace, proof)
        _check_listed_returns(proof, store, marketplace)
    # An entry that cannot be read is listed all the same.
    listed |= dict.fromkeys((number for number in set_aside_of(odd, Listed.POSTING) if number), "")
    _check_odd(proof, odd, store)
    kept = {number for day in _days(proof) for number in every(partial(_received_on, store, seller, day))}
    proof.counts["marketplace_postings"] = len(listed)
    proof.counts["our_postings"] = len(kept)
    for number in sorted(set(listed) - kept):
        if store.posting(seller, number) is None:
            proof.findings.append(Finding("posting_missing", number, "the marketplace lists it, we have no row"))
    read_at: dict[str, datetime] = {}
    for number in sorted(kept | set(listed)):
        _twice(proof, partial(_check_posting, number, store, listed, read_at))
    for day in _days(proof):
        for return_id in every(partial(_returns_opened_on, store, seller, day)):
            _twice(proof, partial(_check_return, return_id, store))
    _check_pushes(proof, store, read_at)
    _check_open_intents(proof, store)
    _check_open_matters(proof, store)
    return proof


def _days(proof: Proof) -> Iterator[date]:
    day = proof.since.date()
    # Days to come hold what a clock that stood ahead has written.
    while day <= (proof.at + LOOK_AHEAD).date():
        yield day
        day += timedelta(days=1)


def _listed(marketplace: Marketplace, proof: Proof) -> dict[str, str]:
    found: dict[str, str] = {}
    cursor = ""
    while True:
        page = marketplace.postings(since=proof.since, to=proof.until, cursor=cursor)
        found |= {facts.number: facts.status for facts in page.items}
        if page.cursor is None:
            return found
        cursor = page.cursor


def _twice(proof: Proof, check: Callable[[Proof], None]) -> None:
    """Rows of one item are read one after the other while others write: only what is wrong twice is a finding."""
    for last in (False, True):
        own = Proof(proof.seller, proof.since, proof.until, proof.at)
        check(own)
        if own.green or last:
            proof.counts += own.counts
            proof.findings += own.findings
            return


def _check_listed_returns(proof: Proof, store: ReturnReads, marketplace: Marketplace) -> None:
    last_id = 0
    while True:
        page = marketplace.returns(last_id=last_id)
        for listed in page.items:
            began = listed.opened_at is not None and proof.since <= listed.opened_at <= proof.until
            if began and store.return_case(proof.seller, listed.id) is None:
                proof.findings.append(Finding("return_missing", listed.id, "the marketplace lists it, we have no row"))
        if page.cursor is None:
            return
        last_id = int(page.cursor)


def _check_odd(proof: Proof, odd: Noted, store: Store) -> None:
    """What cannot be read proves nothing: it is a finding until it can be, or a person has closed its case."""
    proof.counts["odd_fields"] = sum(entry.kept for entry in odd)
    aside = {entry.subject: entry.problem for entry in odd if not entry.kept}
    aside |= {case.subject: case.reason for case in open_odd_cases(proof.seller, store=store)}
    proof.findings += [Finding("odd_entry", subject, problem) for subject, problem in sorted(aside.items())]


def _check_posting(
    number: str, store: Store, listed: Mapping[str, str], read_at: dict[str, datetime], proof: Proof
) -> None:
    """Notes in `read_at` when the marketplace was read for it."""
    story = store.posting_story(proof.seller, number)
    posting, events, detail = story.posting, story.events, story.detail
    if posting is not None:
        read_at[number] = posting.synced_at
    if posting is None:
        if events:
            proof.findings.append(Finding("posting_missing", number, "it has a history, but no row"))
        return
    _check_history(number, posting.version, events, proof)
    proof.wrong_times(number, times_ahead(posting, proof.at))
    _check_intents(number, events, story.intents, proof)
    began = detail.in_process_at if detail else None
    if number not in listed and began is not None and proof.since < began < proof.until:
        proof.findings.append(
            Finding("posting_unlisted", number, f"in process since {time_text(began)}, the marketplace lists it not")
        )
    if detail is not None and detail.lines and story.money is None:
        why = "" if detail.paid else ": what was paid for it could not be read"
        proof.findings.append(Finding("money", number, f"it was paid for, but has no ledger{why}"))
    if story.money is not None:
        _check_money(number, story, story.money, proof, store)


def _check_return(return_id: str, store: Store, proof: Proof) -> None:
    case = store.return_case(proof.seller, return_id)
    events = store.events(proof.seller, return_ref(return_id))
    if case is None:
        proof.findings.append(Finding("return_missing", return_id, "the index lists it, but there is no row"))
        return
    proof.counts["returns"] += 1
    _check_history(return_id, case.version, events, proof)
    proof.wrong_times(return_id, {"synced_at": case.synced_at})
    intents = store.intents(proof.seller, return_ref(return_id))
    _check_intents(return_id, events, intents, proof)
    ledger = store.money(proof.seller, case.posting_number) if case.posting_number else None
    for intent in intents:
        if intent.amount is not None and (ledger is None or intent.id not in ledger.entries):
            problem = f"the ledger of {case.posting_number} does not book intent {intent.id}"
            proof.findings.append(Finding("money", return_id, problem))


def _check_history(identifier: str, version: int, events: Sequence[StoredEvent], proof: Proof) -> None:
    proof.counts["events"] += len(events)
    indices: dict[int, list[int]] = {}
    for stored in events:
        indices.setdefault(stored.version, []).append(stored.index)
    lost = [wanted for wanted in range(1, version + 1) if wanted not in indices]
    if lost:
        proof.findings.append(Finding("event_missing", identifier, f"no event row for version {_some(lost)}"))
    told = {stored.version: stored.count for stored in events if stored.count}
    torn = [at for at, found in indices.items() if sorted(found) != list(range(told.get(at, len(found))))]
    if torn:
        proof.findings.append(Finding("event_missing", identifier, f"event rows missing within version {_some(torn)}"))


def _some(numbers: Sequence[int]) -> str:
    return ", ".join(str(number) for number in numbers[:5]) + (" …" if len(numbers) > 5 else "")


def _check_intents(identifier: str, events: Sequence[StoredEvent], intents: Sequence[Intent], proof: Proof) -> None:
    known = {intent.id: intent for intent in intents}
    born = (EventType.INTENT_CREATED, EventType.INTENT_PROPOSED)
    created = {str(stored.event.data["intent"]) for stored in events if stored.event.type in born}
    proof.counts["intents"] += len(known)
    for lost in sorted(created - set(known)):
        proof.findings.append(Finding("intent_missing", lost, f"{identifier} tells of it, but there is no row"))
    for unborn in sorted(set(known) - created):
        proof.findings.append(Finding("intent_unrecorded", unborn, f"the history of {identifier} does not tell of it"))


def _check_money(number: str, story: PostingStory, ledger: MoneyLedger, proof: Proof, store: IntentReads) -> None:
    price = [entry for entry in ledger.entries.values() if entry.kind is not EntryKind.POSTAGE]
    beside = [entry for entry in ledger.entries.values() if entry.kind is EntryKind.POSTAGE]
    reserved, refunded = _sums(price)
    if ((reserved, refunded), _sums(beside)) != (
        (ledger.reserved, ledger.refunded),
        (ledger.postage_reserved, ledger.postage),
    ):
        proof.findings.append(Finding("money", number, "the ledger's totals are not the sum of its entries"))
    lines = ledger.lines.values()
    if lines and sum(line.paid for line in lines) != ledger.paid:
        proof.findings.append(Finding("money", number, "what was paid is not the sum of its lines"))
    if ledger.available < 0 or any(line.reserved + line.refunded > line.paid for line in lines):
        proof.findings.append(Finding("money", number, "more was reserved or refunded than paid"))
    proof.counts["refunded_minor"] += refunded
    expected = {
        IntentState.CONFIRMED: EntryState.REFUNDED,
        IntentState.REJECTED: EntryState.RELEASED,
    }
    own = {intent.id: intent for intent in story.intents}
    for key, entry in ledger.entries.items():
        if entry.executed_by is ExecutedBy.MARKETPLACE:
            continue
        intent = own.get(intent_of(key)) or store.intent(proof.seller, intent_of(key))
        booked = None if intent is None else intent.postage if entry.kind is EntryKind.POSTAGE else intent.amount
        if intent is None:
            proof.findings.append(Finding("intent_missing", key, f"the ledger of {number} books it, there is no row"))
        elif booked is None or booked.minor != entry.minor:
            proof.findings.append(Finding("money", number, f"intent {key} and its entry differ in the amount"))
        elif entry.state is not expected.get(intent.state, EntryState.RESERVED):
            proof.findings.append(Finding("money", number, f"intent {key} is {intent.state}, its entry {entry.state}"))


def _sums(entries: Iterable[Entry]) -> tuple[int, int]:
    """What is reserved and what was refunded."""
    found = {EntryState.RESERVED: 0, EntryState.REFUNDED: 0, EntryState.RELEASED: 0}
    for entry in entries:
        found[entry.state] += entry.minor
    return found[EntryState.RESERVED], found[EntryState.REFUNDED]


def _check_pushes(proof: Proof, store: Store, read_at: Mapping[str, datetime]) -> None:
    """`read_at`: when the marketplace was read for each posting that this proof has looked at already."""
    read_again: dict[str, datetime | None] = {}

    def applied(push: PushRow) -> bool:
        known = read_at.get(push.posting_number)
        if known is not None and _read_after(push, known, proof.at):
            return True
        # Not looked at yet, or read by the marketplace's word since.
        if push.posting_number not in read_again:
            posting = store.posting(proof.seller, push.posting_number)
            read_again[push.posting_number] = posting.synced_at if posting else None
        known = read_again[push.posting_number]
        return known is not None and _read_after(push, known, proof.at)

    for day in _days(proof):
        for push in every(partial(_pushes_on, store, proof.seller, day)):
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
                proof.findings.append(
                    Finding("push_unapplied", push.posting_number, f"{push.type} of {time_text(push.received_at)}")
                )


def _read_after(push: PushRow, read: datetime, now: datetime) -> bool:
    return not ahead(read, now) and read >= push.received_at - timedelta(seconds=1)


def _check_open_intents(proof: Proof, store: Store) -> None:
    settings = store.settings(proof.seller) or SellerSettings(seller=proof.seller)
    for state in (IntentState.UNKNOWN, IntentState.SENT, IntentState.PENDING):
        for identifier in every(partial(_intents_in, store, proof.seller, state)):
            intent = store.intent(proof.seller, identifier)
            if intent is None:
                proof.findings.append(Finding("intent_missing", identifier, "the index lists it, there is no row"))
            elif intent.open and ahead(intent.let_go_at, proof.at):
                proof.wrong_times(identifier, {"asked": intent.let_go_at})
            elif intent.open and proof.at - intent.let_go_at > settings.settle_limit:
                waited = proof.at - intent.let_go_at
                proof.findings.append(Finding("intent_open", identifier, f"{intent.state} for {waited}"))


def _check_open_matters(proof: Proof, store: Store) -> None:
    """Wishes to cancel and claims that wait for an answer: their clocks start from times of ours."""
    for identifier in every(lambda cursor: store.cancel_requests_in(proof.seller, limit=200, cursor=cursor)):
        request = store.cancel_request(proof.seller, identifier)
        if request is not None and request.open:
            proof.wrong_times(f"cancel request {identifier}", {"synced_at": request.synced_at})
    for identifier in every(lambda cursor: store.claims_in(proof.seller, limit=200, cursor=cursor)):
        claim = store.claim(proof.seller, identifier)
        if claim is not None and claim.open:
            proof.wrong_times(f"claim {identifier}", {"asked_at": claim.asked_at})


def _received_on(store: PostingReads, seller: str, day: date, cursor: str | None) -> Page[str]:
    return store.received_on(seller, day, cursor=cursor)


def _returns_opened_on(store: ReturnReads, seller: str, day: date, cursor: str | None) -> Page[str]:
    return store.returns_opened_on(seller, day, cursor=cursor)


def _pushes_on(store: Pushes, seller: str, day: date, cursor: str | None) -> Page[PushRow]:
    return store.pushes_on(seller, day, cursor=cursor)


def _intents_in(store: IntentReads, seller: str, state: IntentState, cursor: str | None) -> Page[str]:
    return store.intents_in(seller, state, cursor=cursor)
