"""Delivering: each thing's events in order, one try each; what fails waits for the endpoint's next alarm.

A delivery writes its lane twice, to take it and to move its mark, and a line of the log: three write units. While an
endpoint fails, what comes is only marked, once a thing; what waited then goes in one worker's hand, so the mark, the
lane and the mark's end are three again. Sending comes before the lane moves: a crash in between repeats a
delivery, with the same `webhook-id`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shipby.application.ports.webhooks.out import Heard
from shipby.application.shared.retry import decide_anew
from shipby.application.webhooks.tools import Tools, find_endpoint, save_quietly
from shipby.domain.errors import InvalidInputError, NotFoundError, NotReadyYetError, VersionConflictError
from shipby.domain.events import Ref, StoredEvent
from shipby.domain.webhooks.catalogue import payload
from shipby.domain.webhooks.endpoint import KEPT_WAITING, Endpoint, EndpointState, backoff, failed
from shipby.domain.webhooks.lane import LANE_KEPT, LEASED_FOR, Attempt, Lane, first_lane, waiting
from shipby.domain.webhooks.signing import message_id, signed_headers

LOG_KEPT = timedelta(days=14)
VISIT = timedelta(seconds=40)
"""No try of a visit begins later than this: the lane is taken for longer, and a function's time is short."""
_STALE = timedelta(seconds=10)
"""What was read of an endpoint longer ago than this is read again before anything is sent."""


@dataclass(frozen=True, slots=True)
class Visited:
    """What one visit of a lane did. `left`: something still waits there."""

    attempts: tuple[Attempt, ...] = ()
    left: bool = False
    again_at: datetime | None = None

    @property
    def delivered(self) -> int:
        return sum(attempt.delivered for attempt in self.attempts)

    @property
    def problem(self) -> str:
        return next((each.problem for each in self.attempts if not each.delivered), "")


def deliver(seller: str, ref: Ref, tools: Tools) -> str:
    """Bring what is new of a thing to every endpoint of its seller.

    Returns delivered, waits, or nothing. Raises NotReadyYetError where another worker is at it, after the others.
    """
    outcomes: list[str] = []
    busy: NotReadyYetError | None = None
    for identifier in tools.rows.endpoint_ids(seller):
        try:
            outcomes.append(_to_endpoint(seller, identifier, ref, tools))
        except NotReadyYetError as error:
            busy = error
    if busy is not None:
        raise busy
    return next((each for each in ("waits", "delivered") if each in outcomes), "nothing")


def _to_endpoint(seller: str, identifier: str, ref: Ref, tools: Tools) -> str:
    endpoint = find_endpoint(seller, identifier, tools.store)
    if endpoint is None:
        return "nothing"
    read_at = tools.clock.now()
    lane = tools.rows.lane(seller, identifier, ref) or first_lane(endpoint, ref, read_at)
    if not next_events(lane, endpoint, tools):
        return "nothing"
    if endpoint.state is not EndpointState.LIVE or (lane.again_at and lane.again_at > read_at):
        # What was marked before this event was read again by whoever ends the mark, after its end.
        if not tools.rows.is_marked(seller, identifier, ref):
            tools.rows.mark(seller, identifier, ref, gone_at=read_at + KEPT_WAITING)
        return "waits"
    if lane.leased(read_at):
        raise NotReadyYetError(f"another worker delivers {ref.kind} {ref.id} to webhook {identifier}", retry_after=5)
    taken = replace(lane, number=lane.number + 1, leased_until=read_at + LEASED_FOR)
    if not tools.rows.put_lane(taken):
        raise NotReadyYetError(f"another worker delivers {ref.kind} {ref.id} to webhook {identifier}", retry_after=5)
    if tools.clock.now() - read_at > _STALE:
        tools.rows.put_lane(replace(taken, number=taken.number + 1, leased_until=None))
        raise NotReadyYetError("the endpoint was read too long ago to send by it", retry_after=1)
    # Again, now that nobody else moves the mark: another worker may have been here since.
    visited = visit(taken, endpoint, tools)
    if visited.attempts:
        log(endpoint, visited.attempts, tools)
    if not visited.left:
        return "delivered"
    tools.rows.mark(seller, identifier, ref, gone_at=tools.clock.now() + KEPT_WAITING)
    _fails(endpoint, visited.problem or "not all of it could be sent in time", tools)
    return "waits"


