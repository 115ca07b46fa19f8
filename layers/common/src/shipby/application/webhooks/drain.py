"""What waited for an endpoint goes, thing by thing, in one worker's hand; and what follows for the endpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shipby.application.cases.opening import open_case
from shipby.application.ports.writes import AppendEvents, SaveWatch
from shipby.application.shared.retry import decide_anew
from shipby.application.webhooks.deliver import Visited, log, next_events, visit
from shipby.application.webhooks.tools import Tools, find_endpoint, save_quietly
from shipby.domain import actors
from shipby.domain.cases.case import CaseKind
from shipby.domain.errors import VersionConflictError
from shipby.domain.events import Event, EventType, Ref, watch_ref
from shipby.domain.webhooks.endpoint import (
    GIVE_UP_AFTER,
    KEPT_WAITING,
    Endpoint,
    EndpointState,
    due_at,
    failed,
    watch_of,
    well,
)
from shipby.domain.webhooks.lane import LEASED_FOR, Lane, first_lane

PAGE = 50
"""Things that are looked at together; their tries are one row of the log."""
IN_VAIN = 3
"""So many things in a row without any delivery, and the endpoint is away: the others are not tried."""
DEAD_KEPT = timedelta(days=30)


@dataclass(slots=True)
class _Tally:
    delivered: int = 0
    failed: int = 0
    problem: str = ""
    again: list[datetime] = field(default_factory=list)
    left: set[Ref] = field(default_factory=set)

    def add(self, ref: Ref, visited: Visited) -> None:
        self.delivered += visited.delivered
        if visited.left:
            self.left.add(ref)
            self.failed += int(bool(visited.problem))
            self.problem = visited.problem or self.problem
            if visited.again_at:
                self.again.append(visited.again_at)


def drain(seller: str, identifier: str, tools: Tools, *, until: datetime) -> str:
    """Deliver what waits for an endpoint, until a time of ours is over; then it goes on at its next alarm, at once.

    Returns drained, more, failing, paused, busy or gone. Raises VersionConflictError: decide again.
    """
    endpoint = decide_anew(lambda: _take(seller, identifier, tools, until))
    if endpoint is None:
        return "gone"
    if endpoint.draining_until != until:
        return "busy"
    tally, more = _Tally(), False
    for refs in _pages(endpoint, tools):
        visits = _visit_all(refs, endpoint, tools, tally)
        done = [ref for ref, visited in visits if visited is not None and not visited.left]
        # What came meanwhile was marked before this look, or finds no mark and makes one.
        tools.rows.unmark(seller, identifier, done)
        _mark_again(done, endpoint, tools)
        attempts = [attempt for _, visited in visits if visited for attempt in visited.attempts]
        if attempts:
            log(endpoint, attempts, tools)
        if not tally.delivered and tally.failed >= IN_VAIN:
            break
        if tools.clock.now() >= until:
            more = True
            break
    return decide_anew(lambda: _conclude(seller, identifier, tally, tools, more=more))


def _take(seller: str, identifier: str, tools: Tools, until: datetime) -> Endpoint | None:
    now = tools.clock.now()
    found = find_endpoint(seller, identifier, tools.store)
    if found is None or found.state is EndpointState.PAUSED:
        return None
    if found.draining_until is not None and found.draining_until > now - LEASED_FOR:
        return found
    # A worker that dies with it is followed by the next alarm.
    ours = replace(
        found,
        version=found.version + 1,
        state=EndpointState.FAILING,
        draining_until=until,
        next_alarm=due_at(until + LEASED_FOR),
    )
    save_quietly(ours, tools.store, now)
    return ours


def _pages(endpoint: Endpoint, tools: Tools) -> Iterator[Sequence[Ref]]:
    cursor: str | None = None
    while True:
        page = tools.rows.marked(endpoint.seller, endpoint.id, limit=PAGE, cursor=cursor)
        if page.items:
            yield page.items
        if page.cursor is None:
            return
        cursor = page.cursor


def _visit_all(
    refs: Sequence[Ref], endpoint: Endpoint, tools: Tools, tally: _Tally
) -> list[tuple[Ref, Visited | None]]:
    """The first ones alone, for as long as nothing was taken: an endpoint that is away is not tried by all of them."""
    found: list[tuple[Ref, Visited | None]] = []

    def one(ref: Ref) -> tuple[Ref, Visited | None]:
        return ref, _visit(ref, endpoint, tools)

    # Those that never failed first: three that no receiver likes must not look like a receiver that is away.
    lanes = {ref: tools.rows.lane(endpoint.seller, endpoint.id, ref) for ref in refs}
    rest = sorted(refs, key=lambda ref: lane.attempts if (lane := lanes[ref]) else 0)
    while rest and not tally.delivered and tally.failed < IN_VAIN:
        _add(one(rest.pop(0)), found, tally)
    if not tally.delivered:
        return found
    for result in _mapped(one, rest, tools.parallel):
        _add(result, found, tally)
    return found


def _add(result: tuple[Ref, Visited | None], found: list[tuple[Ref, Visited | None]], tally: _Tally) -> None:
    found.append(result)
    ref, visited = result
    if visited is not None:
        tally.add(ref, visited)


def _mapped(
    work: Callable[[Ref], tuple[Ref, Visited | None]], refs: Sequence[Ref], parallel: int
) -> list[tuple[Ref, Visited | None]]:
    if parallel <= 1 or len(refs) <= 1:
        return [work(ref) for ref in refs]
    with ThreadPoolExecutor(parallel, thread_name_prefix="webhook") as pool:
        return list(pool.map(work, refs))


def _visit(ref: Ref, endpoint: Endpoint, tools: Tools) -> Visited | None:
    """None where a lane is in another hand: its mark stays."""
    now = tools.clock.now()
    lane = tools.rows.lane(endpoint.seller, endpoint.id, ref) or first_lane(endpoint, ref, now)
    if lane.leased(now):
        return Visited(left=True, again_at=lane.leased_until)
    if lane.again_at is not None and lane.again_at > now and endpoint.failures == 0:
        return Visited(left=True, again_at=lane.again_at)
    try:
        return _without_the_dead(visit(lane, endpoint, tools), ref, endpoint, tools)
    except VersionConflictError:
        return None


def _without_the_dead(visited: Visited, ref: Ref, endpoint: Endpoint, tools: Tools) -> Visited:
    """A delivery that failed for three days, while others of the endpoint went, is given up: the next one is tried."""
    if not visited.left or endpoint.failures:
        return visited
    lane = tools.rows.lane(endpoint.seller, endpoint.id, ref)
    now = tools.clock.now()
    if lane is None or lane.failing_since is None or now - lane.failing_since < GIVE_UP_AFTER:
        return visited
    pending = next_events(lane, endpoint, tools)
    if not pending:
        return visited
    entry = {**visited.attempts[-1].view, "failing_since": lane.failing_since.isoformat(), "attempts": lane.attempts}
    tools.rows.add_dead(endpoint.seller, endpoint.id, now, entry, gone_at=now + DEAD_KEPT)
    beyond: Lane = replace(
        lane,
        number=lane.number + 1,
        version=pending[0].version,
        index=pending[0].index,
        attempts=0,
        failing_since=None,
        again_at=None,
    )
    tools.rows.put_lane(beyond)
    return replace(visited, left=len(pending) > 1, again_at=now)


def _mark_again(refs: Sequence[Ref], endpoint: Endpoint, tools: Tools) -> None:
    """What was written between the last look and the end of the mark: its own message may have found the mark."""
    now = tools.clock.now()
    for ref in refs:
        lane = tools.rows.lane(endpoint.seller, endpoint.id, ref)
        if lane is not None and next_events(lane, endpoint, tools):
            tools.rows.mark(endpoint.seller, endpoint.id, ref, gone_at=now + KEPT_WAITING)


def _conclude(seller: str, identifier: str, tally: _Tally, tools: Tools, *, more: bool) -> str:
    found = find_endpoint(seller, identifier, tools.store)
    if found is None or found.state is EndpointState.PAUSED:
        return "gone"
    now = tools.clock.now()
    if more:
        on = replace(found, version=found.version + 1, draining_until=None, next_alarm=due_at(now))
        save_quietly(replace(on, failures=0, failing_since=None) if tally.delivered else on, tools.store, now)
        return "more"
    fresh, left = _marks_besides(tally.left, found, tools)
    if tally.failed and not tally.delivered and (tally.failed > 1 or fresh or found.failures > 1):
        return _fails(found, tally.problem, tools, now)
    # One thing alone that fails is no receiver that is away: what comes of others is sent at once.
    again = now if fresh else min(tally.again, default=now) if left else None
    save_quietly(well(found, again), tools.store, now)
    return "drained"


def _marks_besides(known: set[Ref], endpoint: Endpoint, tools: Tools) -> tuple[bool, bool]:
    """Whether anything waits that was not looked at, and whether anything waits at all."""
    some = False
    for refs in _pages(endpoint, tools):
        some = True
        if any(ref not in known for ref in refs):
            return True, True
    return False, some


def _fails(endpoint: Endpoint, problem: str, tools: Tools, now: datetime) -> str:
    changed = failed(endpoint, problem, now)
    if changed.state is not EndpointState.PAUSED:
        save_quietly(changed, tools.store, now)
        return "failing"
    event = Event(
        type=EventType.WEBHOOK_CHANGED, at=now, actor=actors.WEBHOOKS, reason=problem[:300], data={"what": "paused"}
    )
    ref = watch_ref(changed.watch_id)
    tools.store.commit(
        [SaveWatch(watch_of(changed, now)), AppendEvents(endpoint.seller, ref, changed.version, (event,))]
    )
    open_case(
        tools.store,
        seller=endpoint.seller,
        kind=CaseKind.WEBHOOK,
        subject=endpoint.id,
        reason=f"webhook {endpoint.id} took nothing for {GIVE_UP_AFTER.days} days and is paused: {problem}. What comes "
        f"waits; mend the receiver and POST /v1/webhooks/{endpoint.id}/resume",
        now=now,
        actor=actors.WEBHOOKS,
    )
    return "paused"
