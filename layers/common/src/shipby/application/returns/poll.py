"""One polling round over both of the marketplace's lists of returns; no push tells of any."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from shipby.application.cases.odd_entries import (
    Listed,
    close_readable,
    keep_odd_entries,
    note_unread,
    noting,
    set_aside_of,
)
from shipby.application.ports.clock import Clock
from shipby.application.ports.marketplace import Marketplace
from shipby.application.ports.messages import WorkQueue
from shipby.application.ports.pages import Page
from shipby.application.ports.postings import PostingReads
from shipby.application.ports.returns import ReturnReads
from shipby.application.ports.store import Store
from shipby.application.returns.automatic import decide_by_itself
from shipby.application.returns.sync import apply_return_facts, keep_return_case, link_return
from shipby.application.shared.messages import sync_message
from shipby.application.shared.paging import every
from shipby.application.shared.troubles import Troubles
from shipby.domain.cases.case import CaseKind
from shipby.domain.errors import (
    ActionNotOfferedError,
    CredentialsRejectedError,
    UnreadableAnswerError,
)
from shipby.domain.postings.posting import Posting
from shipby.domain.returns.return_case import FBS_PREFIX, ReturnCase, ReturnSource
from shipby.domain.skew import ahead

GOODS_REPORT = "goods_returns"
"""A small row a day: up to when changes of FBS goods were read."""
GOODS_LOOK_BACK = timedelta(days=90)
"""What the first round of a day reads, so that storage costs and scrapping dates, which move without a change of state,
are a day old at most, and nothing that a round missed stays missed."""
GOODS_OLDEST = timedelta(days=365)
"""The first round of a day goes back to the oldest FBS return that is open here, but no further than this."""
UNREAD_FOR = timedelta(hours=24)
UNLISTED_REPORT = "returns-unlisted"
"""A small row a day: how far the day's walk through open rFBS returns has come that the list does not show any more."""
A_VISIT = 50
"""Returns that one visit of that walk looks at."""
OVERLAP = timedelta(hours=1)
"""Every other round reads what changed since the round before, and this much more: the two clocks may differ."""


@dataclass(frozen=True, slots=True)
class PolledReturns:
    """Returns that were looked at. `goods` is None where the key may not read them."""

    rfbs: int
    goods: int | None
    linked: int


def poll_returns(
    seller: str, *, store: Store, marketplace: Marketplace, queue: WorkQueue, clock: Clock
) -> PolledReturns:
    """Fold both lists, carry out what the policy wants, and link what waits for its posting.

    One return that fails stops neither the others nor the other list; the first failure is raised at the end.
    """
    now, troubles = clock.now(), Troubles()
    rfbs, linked, goods = 0, 0, None
    with noting() as odd:
        with troubles.of("returns"):
            seen = _fold_rfbs(seller, troubles, store=store, marketplace=marketplace, clock=clock)
            rfbs = len(seen)
            _fold_unlisted(seller, seen, troubles, store=store, marketplace=marketplace, clock=clock)
        with troubles.of("goods returns"):
            try:
                goods = _fold_goods(seller, troubles, store=store, marketplace=marketplace, clock=clock)
            except (CredentialsRejectedError, ActionNotOfferedError):
                # Everything else was read with the same key: one that may not call this is no failure.
                goods = None
    with troubles.of("odd returns"):
        keep_odd_entries(seller, odd, store=store, now=now)
        if not troubles.found:
            close_readable(seller, odd, odd.whole, store=store, now=now)
    with troubles.of("cases of returns"):
        linked = _look_after_cases(seller, troubles, store=store, queue=queue, clock=clock)
    troubles.settle()
    return PolledReturns(rfbs, goods, linked)


def _fold_rfbs(seller: str, troubles: Troubles, *, store: Store, marketplace: Marketplace, clock: Clock) -> set[str]:
    """Ids of the returns that the list shows."""
    seen, last_id = set[str](), 0
    while True:
        with noting() as odd:
            page = marketplace.returns(last_id=last_id)
        wanted: dict[str, str | None] = {listed.id: listed.state for listed in page.items}
        # Its own read may say more of a return than an odd entry does.
        aside = set_aside_of(odd, Listed.RETURN)
        wanted |= dict.fromkeys((one for one in aside if one.isdigit() and len(one) < 20), None)
        for return_id, state in wanted.items():
            with troubles.of(f"return {return_id}"):
                _fold_one(seller, return_id, state, store=store, marketplace=marketplace, clock=clock)
            seen.add(return_id)
        if page.cursor is None:
            return seen
        last_id = int(page.cursor)


