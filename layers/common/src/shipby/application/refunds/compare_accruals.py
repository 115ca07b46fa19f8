"""Compare the ledgers with what the marketplace charged: once a day, and only what is new or still waits.

What is looked at comes from three places, so that nothing is scanned again and again: the decisions and cancels that
were confirmed since the last round (a cursor), the cancelled postings whose cut-off is weeks past (a cursor), and the
postings of the rounds before whose accruals had not come yet. All three are in the data of one watch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from shipby.application.cases.odd_entries import Listed, close_readable, keep_odd_entries, noting, set_aside_of
from shipby.application.cases.opening import open_case
from shipby.application.ports.accruals import Accrual
from shipby.application.ports.clock import Clock
from shipby.application.ports.marketplace import Marketplace
from shipby.application.ports.matters import Watches
from shipby.application.ports.pages import Page
from shipby.application.ports.postings import PostingReads
from shipby.application.ports.returns import IntentReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveMoney, SavePosting, SaveWatch
from shipby.application.refunds.identity import Marks, OtherReturns, movements, waits_for_proof
from shipby.application.refunds.match_accruals import MISSING_AFTER, Comparison, Kinds, Proof
from shipby.application.returns.actions import moved_on
from shipby.application.settling.aggregates import aggregate_of
from shipby.application.settling.finish import finish
from shipby.application.shared.paging import every
from shipby.application.shared.retry import decide_anew
from shipby.application.shared.troubles import Troubles
from shipby.domain import actors
from shipby.domain.cases import watches
from shipby.domain.cases.case import CaseKind
from shipby.domain.cases.watch import Watch
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.errors import CredentialsRejectedError, ShipbyError, VersionConflictError
from shipby.domain.events import Event, EventType, posting_ref, watch_ref
from shipby.domain.intents import Intent, IntentAction, IntentState, intent_owner
from shipby.domain.json_types import Json
from shipby.domain.money import Money
from shipby.domain.postings.posting import Stage
from shipby.domain.refunds.ledger import AccrualState, Entry, EntryKind, EntryState, MoneyLedger
from shipby.domain.skew import age

WATCH = watches.ACCRUALS
EVERY = timedelta(days=1)
SLACK = timedelta(minutes=10)
"""Rounds are not exact to the minute; without it a day's comparison would slip to the next round, later each day."""
CANCELLED_AFTER = timedelta(days=35)
"""When a cancelled posting is looked at that we did not cancel: rFBS delivers within 30 days (official, Process)."""
PAGES = 4
PAGE = 100
"""At most so many pages of this size of each list are read in a round; the next one goes on from there."""
MOST = 1000
"""Postings compared in one round, the longest waiting first."""
_CONFIRMED = (IntentAction.RETURN_ACTION, IntentAction.CANCEL, IntentAction.CANCEL_ITEMS)


@dataclass(slots=True)
class AccrualRound:
    """What a round found. `ran` is False where the last one is less than a day ago."""

    ran: bool = False
    postings: int = 0
    compared: int = 0
    differing: int = 0
    settled: int = 0
    waiting: int = 0

    def view(self) -> dict[str, Json]:
        return {
            "postings": self.postings,
            "compared": self.compared,
            "differing": self.differing,
            "settled": self.settled,
            "waiting": self.waiting,
        }


def compare_accruals(
    seller: str, *, store: Store, marketplace: Marketplace, clock: Clock, at_once: bool = False
) -> AccrualRound:
    """Compare what is due, if a day has passed since the last time (or `at_once`).

    Raises RetryableError, CredentialsRejectedError, ActionNotOfferedError or MarketplaceRefusedError as the
    marketplace's reads do; then the round is not noted, and comes again.
    """
    done = AccrualRound()
    now = clock.now()
    watch = store.watch(seller, WATCH)
    if watch is not None and not at_once and age(watch.checked_at, now) < EVERY - SLACK:
        return done
    done.ran, troubles = True, Troubles()
    known: Mapping[str, Json] = watch.data if watch else {}
    numbers, cursors = _candidates(seller, known, store, now)
    waiting: dict[str, Json] = {number: numbers[number] for number in list(numbers)[MOST:]}
    chosen = list(numbers)[:MOST]
    if chosen:
        with noting() as odd:
            kinds = {each.id: each.kind for each in marketplace.accruals.types()}
            charged = marketplace.accruals.postings(chosen)
        round_ = _Round(seller, kinds, OtherReturns(seller, store, marketplace), marketplace, store, clock)
        unread = set_aside_of(odd, Listed.ACCRUAL)
        keep_odd_entries(seller, odd, store=store, now=now)
        close_readable(seller, odd, odd.whole, store=store, now=now)
        for number in chosen:
            done.postings += 1
            waits = True
            # What cannot be read is not "nothing": the posting is compared once it can.
            if number not in unread and ("" not in unread or number in charged):
                with troubles.of(f"accruals of posting {number}"):
                    waits = _compare(_Charged(round_, number, charged.get(number, ())), done)
            if waits:
                waiting[number] = numbers[number]
    done.waiting = len(waiting)
    _note(seller, {**cursors, "waiting": waiting}, store, now)
    troubles.settle()
    return done