def next_events(lane: Lane, endpoint: Endpoint, tools: Tools) -> list[StoredEvent]:
    """What goes next on a lane, from the history."""
    history = tools.store.events(lane.seller, lane.ref, after_version=max(lane.version - 1, 0))
    return waiting(lane, endpoint, history, tools.clock.now())


def visit(lane: Lane, endpoint: Endpoint, tools: Tools) -> Visited:
    """Send what goes next on a lane that is in our hand, until a try fails or the time is over; then let it go.

    Raises VersionConflictError where the lane was taken over: the other one goes on from the same mark.
    """
    began = tools.clock.now()
    at, attempts, left, fails = lane, [], False, False
    for stored in next_events(lane, endpoint, tools):
        if tools.clock.now() - began > VISIT:
            left = True
            break
        attempt = send(stored, endpoint, tools)
        attempts.append(attempt)
        if not attempt.delivered:
            left = fails = True
            break
        at = replace(at, version=stored.version, index=stored.index, attempts=0, failing_since=None, again_at=None)
    now = tools.clock.now()
    if fails:
        again = now + backoff(at.attempts + 1)
        at = replace(at, attempts=at.attempts + 1, failing_since=at.failing_since or now, again_at=again)
    freed = replace(at, number=lane.number + 1, leased_until=None, gone_at=now + LANE_KEPT)
    if not tools.rows.put_lane(freed):
        raise VersionConflictError(f"the lane of {lane.ref.kind} {lane.ref.id} was taken over meanwhile")
    return Visited(tuple(attempts), left=left, again_at=freed.again_at or (now if left else None))


def send(stored: StoredEvent, endpoint: Endpoint, tools: Tools) -> Attempt:
    """One try of one event."""
    body = payload(stored)
    return send_body(body, stored.id, stored.event.type, message_id(stored.seller, stored.id), endpoint, tools)


def send_body(body: bytes, event_id: str, kind: str, identifier: str, endpoint: Endpoint, tools: Tools) -> Attempt:
    """One try of any message, signed with every live secret."""
    began = tools.clock.now()
    try:
        live = [tools.secrets.secret(endpoint.seller, endpoint.id, one) for one in endpoint.live_secrets(began)]
        headers = signed_headers(identifier, body, began, live)
    except (NotFoundError, InvalidInputError) as error:
        # Somebody deleted or broke the parameter: it fails as a receiver does, and is shown as that is.
        heard = Heard(0, str(error))
    else:
        heard = tools.sender.post(endpoint.url, body, headers)
    problem = heard.problem or ("" if heard.taken else f"the receiver answered {heard.status}")
    return Attempt(
        endpoint=endpoint.id,
        event_id=event_id,
        type=kind,
        message_id=identifier,
        at=began,
        milliseconds=max(0, (tools.clock.now() - began) // timedelta(milliseconds=1)),
        status=heard.status,
        problem=problem,
        delivered=heard.taken,
    )


def log(endpoint: Endpoint, attempts: Sequence[Attempt], tools: Tools) -> None:
    """Keep tries for two weeks, in one row."""
    at = attempts[0].at
    entries = [attempt.view for attempt in attempts]
    tools.rows.add_log(endpoint.seller, endpoint.id, at, entries, gone_at=at + LOG_KEPT)


def _fails(endpoint: Endpoint, problem: str, tools: Tools) -> None:
    """The first failure of a live endpoint: from now on what comes waits, until its alarm."""

    def once() -> None:
        found = find_endpoint(endpoint.seller, endpoint.id, tools.store)
        if found is not None and found.state is EndpointState.LIVE:
            now = tools.clock.now()
            save_quietly(failed(found, problem, now), tools.store, now)

    decide_anew(once)
