"""What the proof holds of one posting: history, intents, money, and what the marketplace lists of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from shipby.application.ports.pages import Page
from shipby.application.ports.postings import PostingStory
from shipby.application.ports.store import Store
from shipby.application.proof.report import Proof
from shipby.application.refunds.compare_accruals import CANCELLED_AFTER, EVERY
from shipby.application.refunds.match_accruals import MISSING_AFTER
from shipby.application.shared.paging import every
from shipby.application.shared.views import time_text
from shipby.domain.cases.case import CaseKind
from shipby.domain.events import EventType, StoredEvent
from shipby.domain.intents import Intent, IntentAction, IntentState
from shipby.domain.money import Money
from shipby.domain.postings.posting import SPLIT, MarketplacePosting, Posting
from shipby.domain.proof.content import Differs, accounted, differences, worth
from shipby.domain.refunds.ledger import (
    OBSERVED_ITEMS,
    AccrualState,
    Entry,
    EntryKind,
    EntryState,
    ExecutedBy,
    MoneyLedger,
    intent_of,
)
from shipby.domain.skew import ahead, times_ahead

_COMPARED_AFTER = MISSING_AFTER + 2 * EVERY
"""Accruals are compared once a day, and take up to `MISSING_AFTER`: a round may slip by a day."""
_EXPECTED = {IntentState.CONFIRMED: EntryState.REFUNDED, IntentState.REJECTED: EntryState.RELEASED}


@dataclass(slots=True)
class Read:
    """When the marketplace was last read for each posting that a stint has looked at, as far as that is kept."""

    at: dict[str, datetime] = field(default_factory=dict)
    most: int = 50_000

    def note(self, number: str, when: datetime) -> None:
        if len(self.at) < self.most:
            self.at[number] = when


class Accepted:
    """Differences between ledgers and accruals whose case a person has closed: read once, if one is found."""

    def __init__(self, seller: str, store: Store, since: datetime) -> None:
        self._seller, self._store, self._since = seller, store, since

    @cached_property
    def numbers(self) -> frozenset[str]:
        found = (self._store.case(self._seller, identifier) for identifier in every(self._closed))
        return frozenset(case.subject for case in found if case is not None and case.kind is CaseKind.MONEY)

    def _closed(self, cursor: str | None) -> Page[str]:
        return self._store.cases_in(self._seller, open_only=False, since=self._since, limit=200, cursor=cursor)


@dataclass(frozen=True, slots=True)
class Postings:
    """Checks postings of one seller. `grace`: what changed within it may still be on its way."""

    store: Store
    accepted: Accepted
    grace: timedelta
    read: Read

    def check(self, number: str, listed: MarketplacePosting | None, proof: Proof, *, is_listed: bool) -> bool:
        """Hold everything of a posting against itself and against its entry of the list (None: it cannot be read).

        Returns whether a status differs although the list is younger than our read: whether that is a finding hangs
        on when it changed.
        """
        story = self.store.posting_story(proof.seller, number)
        posting, detail = story.posting, story.detail
        if posting is None:
            if is_listed:
                proof.find("posting_missing", number, "the marketplace lists it, we have no row")
            elif story.events:
                proof.find("posting_missing", number, "it has a history, but no row")
            return False
        self.read.note(number, posting.synced_at)
        check_history(number, posting.version, story.events, proof)
        proof.wrong_times(number, times_ahead(posting, proof.at))
        check_intents(number, story.events, story.intents, proof)
        began = detail.in_process_at if detail else None
        inside = began is not None and proof.since < began < proof.until
        proof.counts["our_postings" if is_listed or inside else "outside_window"] += 1
        if inside and not is_listed:
            text = f"in process since {time_text(began)}, the marketplace lists it not" if began else ""
            proof.find("posting_unlisted", number, text)
        if detail is not None and detail.lines and story.money is None:
            why = "" if detail.paid else ": what was paid for it could not be read"
            proof.find("money", number, f"it was paid for, but has no ledger{why}")
        if story.money is not None:
            self._money(number, story, story.money, proof)
            self._accruals(number, story.money, proof)
        return listed is not None and self._content(posting, detail, listed, proof)

    def _content(
        self, posting: Posting, detail: MarketplacePosting | None, listed: MarketplacePosting, proof: Proof
    ) -> bool:
        if posting.synced_at > listed.read_at and not ahead(posting.synced_at, proof.at):
            return False  # read after the list was: the list is what is old
        found = differences(posting, detail, listed)
        if found and proof.at - posting.synced_at < self.grace:
            proof.counts["not_yet"] += 1
            return False
        for difference in found:
            if difference.what is not Differs.STATUS:
                proof.find(difference.what, posting.number, f"{difference.text}, read {time_text(posting.synced_at)}")
        return any(difference.what is Differs.STATUS for difference in found)

    def _money(self, number: str, story: PostingStory, ledger: MoneyLedger, proof: Proof) -> None:
        price = [entry for entry in ledger.entries.values() if entry.kind is not EntryKind.POSTAGE]
        beside = [entry for entry in ledger.entries.values() if entry.kind is EntryKind.POSTAGE]
        reserved, refunded = _sums(price)
        if ((reserved, refunded), _sums(beside)) != (
            (ledger.reserved, ledger.refunded),
            (ledger.postage_reserved, ledger.postage),
        ):
            proof.find("money", number, "the ledger's totals are not the sum of its entries")
        lines = ledger.lines.values()
        if lines and sum(line.paid for line in lines) != ledger.paid:
            proof.find("money", number, "what was paid is not the sum of its lines")
        if ledger.available < 0 or any(line.reserved + line.refunded > line.paid for line in lines):
            proof.find("money", number, "more was reserved or refunded than paid")
        if refunded:
            proof.refunded[ledger.currency] += refunded
        self._worth(number, story, ledger, proof)
        own = {intent.id: intent for intent in story.intents}
        for key, entry in ledger.entries.items():
            if entry.executed_by is ExecutedBy.MARKETPLACE:
                continue
            intent = own.get(intent_of(key)) or self.store.intent(proof.seller, intent_of(key))
            booked = None if intent is None else intent.postage if entry.kind is EntryKind.POSTAGE else intent.amount
            if intent is None:
                proof.find("intent_missing", key, f"the ledger of {number} books it, there is no row")
            elif booked != Money(entry.minor, ledger.currency):
                proof.find("money", number, f"intent {key} and its entry differ in the amount")
            elif entry.state is not _EXPECTED.get(intent.state, EntryState.RESERVED):
                proof.find("money", number, f"intent {key} is {intent.state}, its entry {entry.state}")

    def _worth(self, number: str, story: PostingStory, ledger: MoneyLedger, proof: Proof) -> None:
        """What was paid is what the goods cost. A family that was split is one: its money moves with its goods."""
        posting, detail = story.posting, story.detail
        cost = worth(posting, detail) if posting is not None else None
        if cost is None or accounted(ledger) == cost:
            return
        if cost.currency != ledger.currency:
            proof.find("money", number, f"its ledger is in {ledger.currency}, its goods cost {cost}")
            return
        family = self._family(story, ledger, proof.seller)
        if family is None:
            return  # somebody of the family is still to be read
        ledgers, costs = family
        paid, goods = sum(accounted(one).minor for one in ledgers), sum(one.minor for one in costs)
        # What was given back or set aside before goods left stays where it was.
        moved = len(ledgers) > 1 or _lost_pieces(story, ledger)
        given = sum(one.reserved + one.refunded for one in ledgers) if moved else 0
        if not 0 <= paid - goods <= given:
            currency = ledger.currency
            proof.find("money", number, f"paid {Money(paid, currency)}, its goods cost {Money(goods, currency)}")

    def _family(
        self, story: PostingStory, ledger: MoneyLedger, seller: str
    ) -> tuple[list[MoneyLedger], list[Money]] | None:
        detail = story.detail
        root = ledger
        if detail is not None and detail.parent_number:
            parent = self.store.money(seller, detail.parent_number)
            root = parent if parent is not None and ledger.number in parent.family else ledger
        ledgers: list[MoneyLedger] = []
        costs: list[Money] = []
        for number in (root.number, *root.family):
            one = ledger if number == ledger.number else self.store.money(seller, number)
            posting, facts = self.store.posting(seller, number), self.store.detail(seller, number)
            cost = worth(posting, facts) if posting is not None else None
            if one is None or posting is None or facts is None:
                return None
            if cost is None and posting.status != SPLIT:
                return None
            if cost is not None and cost.currency != ledger.currency:
                return None
            ledgers.append(one)
            costs.append(cost or Money.zero(ledger.currency))
        related = set(detail.related_numbers if detail else ()) - {root.number, *root.family}
        if any(self.store.posting(seller, number) is None for number in related):
            return None
        return ledgers, costs

    def _accruals(self, number: str, ledger: MoneyLedger, proof: Proof) -> None:
        """Money that was given back is borne out by the marketplace's accruals, once they are due."""
        for key, entry in ledger.entries.items():
            if entry.state is not EntryState.REFUNDED:
                continue
            proof.counts["refunds"] += 1
            if entry.accrual is AccrualState.MATCHES:
                proof.counts["refunds_accrued"] += 1
            elif entry.accrual is AccrualState.NONE:
                if _is_due(entry, proof.at):
                    text = f"{key} was given back {time_text(entry.at)}, and no accrual was compared with it since"
                    proof.find("accrual", number, text)
            elif entry.accrual is AccrualState.NOT_COMPARABLE:
                # Charged in another currency: neither right nor wrong, and told as what nobody can check.
                proof.counts["refunds_not_comparable"] += 1
            elif number not in self.accepted.numbers:
                ours = Money(entry.minor, ledger.currency)
                proof.find("accrual", number, f"{key}: our ledger says {ours}, {_charged(entry, ledger)}")

    def check_refunds_of(self, number: str, proof: Proof) -> None:
        """Only the accruals of a posting that is older than the window."""
        ledger = self.store.money(proof.seller, number)
        if ledger is not None:
            self._accruals(number, ledger, proof)