def _fold_unlisted(
    seller: str, seen: Collection[str], troubles: Troubles, *, store: Store, marketplace: Marketplace, clock: Clock
) -> None:
    """Open rFBS returns that are older than the list goes back are read by themselves, once a day."""
    now = clock.now()
    row = store.report(seller, UNLISTED_REPORT, now.date()) or {}
    if row.get("done"):
        return
    cursor = str(row["cursor"]) if row.get("cursor") else None
    page = store.returns_in(seller, open_only=True, limit=A_VISIT, cursor=cursor)
    for return_id in page.items:
        case = store.return_case(seller, return_id) if return_id not in seen else None
        if case is None or case.source is not ReturnSource.RFBS or now - case.synced_at < UNREAD_FOR:
            continue
        with troubles.of(f"return {return_id}"):
            _fold_one(seller, return_id, None, store=store, marketplace=marketplace, clock=clock)
    store.save_report(seller, UNLISTED_REPORT, now.date(), {"cursor": page.cursor, "done": page.cursor is None})


def _fold_one(
    seller: str, return_id: str, state: str | None, *, store: Store, marketplace: Marketplace, clock: Clock
) -> None:
    known = store.return_case(seller, return_id)
    wrong = known is not None and ahead(known.synced_at, clock.now())
    if state is not None and known is not None and not wrong and (known.state, known.open) == (state, False):
        return
    try:
        # The list has neither the offered actions nor the reasons to reject.
        facts = marketplace.return_details(return_id)
    except UnreadableAnswerError as error:
        note_unread(Listed.RETURN, return_id, error)
        return
    _after(apply_return_facts(seller, facts, store=store, clock=clock), store=store, clock=clock)


def _fold_goods(seller: str, troubles: Troubles, *, store: Store, marketplace: Marketplace, clock: Clock) -> int:
    began = clock.now()
    before = store.report(seller, GOODS_REPORT, began.date())
    until = datetime.fromisoformat(str(before["until"])) if before else None
    # A window that ends in the future was moved on by a wrong clock: what came meanwhile lies before it.
    since = _first_of_day(seller, began, store) if until is None or ahead(until, began) else until - OVERLAP
    count, last_id, failed = 0, 0, len(troubles.found)
    with noting() as odd:
        while True:
            page = marketplace.goods_returns(since=since, last_id=last_id)
            for facts in page.items:
                with troubles.of(f"return {facts.id}"):
                    _after(apply_return_facts(seller, facts, store=store, clock=clock), store=store, clock=clock)
                count += 1
            if page.cursor is None:
                break
            last_id = int(page.cursor)
    if len(troubles.found) == failed and not set_aside_of(odd, Listed.GOODS_RETURN):
        # Only a round that read and kept everything moves the window on.
        store.save_report(seller, GOODS_REPORT, began.date(), {"until": began.isoformat()})
    return count


def _first_of_day(seller: str, began: datetime, store: ReturnReads) -> datetime:
    """Back to the oldest FBS return that is open here: no read tells of a single one."""
    oldest = began - GOODS_LOOK_BACK
    for return_id in every(lambda cursor: store.returns_in(seller, open_only=True, limit=200, cursor=cursor)):
        if return_id.startswith(FBS_PREFIX) and (case := store.return_case(seller, return_id)) is not None:
            oldest = min(oldest, case.opened_at)
    return max(oldest, began - GOODS_OLDEST)


def _after(case: ReturnCase, *, store: Store, clock: Clock) -> None:
    keep_return_case(case, store=store, clock=clock)
    if case.open:
        decide_by_itself(case.seller, case.id, store=store, clock=clock)


def _look_after_cases(seller: str, troubles: Troubles, *, store: Store, queue: WorkQueue, clock: Clock) -> int:
    """Returns that a person was told of: their postings are asked for, and they are linked once these are there."""

    def page(cursor: str | None) -> Page[str]:
        return store.cases_in(seller, open_only=True, limit=200, cursor=cursor)

    linked, wanted = 0, list[str]()
    for identifier in list(every(page)):
        matter = store.case(seller, identifier)
        if matter is None or matter.kind is not CaseKind.RETURN:
            continue
        with troubles.of(f"case of return {matter.subject}"):
            case = store.return_case(seller, matter.subject)
            if case is None:
                continue  # a task about its goods, such as the one for a supplier, is a person's
            if link_return(seller, case.id, store=store, clock=clock):
                linked += 1
            elif case.open and not case.linked and case.posting_number:
                wanted.append(case.posting_number)
            keep_return_case(store.return_case(seller, case.id) or case, store=store, clock=clock)
    now = clock.now()
    queue.send(
        sync_message(seller, number, hinted_at=now, why="return")
        for number in wanted
        if _unknown(store, seller, number)
    )
    return linked


def _unknown(store: PostingReads, seller: str, number: str) -> bool:
    known: Posting | None = store.posting(seller, number)
    return known is None
