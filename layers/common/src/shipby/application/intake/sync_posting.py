"""Read a posting from the marketplace and fold what it says into the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from typing import TypeAlias

from shipby.application.cases.held import commit
from shipby.application.cases.not_accepted import not_accepted_writes
from shipby.application.cases.odd_entries import Listed, OddEntry, keep_odd_entries, note_unread, noting
from shipby.application.intake.goods import with_goods
from shipby.application.intake.split_money import (
    cancelled_lines,
    made_up,
    money_of_family,
    part_pointer,
    parts_unread,
)
from shipby.application.intake.what_follows import address_kept, follow, learn, shadow_notes
from shipby.application.ports.clock import Clock
from shipby.application.ports.marketplace import Marketplace
from shipby.application.ports.postings import PostingReads
from shipby.application.ports.sellers import Pushes
from shipby.application.ports.store import Store
from shipby.application.ports.writes import (
    AppendEvents,
    AppendTracking,
    ClaimPointer,
    SaveDetail,
    SaveMoney,
    SavePosting,
    Write,
)
from shipby.application.postings.book_outcome import book_outcome
from shipby.application.shared.paging import every
from shipby.application.shared.retry import ATTEMPTS, decide_anew
from shipby.domain import pointers
from shipby.domain.deadlines.fold import MARKETPLACE, Folded, fold, open_ledger, receive
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.errors import NotFoundError, UnreadableAnswerError, VersionConflictError
from shipby.domain.events import Event, EventType, posting_ref
from shipby.domain.json_types import Json
from shipby.domain.postings.inbox import PushState
from shipby.domain.postings.odd_reads import carried_over, for_a_person
from shipby.domain.postings.posting import MarketplacePosting, Posting, moves_only, offered_text
from shipby.domain.refunds.ledger import OBSERVED_CANCEL, OBSERVED_ITEMS, EntryKind
from shipby.domain.refunds.moves import left_of_own
from shipby.domain.refunds.payers import circumstances, who_pays
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.skew import CLOCK_SKEW, age, ahead, read_time, runs_behind

SKEW = timedelta(seconds=1)
"""How far the clocks of two of our own workers may lie apart."""
HINT_LASTS = timedelta(minutes=15)
"""As long as a queue holds a message back. A read is not held to cover an older hint: its clock may stand behind."""
PATIENT = ATTEMPTS - 3
"""Tries after which a posting is stored without waiting for goods that many want at this moment."""
EVER = datetime.min.replace(tzinfo=UTC)
"""Kind of the pointer from a tracking number to its posting."""


@dataclass(frozen=True, slots=True)
class Synced:
    """What a sync did: created, changed, unchanged, coalesced, unknown to the marketplace, or set_aside (with a case)
    because what the marketplace says of it cannot be read: then nothing has changed here."""

    outcome: str
    posting: Posting | None = None
    related: tuple[str, ...] = ()
    """Numbers the marketplace relates to this posting (a split) that are not known yet."""


Beside: TypeAlias = Callable[
    [Posting, MarketplacePosting, datetime], tuple[Posting, tuple[Event, ...], Sequence[Write]] | None
]
"""What a read settles beside what it changes: of the posting as it was folded, and of the facts, the posting as it is
saved, further events and writes of the same transaction; None where it settles nothing. It is asked at every try."""


def sync_posting(
    seller: str,
    number: str,
    *,
    hinted_at: datetime | None,
    store: Store,
    marketplace: Marketplace,
    clock: Clock,
    again: bool = False,
    schema: str = "",
) -> Synced:
    """Re-read one posting and apply the facts.

    Skipped (coalesced) if the posting was read after the hint came, as far as the clocks can be believed. A number the
    marketplace does not know quarantines the pushes that named it; so does a push that came with a time to come, once
    its posting was read. `again`: the hint was worked on before, and failed in part: what is related is named anew.
    """
    known = store.posting(seller, number)
    if known is not None and hinted_at is not None and _covered(hinted_at, known, clock.now()):
        detail = store.detail(seller, number, of=known) if again else None
        return Synced("coalesced", known, _unknown_related(seller, detail, store))
    try:
        facts, synced = read_and_fold(seller, number, schema=schema, store=store, marketplace=marketplace, clock=clock)
    except NotFoundError:
        if known is not None:
            raise
        if hinted_at is not None:
            _quarantine(seller, number, hinted_at, "the marketplace does not know this posting number", store=store)
        return Synced("unknown")
    except UnreadableAnswerError as error:
        with noting() as odd:
            note_unread(Listed.POSTING, number, error)
        keep_odd_entries(seller, odd, store=store, now=clock.now())
        return Synced("set_aside", known)
    now = clock.now()
    if hinted_at is not None and ahead(hinted_at, now) and not runs_behind(facts, now):
        # Nothing tells later whether such a push came before this read; it did.
        problem = f"it came with a time that lay ahead of {now:%Y-%m-%d %H:%M} UTC; its posting was read"
        _quarantine(seller, number, hinted_at, problem, store=store, after=now + CLOCK_SKEW)
    return synced


def _covered(hinted_at: datetime, known: Posting, now: datetime) -> bool:
    """Whether the newest read began after the hint. At the same moment, or by a clock that is wrong, nobody knows."""
    if ahead(known.synced_at, now) or age(hinted_at, now) > HINT_LASTS:
        return False
    return known.synced_at > hinted_at + SKEW


def read_and_fold(
    seller: str,
    number: str,
    *,
    store: Store,
    marketplace: Marketplace,
    clock: Clock,
    schema: str = "",
    noted: bool = True,
    beside: Beside | None = None,
) -> tuple[MarketplacePosting, Synced]:
    """Read a posting and fold what it shows; read it again where nobody can tell which read is newer.

    `noted` and `beside` as in `apply_facts`.
    Raises what the marketplace's reads raise; VersionConflictError if others folded theirs in during every read.
    """
    since, tries = None, 0
    while True:
        facts, tries = marketplace.posting(number), tries + 1
        if schema and not facts.delivery_schema:
            facts = replace(facts, delivery_schema=schema)
        try:
            synced = apply_facts(
                seller,
                facts,
                store=store,
                clock=clock,
                since=since,
                noted=noted,
                beside=beside,
                marketplace=marketplace,
            )
            return facts, synced
        except _UnknownOrderError as error:
            if tries == ATTEMPTS:
                told = f"posting {number} was read by a wrong clock, and others read it since: read it again"
                raise VersionConflictError(told) from error
            since = error.version


class _UnknownOrderError(Exception):
    """The newest read folded in counts as unknown in time, and others may have been folded in since this one began."""

    def __init__(self, version: int) -> None:
        self.version = version


def apply_facts(
    seller: str,
    read: MarketplacePosting,
    *,
    store: Store,
    clock: Clock,
    since: int | None = None,
    noted: bool = True,
    beside: Beside | None = None,
    marketplace: Marketplace | None = None,
) -> Synced:
    """Fold one read of the marketplace into the store, whoever made it.

    What it could not make out stays as it was read last; what a person needs of it opens a case. `since` is the version
    that the posting had before the read began, where that is known: where the time of the newest read is unknown and
    the posting is not at this version, nobody knows which read is older, and `read_and_fold` makes it again. `noted`
    False: a read that changes nothing is not noted, for another one follows at once; whoever waits for a read reads it
    himself. `beside` is asked where something changed, `marketplace` for the limits of a drop-off that a rule looks at.
    """
    settings = store.settings(seller) or SellerSettings(seller=seller)
    learn(read, settings, store=store, marketplace=marketplace, clock=clock)
    whole = carried_over(read, store.detail(seller, read.number)) if read.odd else read
    tired = chain(repeat(False, PATIENT), repeat(True))

    def once() -> Synced:
        known = store.posting(seller, read.number)
        now = clock.now()
        if known is not None and known.version != since and ahead(known.synced_at, now):
            raise _UnknownOrderError(known.version)
        facts = read_by(whole, known, now)
        over = known.synced_at if known is not None and facts.read_at < known.synced_at else None
        before = store.detail(seller, facts.number, of=known) if known is not None else None
        facts = address_kept(facts, before, known)
        folded = _folded(known, facts, before, settings, store=store, now=now)
        folded, goods = with_goods(folded, known, facts, before, settings, store=store, now=now, later=next(tired))
        if folded is None:
            assert known is not None  # noqa: S101  # only fold() returns None
            return _unchanged(known, facts, noted=noted, store=store)
        folded = replace(folded, posting=_as_listed(folded.posting, facts, before))
        folded, follows = follow(folded, before, facts, settings, first=known is None, store=store, now=now)
        folded, also = _with(beside, folded, facts, now)
        writes = [*_writes(seller, folded, facts, first=known is None, over=over, store=store), *follows, *also]
        writes += shadow_notes(folded, settings)
        writes += _detail(seller, before, facts)
        if known is not None:
            # The marketplace saw it leave where nobody scanned it.
            told = facts.delivering_date
            writes += book_outcome(known, folded.posting, now, tariff=facts.tariff_steps, told=told)
        writes += not_accepted_writes(known, folded.posting, settings, store=store, now=now, actor=MARKETPLACE)
        commit(store, [*writes, *goods])
        return Synced("created" if known is None else "changed", folded.posting)

    # First: behind the commit a crash would leave it out for good, as the message that comes again finds nothing to do.
    if reason := for_a_person(whole):
        asked = OddEntry(kind=Listed.POSTING, id=whole.number, method="read by itself", problem=reason)
        keep_odd_entries(seller, [asked], store=store, now=clock.now())
    synced = decide_anew(once)
    return Synced(synced.outcome, synced.posting, _unknown_related(seller, read, store))


def _unchanged(known: Posting, facts: MarketplacePosting, *, noted: bool, store: Store) -> Synced:
    if noted and facts.read_at > known.synced_at:
        store.mark_synced(known.seller, facts.number, facts.read_at)
        made_up(facts, seller=known.seller, store=store)
    return Synced("unchanged", known)


def _folded(
    known: Posting | None,
    facts: MarketplacePosting,
    before: MarketplacePosting | None,
    settings: SellerSettings,
    *,
    store: PostingReads,
    now: datetime,
) -> Folded | None:
    """What a read makes of a posting; None where it changes nothing."""
    if known is not None:
        return fold(known, facts, settings, at=now) or _details_moved(known, facts, before, at=now)
    parent = store.posting(settings.seller, facts.parent_number) if facts.parent_number else None
    return receive(facts, seller=settings.seller, settings=settings, at=now, parent=parent)


def _as_listed(posting: Posting, facts: MarketplacePosting, before: MarketplacePosting | None) -> Posting:
    """With what lists and steps need of the facts without reading them."""
    goods = posting.goods
    if not goods or before is None or before.lines != facts.lines:
        from shipby.domain.postings.goods import goods_text  # at births and splits alone: cold starts

        goods = goods_text(facts.lines)
    return replace(
        posting,
        offered=offered_text(facts.actions),
        goods=goods,
        delivery_method_id=facts.delivery_method_id,
        entries_wanted=any(facts.requirements.values()),
    )


def _detail(seller: str, before: MarketplacePosting | None, facts: MarketplacePosting) -> list[Write]:
    """The facts, with the words that they are found by, where more has moved than the posting itself keeps."""
    if before is not None and moves_only(before, facts):
        return []
    from shipby.domain.postings.words import new_words  # as above

    return [SaveDetail(seller, facts, new_words(before, facts))]


def _with(
    beside: Beside | None, folded: Folded, facts: MarketplacePosting, now: datetime
) -> tuple[Folded, Sequence[Write]]:
    settled = beside(folded.posting, facts, now) if beside is not None else None
    if settled is None:
        return folded, ()
    posting, events, writes = settled
    return replace(folded, posting=posting, events=(*folded.events, *events)), writes


def _unknown_related(seller: str, facts: MarketplacePosting | None, store: PostingReads) -> tuple[str, ...]:
    numbers = facts.related_numbers if facts is not None else ()
    return tuple(number for number in numbers if store.posting(seller, number) is None)


def read_by(facts: MarketplacePosting, known: Posting | None, now: datetime) -> MarketplacePosting:
    """The facts with the time of their read as far as it can be believed.

    A worker whose clock stands behind, as the marketplace's own dates show, does not take the time of the last read
    back: pushes that came since would look older than they are.
    """
    if known is not None and facts.read_at < known.synced_at and runs_behind(facts, now):
        return replace(facts, read_at=known.synced_at)
    read_at = read_time(facts.read_at, known.synced_at if known else None, now)
    return facts if read_at == facts.read_at else replace(facts, read_at=read_at)


def _details_moved(
    known: Posting, facts: MarketplacePosting, detail: MarketplacePosting | None, *, at: datetime
) -> Folded | None:
    """What is offered or required may change while status and dates stand: people and intents decide from it."""
    if facts.read_at < known.synced_at:
        return None
    if detail is not None and replace(detail, read_at=facts.read_at) == facts:
        return None
    data: dict[str, Json] = {"status": facts.status, "substatus": facts.substatus}
    event = Event(type=EventType.POSTING_CHANGED, at=at, actor=MARKETPLACE, reason="details", data=data)
    changed = rewind(replace(known, version=known.version + 1, synced_at=facts.read_at))
    return Folded(changed, (event,))


def _writes(
    seller: str, folded: Folded, facts: MarketplacePosting, *, first: bool, over: datetime | None, store: Store
) -> list[Write]:
    posting = folded.posting
    writes: list[Write] = [
        SavePosting(posting, over),
        AppendEvents(seller, posting_ref(posting.number), posting.version, folded.events),
    ]
    if folded.cancelled and not first:
        from shipby.application.postings.exemplars import released  # only a cancel needs it: cold starts

        writes += released(seller, posting.number, store=store)
    if first and facts.parent_number:
        from shipby.application.postings.exemplars import inherited  # only a part of a split needs it: cold starts

        writes += inherited(facts, seller, store=store)
    stored = None if first else store.money(seller, posting.number)
    # The first read may come without products: the ledger opens with the first read that has them.
    opened = stored or open_ledger(facts, seller=seller)
    ledger, of_family = money_of_family(opened, facts, store) if opened is not None else (None, [])
    writes += of_family
    if first:
        writes += part_pointer(facts, seller=seller, store=store)
    kept = ledger if stored is not None else None
    gone = {} if first or ledger is None or folded.cancelled else cancelled_lines(ledger, facts, store)
    if ledger is not None and (folded.cancelled or gone) and ledger.available > 0:
        rule = who_pays(circumstances(EntryKind.OBSERVED, posting, facts))
        own = left_of_own(ledger, facts, parts_unread=parts_unread(ledger, facts, store)) if folded.cancelled else gone
        booked = ledger.observe(
            OBSERVED_CANCEL if folded.cancelled else f"{OBSERVED_ITEMS}.{posting.version}",
            ledger.available if own is None else sum(own.values()),
            borne_by=rule.cost_borne_by,
            lines=ledger.left_of_lines() if own is None else own,
            at=facts.read_at,
            rule=rule.id,
        )
        # A ledger that is born and booked in one transaction is still its first version.
        writes.append(SaveMoney(booked if kept else replace(booked, version=1)))
    elif ledger is not None and kept is None:
        writes.append(SaveMoney(ledger))
    elif kept is not None and folded.cancelled:
        # Nothing is left to book. Saved all the same: what an intent frees meanwhile is booked by whoever comes second.
        writes.append(SaveMoney(replace(kept, version=kept.version + 1)))
    elif kept is not None and kept != stored:
        writes.append(SaveMoney(replace(kept, version=kept.version + 1)))
    if folded.tracking is not None:
        writes.append(AppendTracking(folded.tracking))
        # Several postings may travel in one parcel: the marketplace may repeat a number, we may not.
        if store.find(seller, pointers.TRACKING, folded.tracking.new) in (None, posting.number):
            writes.append(ClaimPointer(seller, pointers.TRACKING, folded.tracking.new, posting.number))
    return writes


def _quarantine(
    seller: str, number: str, hinted_at: datetime, problem: str, *, store: Pushes, after: datetime = EVER
) -> None:
    for push in list(every(lambda cursor: store.pushes_on(seller, hinted_at.date(), cursor=cursor))):
        if push.posting_number == number and push.state is PushState.RECEIVED and push.received_at > after:
            store.quarantine_push(push, problem)