def _charged(entry: Entry, ledger: MoneyLedger) -> str:
    if entry.accrual is AccrualState.AMBIGUOUS:
        return "and an accrual may be of it or of another refund"
    charged = "nothing" if entry.accrual is AccrualState.MISSING else Money(entry.accrued, ledger.currency)
    return f"the marketplace charged {charged}"


def _lost_pieces(story: PostingStory, ledger: MoneyLedger) -> bool:
    return any(key.startswith(OBSERVED_ITEMS) for key in ledger.entries) or any(
        intent.action is IntentAction.CANCEL_ITEMS for intent in story.intents
    )


def _is_due(entry: Entry, now: datetime) -> bool:
    if entry.at is None:
        return False
    later = CANCELLED_AFTER if entry.kind is EntryKind.OBSERVED else timedelta(0)
    return now - entry.at > _COMPARED_AFTER + later


def _sums(entries: Iterable[Entry]) -> tuple[int, int]:
    """What is reserved and what was refunded."""
    found = {EntryState.RESERVED: 0, EntryState.REFUNDED: 0, EntryState.RELEASED: 0}
    for entry in entries:
        found[entry.state] += entry.minor
    return found[EntryState.RESERVED], found[EntryState.REFUNDED]


def check_history(identifier: str, version: int, events: Sequence[StoredEvent], proof: Proof) -> None:
    """Every version up to the item's own has all its event rows, and none lies beyond."""
    proof.counts["events"] += len(events)
    indices: dict[int, list[int]] = {}
    for stored in events:
        indices.setdefault(stored.version, []).append(stored.index)
    if lost := [wanted for wanted in range(1, version + 1) if wanted not in indices]:
        proof.find("event_missing", identifier, f"no event row for version {_some(lost)}")
    told: Mapping[int, int] = {stored.version: stored.count for stored in events if stored.count}
    torn = [at for at, found in indices.items() if sorted(found) != list(range(told.get(at, len(found))))]
    if torn:
        proof.find("event_missing", identifier, f"event rows missing within version {_some(torn)}")
    if beyond := sorted(at for at in indices if at > version):
        proof.find("row_behind", identifier, f"it is at version {version}, its history tells of {_some(beyond)}")


def _some(numbers: Sequence[int]) -> str:
    return ", ".join(str(number) for number in numbers[:5]) + (" …" if len(numbers) > 5 else "")


def check_intents(identifier: str, events: Sequence[StoredEvent], intents: Sequence[Intent], proof: Proof) -> None:
    """Every intent that the history tells of has its row, and no other has one."""
    known = {intent.id for intent in intents}
    born = (EventType.INTENT_CREATED, EventType.INTENT_PROPOSED)
    created = {str(stored.event.data["intent"]) for stored in events if stored.event.type in born}
    proof.counts["intents"] += len(known)
    for lost in sorted(created - known):
        proof.find("intent_missing", lost, f"{identifier} tells of it, but there is no row")
    for unborn in sorted(known - created):
        proof.find("intent_unrecorded", unborn, f"the history of {identifier} does not tell of it")