# What to look at -------------------------------------------------------------------------------------------------


def _candidates(
    seller: str, known: Mapping[str, Json], store: Store, now: datetime
) -> tuple[dict[str, str], dict[str, Json]]:
    """Posting numbers, each with the time it was first looked at, and where the lists go on next time."""
    before = known.get("waiting")
    numbers: dict[str, str] = {str(key): str(at) for key, at in before.items()} if isinstance(before, Mapping) else {}
    confirmed, intents_at = _go_on(partial(_intents_in, store, seller, IntentState.CONFIRMED), known.get("intents"))
    # What is open now may be confirmed with a time of asking that the cursor has passed.
    open_now = every(lambda cursor: store.open_intents(seller, limit=PAGE, cursor=cursor))
    found = _postings_of(seller, [*confirmed, *open_now], store)
    cancelled, cancelled_at = _go_on(
        partial(_cancelled_in, store, seller, now - CANCELLED_AFTER), known.get("cancelled")
    )
    for number in (*found, *cancelled):
        numbers.setdefault(number, now.isoformat())
    return numbers, {"intents": intents_at, "cancelled": cancelled_at}


def _go_on(listing: Callable[[str | None], Page[str]], start: Json) -> tuple[list[str], str | None]:
    """The next pages of a list. Its last page is read again each time: nothing says what will come behind it."""
    cursor = str(start) if start else None
    found: list[str] = []
    for _ in range(PAGES):
        page = listing(cursor)
        found += page.items
        if page.cursor is None:
            break
        cursor = page.cursor
    return found, cursor


def _postings_of(seller: str, identifiers: Iterable[str], store: IntentReads) -> list[str]:
    found: list[str] = []
    for identifier in identifiers:
        action = identifier.split(".")[2]
        if action == IntentAction.RETURN_ACTION:
            intent = store.intent(seller, identifier)
            if intent is not None and intent.amount is not None:
                found.append(intent.posting_number)
        elif action in _CONFIRMED:
            found.append(intent_owner(identifier).id)
    return found


def _intents_in(store: IntentReads, seller: str, state: IntentState, cursor: str | None) -> Page[str]:
    return store.intents_in(seller, state, limit=PAGE, cursor=cursor)


def _cancelled_in(store: PostingReads, seller: str, before: datetime, cursor: str | None) -> Page[str]:
    page = store.worklist(seller, Stage.CANCELLED, due_before=before, limit=PAGE, cursor=cursor)
    return Page(tuple(item.number for item in page.items), page.cursor)


def _note(seller: str, data: Mapping[str, Json], store: Watches, now: datetime) -> None:
    def once() -> None:
        watch = store.watch(seller, WATCH)
        version = watch.version + 1 if watch else 1
        changed = Watch(seller=seller, id=WATCH, version=version, checked_at=now, state="compared", data=data)
        event = Event(type=EventType.WATCH_CHANGED, at=now, actor=actors.ACCRUALS, data={"state": changed.state})
        store.commit([SaveWatch(changed), AppendEvents(seller, watch_ref(WATCH), version, (event,))])

    decide_anew(once)


# One posting -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Round:
    """What all postings of a round are compared with."""

    seller: str
    kinds: Kinds
    others: OtherReturns
    marketplace: Marketplace
    store: Store
    clock: Clock


@dataclass(frozen=True, slots=True)
class _Charged:
    """What the marketplace charged for a posting."""

    round: _Round
    number: str
    accruals: Sequence[Accrual]


def _compare(charged: _Charged, done: AccrualRound) -> bool:
    """Book what the accruals decide; True while something of the posting still waits for its accrual."""
    done.settled += _settle_unknown(charged)
    seller, number, store, now = charged.round.seller, charged.number, charged.round.store, charged.round.clock.now()

    def once() -> tuple[MoneyLedger | None, list[tuple[str, Entry]]]:
        ledger = store.money(seller, number)
        posting = store.posting(seller, number)
        if ledger is None or posting is None:
            return None, []
        comparison, others = _comparison(charged, ledger, now)
        changed = [
            (key, verdict.on(ledger.entries[key]))
            for key, verdict in comparison.verdicts(others, now=now).items()
            if ledger.entries[key].accrual is AccrualState.NONE
        ]
        if changed:
            _tell(charged, changed, ledger.currency, now)
            moved = rewind(replace(posting, version=posting.version + 1))
            ledger = replace(ledger, version=ledger.version + 1, entries={**ledger.entries, **dict(changed)})
            events = tuple(_event(key, entry, ledger.currency, now) for key, entry in changed)
            told = AppendEvents(seller, posting_ref(number), moved.version, events)
            store.commit([SaveMoney(ledger), SavePosting(moved), told])
        return ledger, changed

    ledger, changed = decide_anew(once)
    done.compared += len(changed)
    done.differing += sum(entry.accrual is not AccrualState.MATCHES for _, entry in changed)
    return ledger is not None and any(
        entry.state is EntryState.RESERVED
        or (entry.state is EntryState.REFUNDED and entry.accrual is AccrualState.NONE)
        for entry in ledger.entries.values()
    )


