"""One polling round over both of the marketplace's lists of returns; no push tells of any."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from shipby.application.auto_return import decide_by_itself
from shipby.application.paging import every
from shipby.application.ports import Clock, Marketplace, Page, Store, WorkQueue
from shipby.application.route_events import sync_message
from shipby.application.sync_return import apply_return_facts, keep_return_case, link_return
from shipby.domain.errors import ActionNotOfferedError, CredentialsRejectedError
from shipby.domain.posting import Posting
from shipby.domain.records import CaseKind
from shipby.domain.returns import ReturnCase
from shipby.domain.skew import ahead

GOODS_REPORT = "goods_returns"
"""A small row a day: up to when changes of FBS goods were read."""
GOODS_LOOK_BACK = timedelta(days=90)
"""What the first round of a day reads, so that storage costs and scrapping dates, which move without a change of state,
are a day old at most, and nothing that a round missed stays missed."""
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
    """Fold both lists, carry out what the policy wants, and link what waits for its posting."""
    rfbs = _fold_rfbs(seller, store=store, marketplace=marketplace, clock=clock)
    try:
        goods: int | None = _fold_goods(seller, store=store, marketplace=marketplace, clock=clock)
    except (CredentialsRejectedError, ActionNotOfferedError):
        # Everything else was read with the same key: one that may not call this is no failure.
        goods = None
    linked = _look_after_cases(seller, store=store, queue=queue, clock=clock)
    return PolledReturns(rfbs, goods, linked)


def _fold_rfbs(seller: str, *, store: Store, marketplace: Marketplace, clock: Clock) -> int:
    count, last_id = 0, 0
    while True:
        page = marketplace.returns(last_id=last_id)
        for listed in page.items:
            known = store.return_case(seller, listed.id)
            wrong = known is not None and ahead(known.synced_at, clock.now())
            if known is None or wrong or (known.state, known.open) != (listed.state, False):
                # The list has neither the offered actions nor the reasons to reject.
                facts = marketplace.return_details(listed.id)
                _after(apply_return_facts(seller, facts, store=store, clock=clock), store=store, clock=clock)
            count += 1
        if page.cursor is None:
            return count
        last_id = int(page.cursor)


def _fold_goods(seller: str, *, store: Store, marketplace: Marketplace, clock: Clock) -> int:
    began = clock.now()
    before = store.report(seller, GOODS_REPORT, began.date())
    until = datetime.fromisoformat(str(before["until"])) if before else None
    # A window that ends in the future was moved on by a wrong clock: what came meanwhile lies before it.
    since = began - GOODS_LOOK_BACK if until is None or ahead(until, began) else until - OVERLAP
    count, last_id = 0, 0
    while True:
        page = marketplace.goods_returns(since=since, last_id=last_id)
        for facts in page.items:
            _after(apply_return_facts(seller, facts, store=store, clock=clock), store=store, clock=clock)
            count += 1
        if page.cursor is None:
            break
        last_id = int(page.cursor)
    # Only a round that saw every page moves the window on.
    store.save_report(seller, GOODS_REPORT, began.date(), {"until": began.isoformat()})
    return count


def _after(case: ReturnCase, *, store: Store, clock: Clock) -> None:
    keep_return_case(case, store=store, clock=clock)
    if case.open:
        decide_by_itself(case.seller, case.id, store=store, clock=clock)


def _look_after_cases(seller: str, *, store: Store, queue: WorkQueue, clock: Clock) -> int:
    """Returns that a person was told of: their postings are asked for, and they are linked once these are there."""

    def page(cursor: str | None) -> Page[str]:
        return store.cases_in(seller, open_only=True, limit=200, cursor=cursor)

    linked, wanted = 0, list[str]()
    for identifier in list(every(page)):
        matter = store.case(seller, identifier)
        if matter is None or matter.kind is not CaseKind.RETURN:
            continue
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


def _unknown(store: Store, seller: str, number: str) -> bool:
    known: Posting | None = store.posting(seller, number)
    return known is None
