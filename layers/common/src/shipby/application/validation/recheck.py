"""Every open order is checked anew where a rule or a card has changed: in parts, each a message of its own.

Changes that come within seconds of each other are one walk: it begins a moment after the first of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from shipby.application.cases.held import commit
from shipby.application.ports.clock import Clock
from shipby.application.ports.matters import WatchReads
from shipby.application.ports.messages import QueueMessage
from shipby.application.ports.papers import BenchReads
from shipby.application.ports.postings import PostingReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, Commits, SavePosting, SaveWatch, Write
from shipby.application.shared.paging import every
from shipby.application.shared.retry import decide_anew
from shipby.application.validation.check import Checked, check, is_checked, marked, verdict_on
from shipby.domain import actors
from shipby.domain.cases.watch import Watch
from shipby.domain.cases.watches import CHECKS
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.events import Event, EventType, posting_ref, watch_ref
from shipby.domain.packing.cards import ProductCard
from shipby.domain.postings.posting import BEFORE_HAND_OVER, MarketplacePosting, Posting, Stage
from shipby.domain.sellers.check_rules import OF_CARDS
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.validation.limits import DropOffLimits
from shipby.domain.validation.mismatch import Verdict

PART = 200
"""Orders of one message: read in a few requests, and committed one by one where their verdict is another one."""
BEGINS_AFTER = timedelta(seconds=15)
"""How long after the first change the walk begins."""
SURELY_AHEAD = timedelta(seconds=10)
"""So long after it the walk has surely not begun: what changes until then is in it."""
_STAGES = (*sorted(BEFORE_HAND_OVER), Stage.BLOCKED, Stage.EXPIRED)


def ask_recheck(seller: str, why: str, *, store: WatchReads, now: datetime, actor: str) -> list[Write]:
    """What has all open orders checked anew, for the transaction that changes a rule or a card; nothing where a walk
    that will see it is about to begin."""
    known = store.watch(seller, CHECKS)
    if known is not None and timedelta() <= now - known.checked_at < SURELY_AHEAD:
        return []
    watch = known or Watch(seller=seller, id=CHECKS, version=0, checked_at=now)
    asked = replace(watch, version=watch.version + 1, checked_at=now, state=why)
    event = Event(type=EventType.CHECKS_DUE, at=now, actor=actor, reason=why)
    return [SaveWatch(asked), AppendEvents(seller, watch_ref(CHECKS), asked.version, (event,))]


def card_matters(before: ProductCard | None, after: ProductCard, settings: SellerSettings) -> bool:
    """Whether a card's change may be another verdict on an open order."""
    if not any(rule.check in OF_CARDS for rule in settings.check_rules):
        return False
    if before is None:
        return True
    return (before.weight_g, before.sides_mm, before.offer_id) != (after.weight_g, after.sides_mm, after.offer_id)


def parts_of(seller: str, *, store: PostingReads) -> Iterator[QueueMessage]:
    """The walk, as messages of so many orders each."""
    numbers = [
        item.number
        for stage in _STAGES
        for item in every(lambda cursor, stage=stage: store.worklist(seller, stage, limit=500, cursor=cursor))  # type: ignore[misc]  # bound per turn
    ]
    for start in range(0, len(numbers), PART):
        body = {"seller": seller, "task": "recheck", "postings": list(numbers[start : start + PART])}
        yield QueueMessage(body=body, group=seller)


def recheck(seller: str, numbers: Sequence[str], *, store: Store, clock: Clock) -> int:
    """Check these orders anew; how many have another verdict. Safe to repeat.

    What they are held against is read once for all of them; only what changes is read again, and decided anew where
    somebody else changed it meanwhile.
    """
    settings = store.settings(seller) or SellerSettings(seller=seller)
    found = store.postings_with_details(seller, numbers)
    cards = _cards(seller, [detail for _, detail in found.values() if detail is not None], settings, store)
    changed, now = 0, clock.now()
    limits: dict[str, DropOffLimits | None] = {}
    for number, (posting, detail) in found.items():
        if detail is None:
            continue
        verdict = Verdict()
        if is_checked(posting, settings):
            verdict = verdict_on(posting, detail, settings, store=store, now=now, cards=cards, memo=limits)
        if marked(posting, verdict, settings) != posting:
            changed += _again(seller, number, settings, store=store, clock=clock)
    return changed


def _cards(
    seller: str, details: Sequence[MarketplacePosting], settings: SellerSettings, store: BenchReads
) -> dict[str, ProductCard]:
    if not any(rule.check in OF_CARDS for rule in settings.check_rules):
        return {}
    skus = dict.fromkeys(line.sku for detail in details for line in detail.lines)
    return dict(store.product_cards_of(seller, list(skus)))


def _again(seller: str, number: str, settings: SellerSettings, *, store: Store, clock: Clock) -> bool:
    def once() -> bool:
        posting = store.posting(seller, number)
        detail = store.detail(seller, number, of=posting) if posting is not None else None
        if posting is None or detail is None:
            return False
        done = check(posting, detail, settings, store=store, now=clock.now(), actor=actors.CHECKS)
        if done.posting == posting:
            return False
        _commit(posting, done, store, clock.now())
        return True

    return decide_anew(once)


def _commit(posting: Posting, done: Checked, store: Commits, now: datetime) -> None:
    changed = rewind(replace(done.posting, version=posting.version + 1))
    # Every version has its event, also where a stop is lifted and the verdict is the same.
    silent = Event(type=EventType.POSTING_CHANGED, at=now, actor=actors.CHECKS, reason="the checks are other ones")
    events = AppendEvents(posting.seller, posting_ref(posting.number), changed.version, done.events or (silent,))
    commit(store, [SavePosting(changed), events, *done.writes])