def _comparison(charged: _Charged, ledger: MoneyLedger, now: datetime) -> tuple[Comparison, tuple[Marks, ...]]:
    """The accruals held against a ledger, and what else was refunded of the posting, as far as that matters."""
    moved = movements(ledger, charged.round.store, now)
    comparison = Comparison(moved, charged.accruals, charged.round.kinds, ledger.currency)
    return comparison, charged.round.others.marks(charged.number, moved) if comparison.needs_others else ()


def _settle_unknown(charged: _Charged) -> int:
    """A decision whose answer never came is settled by its own return's read; where that leaves it open, it was carried
    out if the marketplace charged the seller for it and for nothing else. Returns how many were settled."""
    ledger = charged.round.store.money(charged.round.seller, charged.number)
    settled = 0
    for key, entry in list(ledger.entries.items()) if ledger else []:
        if entry.state is not EntryState.RESERVED or entry.kind is EntryKind.POSTAGE:
            continue
        intent = charged.round.store.intent(charged.round.seller, key)
        if intent is None or not waits_for_proof(intent):
            continue
        try:
            settled += _settle_one(charged, intent, entry)
        except VersionConflictError:
            continue  # settled meanwhile by somebody else
    return settled


def _settle_one(charged: _Charged, intent: Intent, entry: Entry) -> bool:
    store, clock = charged.round.store, charged.round.clock
    try:
        shown = aggregate_of(intent).read(intent, store=store, marketplace=charged.round.marketplace, clock=clock)
    except CredentialsRejectedError:
        raise
    except ShipbyError:
        shown = None  # it cannot be read now: the accruals may show it all the same
    seen = intent.read_back if shown is None else shown.read_back
    if shown is not None and shown.done:
        return _confirm(intent, shown.text, seen, store, clock)
    # The read may have folded something into the ledger (its return, its posting).
    ledger = store.money(charged.round.seller, charged.number)
    if ledger is None or (shown is not None and not moved_on(intent, shown)):
        return False
    comparison, others = _comparison(charged, ledger, clock.now())
    match comparison.proof(intent.id, others):
        case Proof.PROVEN:
            text = f"the marketplace charged {Money(entry.minor, ledger.currency)} for it: its accruals show it"
            return _confirm(intent, text, {**seen, "accrued": entry.minor}, store, clock)
        case Proof.AMBIGUOUS:
            problem = (
                f"{Money(entry.minor, ledger.currency)} were charged, which may be for it or for another refund of the "
                "same amount: equal amounts prove nothing"
            )
            _open_case(
                charged, f"{intent.id}: {problem}; look at the return in the cabinet, then settle it", clock.now()
            )
    return False


def _confirm(intent: Intent, text: str, seen: Mapping[str, Json], store: Store, clock: Clock) -> bool:
    finish(intent, IntentState.CONFIRMED, text, store=store, clock=clock, read_back=seen, actor=actors.ACCRUALS)
    return True


def _tell(charged: _Charged, changed: Sequence[tuple[str, Entry]], currency: str, now: datetime) -> None:
    """Differences are a person's matter; the case is opened first, so that a crash behind it loses nothing."""
    problems = [
        f"{key}: {_problem(entry, currency)}"
        for key, entry in changed
        if entry.accrual is not AccrualState.MATCHES and not _expected(entry)
    ]
    if problems:
        where = f"compare GET /v1/refunds/{charged.number} with the cabinet's accruals"
        _open_case(charged, f"{'; '.join(problems)}; {where}", now)


def _expected(entry: Entry) -> bool:
    """Nobody has to look where the marketplace itself gave money back, and what it charged is in another currency."""
    return entry.kind is EntryKind.OBSERVED and entry.accrual is AccrualState.NOT_COMPARABLE


def _problem(entry: Entry, currency: str) -> str:
    ours = Money(entry.minor, currency)
    match entry.accrual:
        case AccrualState.DIFFERS:
            return f"our ledger says {ours}, the marketplace charged {Money(entry.accrued, currency)}"
        case AccrualState.AMBIGUOUS:
            return f"our ledger says {ours}, and what was charged may be for it or for another refund"
        case AccrualState.NOT_COMPARABLE:
            return f"our ledger says {ours}, and the marketplace charged in another currency: that is not comparable"
    return f"our ledger says {ours}, and the marketplace charged nothing for it in {MISSING_AFTER.days} days"


def _open_case(charged: _Charged, reason: str, now: datetime) -> None:
    open_case(
        charged.round.store,
        seller=charged.round.seller,
        kind=CaseKind.MONEY,
        subject=charged.number,
        reason=reason,
        now=now,
        actor=actors.ACCRUALS,
    )


def _event(key: str, entry: Entry, currency: str, now: datetime) -> Event:
    data: dict[str, Json] = {"entry": key, "accrual": entry.accrual, "cost_borne_by": entry.cost_borne_by}
    if entry.charge_known:
        data["accrued"] = {"amount": Money(entry.accrued, currency).amount, "currency": currency}
    return Event(type=EventType.MONEY_ACCRUED, at=now, actor=actors.ACCRUALS, data=data)
