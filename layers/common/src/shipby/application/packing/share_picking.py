"""Picking by several people: lines are claimed, given back, run out; an empty bin is told in one call."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shipby.application.cases.opening import closing, opening
from shipby.application.packing.pick_lists import PickFilter, pick_list_of, row_view, wanted_numbers
from shipby.application.ports.clock import Clock
from shipby.application.ports.papers import BenchReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import Commits, SaveBenchRow, Write
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.paging import every
from shipby.application.shared.retry import decide_anew, or_decide_anew
from shipby.application.shared.views import time_text
from shipby.domain.cases.case import CaseKind
from shipby.domain.json_types import Json
from shipby.domain.labels.own_labels import PickList
from shipby.domain.packing.pick_claims import (
    CLAIM_FOR,
    EMPTY_BIN,
    EMPTY_FOR,
    Lines,
    PickClaim,
    lines_for,
    lines_of,
)

MOST_LINES = 80
"""Lines of one picker at once: they are claimed in one transaction, and that holds 100 rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinesWish:
    """Somebody goes to fetch so many lines, of the postings that a filter shows."""

    seller: str
    actor: str
    wanted: PickFilter
    most: int


def load_lines(seller: str, *, store: BenchReads, clock: Clock) -> Lines:
    """Who has which line now."""
    claims = every(lambda cursor: store.pick_claims(seller, cursor=cursor))
    return lines_of(claims, clock.now())


def claim_lines(wish: LinesWish, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """The next lines in walking order become this picker's, for half an hour; those they have already come first.

    Two pickers at once never get the same line. The answer has no rows where nothing is left.
    """

    def once() -> Answer:
        now = clock.now()
        picked = _walk(wish.seller, wish.wanted, store, clock)
        lines = load_lines(wish.seller, store=store, clock=clock)
        chosen = lines_for(picked, lines, wish.actor, wish.most)
        claims = [
            PickClaim(
                seller=wish.seller,
                posting_number=number,
                sku=sku,
                version=lines.next_version(number, sku),
                by=wish.actor,
                until=now + CLAIM_FOR,
            )
            for number, sku in chosen
        ]
        mine, walk = lines_of(claims, now), _only(picked, set(chosen))
        rows: list[Json] = [row_view(row, mine) for row in walk.rows]
        pieces = sum(row.quantity for row in walk.rows)
        body: dict[str, Json] = {
            "until": time_text(now + CLAIM_FOR) if claims else None,
            "pieces": pieces,
            "rows": rows,
        }
        answer = Answer(200, body)
        _commit(store, [*(SaveBenchRow(claim) for claim in claims), *remember(answer)])
        return answer

    return decide_anew(once)


def release_lines(seller: str, actor: str, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """All lines that a picker has are anybody's again."""

    def once() -> Answer:
        now = clock.now()
        lines = load_lines(seller, store=store, clock=clock)
        mine = [claim for claim in lines.claims.values() if _is_theirs(claim, lines, actor)][:MOST_LINES]
        answer = Answer(200, {"released": len(mine)})
        given = (SaveBenchRow(replace(claim, version=claim.version + 1, until=now)) for claim in mine)
        _commit(store, [*given, *remember(answer)])
        return answer

    return decide_anew(once)


def report_empty(
    seller: str, sku: str, actor: str, wanted: PickFilter, remember: Remember, *, store: Store, clock: Clock
) -> Answer:
    """A product is not where it should be: its lines are given back, nobody is sent there for twelve hours, a case is
    open, and the answer names the postings that wait for it, earliest cut-off first."""

    def once() -> Answer:
        now = clock.now()
        lines = load_lines(seller, store=store, clock=clock)
        picked = _walk(seller, wanted, store, clock)
        waits = [number for row in picked.rows if row.sku == sku for number, _ in row.postings]
        bins = next((row.bin for row in picked.rows if row.sku == sku), "")
        empty = PickClaim(
            seller=seller,
            posting_number=EMPTY_BIN,
            sku=sku,
            version=lines.next_version(EMPTY_BIN, sku),
            by=actor,
            until=now + EMPTY_FOR,
        )
        theirs = [each for each in lines.claims.values() if each.sku == sku and _is_theirs(each, lines, actor)]
        case, opened = opening(
            store,
            seller=seller,
            kind=CaseKind.BIN_EMPTY,
            subject=sku,
            reason=f"bin {bins or '(none)'} of SKU {sku} is empty; {len(waits)} postings wait for it",
            now=now,
            actor=actor,
        )
        postings: list[Json] = list(waits)
        answer = Answer(200, {"sku": sku, "case": case, "posting_numbers": postings})
        writes: list[Write] = [SaveBenchRow(empty), *opened]
        writes += [SaveBenchRow(replace(one, version=one.version + 1, until=now)) for one in theirs[:MOST_LINES]]
        with or_decide_anew(f"a case of the empty bin of SKU {sku} was opened meanwhile"):
            store.commit([*writes, *remember(answer)])
        return answer

    return decide_anew(once)


def report_filled(seller: str, sku: str, actor: str, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """The product is there again: pickers are sent for it, and its case is closed."""

    def once() -> Answer:
        now = clock.now()
        lines = load_lines(seller, store=store, clock=clock)
        claim = lines.claims.get((EMPTY_BIN, sku))
        was_empty = claim is not None and lines.is_empty(sku)
        writes = closing(
            store, seller=seller, kind=CaseKind.BIN_EMPTY, subject=sku, resolution="filled", now=now, actor=actor
        )
        if claim is not None and was_empty:
            writes = [SaveBenchRow(replace(claim, version=claim.version + 1, until=now)), *writes]
        answer = Answer(200, {"sku": sku, "was_empty": was_empty})
        _commit(store, [*writes, *remember(answer)])
        return answer

    return decide_anew(once)


def _commit(store: Commits, writes: list[Write]) -> None:
    if writes:
        store.commit(writes)


def _is_theirs(claim: PickClaim, lines: Lines, actor: str) -> bool:
    return claim.posting_number != EMPTY_BIN and lines.holder(*claim.line) == actor


def _walk(seller: str, wanted: PickFilter, store: Store, clock: Clock) -> PickList:
    numbers = wanted_numbers(seller, wanted, store=store)
    return pick_list_of(seller, numbers, code="", made_at=clock.now(), store=store)


def _only(picked: PickList, chosen: set[tuple[str, str]]) -> PickList:
    rows = []
    for row in picked.rows:
        postings = tuple((number, pieces) for number, pieces in row.postings if (number, row.sku) in chosen)
        if postings:
            rows.append(replace(row, postings=postings, quantity=sum(pieces for _, pieces in postings)))
    return replace(picked, rows=tuple(rows))
