"""Endpoints are made, changed, paused, resumed and deleted; each change has an actor, an event, and is idempotent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shipby.application.cases.opening import closing
from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.ports.webhooks.out import KeepsSecrets, WebhookRows
from shipby.application.ports.writes import AppendEvents, SaveWatch, Write
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.application.shared.views import time_text
from shipby.application.webhooks.tools import find_endpoint
from shipby.domain.cases.case import CaseKind
from shipby.domain.errors import InvalidInputError, NotFoundError, PreconditionFailedError, StageMismatchError
from shipby.domain.events import Event, EventType, watch_ref
from shipby.domain.json_types import Json
from shipby.domain.webhooks.endpoint import (
    KEPT_WAITING,
    LONGEST_OVERLAP,
    MOST,
    STARTS_AFTER,
    Endpoint,
    EndpointState,
    check_types,
    endpoint_id,
    watch_of,
)
from shipby.domain.webhooks.signing import new_secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Who asks, and what it takes; `refused` says of an address why it is never called."""

    seller: str
    actor: str
    store: Store
    rows: WebhookRows
    secrets: KeepsSecrets
    clock: Clock
    refused: Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What an endpoint is."""

    url: str
    types: tuple[str, ...] = ()
    comment: str = ""


def endpoint_view(endpoint: Endpoint) -> dict[str, Json]:
    """As API clients see it; no secret is in it."""
    live: list[Json] = [{"number": number, "until": time_text(until)} for number, until in endpoint.secrets]
    kinds: list[Json] = list(endpoint.types)
    return {
        "id": endpoint.id,
        "version": endpoint.version,
        "url": endpoint.url,
        "types": kinds,
        "comment": endpoint.comment or None,
        "state": endpoint.state,
        "problem": endpoint.problem or None,
        "failing_since": time_text(endpoint.failing_since),
        "tried_again_at": time_text(endpoint.next_alarm.due) if endpoint.next_alarm else None,
        "paused_at": time_text(endpoint.paused_at),
        "paused_by": endpoint.paused_by or None,
        "made_at": time_text(endpoint.made_at),
        "made_by": endpoint.made_by or None,
        "complete_from": time_text(endpoint.made_at + STARTS_AFTER),
        "secrets": live,
    }


def load(desk: Desk, identifier: str) -> Endpoint:
    """Raises NotFoundError."""
    endpoint = find_endpoint(desk.seller, identifier, desk.store)
    if endpoint is None:
        raise NotFoundError(f"there is no webhook {identifier[:40]}; see GET /v1/webhooks")
    return endpoint


def all_of(desk: Desk) -> list[Endpoint]:
    """All of a seller's, oldest first: they are few."""
    found = [find_endpoint(desk.seller, one, desk.store) for one in desk.rows.endpoint_ids(desk.seller)]
    return sorted(filter(None, found), key=lambda one: one.made_at)


def list_endpoints(desk: Desk) -> dict[str, Json]:
    """As API clients see them."""
    items: list[Json] = [endpoint_view(one) for one in all_of(desk)]
    return {"items": items, "next_cursor": None}


def make(desk: Desk, wanted: Wanted, remember: Remember) -> Answer:
    """Make an endpoint. Its secret is in this answer alone. Raises InvalidInputError."""
    types = check_types(wanted.types)
    _check_url(desk, wanted.url)
    if len(desk.rows.endpoint_ids(desk.seller)) >= MOST:
        raise InvalidInputError(f"{MOST} webhooks are the most", errors=[("url", "delete one that is not used")])
    now, secret = desk.clock.now(), new_secret()
    endpoint = Endpoint(
        seller=desk.seller,
        id=endpoint_id(desk.seller, wanted.url, now),
        version=1,
        url=wanted.url,
        types=types,
        comment=wanted.comment,
        made_at=now,
        made_by=desk.actor,
        checked_at=now,
    )
    # First what a delivery needs: an endpoint that is there can be signed for, and is heard of.
    desk.secrets.keep(desk.seller, endpoint.id, 1, secret)
    desk.rows.note_endpoint(desk.seller, endpoint.id)
    kept = Answer(201, {**endpoint_view(endpoint), "secret": None})
    desk.store.commit([*_saved(desk, endpoint, "made", "", now), *remember(kept)])
    return Answer(201, {**kept.body, "secret": secret})


def change(desk: Desk, identifier: str, wanted: Wanted, if_match: int, remember: Remember) -> Answer:
    """Replace address, types and comment. Raises NotFoundError, PreconditionFailedError, InvalidInputError."""
    types = check_types(wanted.types)
    _check_url(desk, wanted.url)
    endpoint = load(desk, identifier)
    if endpoint.version != if_match:
        raise PreconditionFailedError(f"webhook {identifier} is at version {endpoint.version}, you have {if_match}")
    now = desk.clock.now()
    changed = replace(endpoint, version=endpoint.version + 1, url=wanted.url, types=types, comment=wanted.comment)
    answer = Answer(200, endpoint_view(changed))
    desk.store.commit([*_saved(desk, changed, "changed", "", now), *remember(answer)])
    return answer


def pause(desk: Desk, identifier: str, reason: str, remember: Remember) -> Answer:
    """Send nothing until somebody resumes it; what comes waits. Again changes nothing."""

    def once() -> Answer:
        endpoint, now = load(desk, identifier), desk.clock.now()
        if endpoint.state is EndpointState.PAUSED:
            return Answer(200, endpoint_view(endpoint))
        changed = replace(
            endpoint,
            version=endpoint.version + 1,
            state=EndpointState.PAUSED,
            paused_at=now,
            paused_by=desk.actor,
            next_alarm=None,
        )
        answer = Answer(200, endpoint_view(changed))
        desk.store.commit([*_saved(desk, changed, "paused", reason, now), *remember(answer)])
        return answer

    return decide_anew(once)


def resume(desk: Desk, identifier: str, reason: str, remember: Remember) -> Answer:
    """Send what waits, in order, and what comes. Closes its case. Raises StageMismatchError where it is not paused."""

    def once() -> Answer:
        endpoint, now = load(desk, identifier), desk.clock.now()
        if endpoint.state is not EndpointState.PAUSED:
            raise StageMismatchError(f"webhook {identifier} is {endpoint.state}, not paused")
        changed = replace(
            endpoint,
            version=endpoint.version + 1,
            # What waits goes first: until then what comes waits with it.
            state=EndpointState.FAILING,
            failures=1,
            failing_since=None,
            problem="",
            paused_at=None,
            paused_by="",
            draining_until=None,
        )
        answer = Answer(200, endpoint_view(changed))
        over = closing(
            desk.store,
            seller=desk.seller,
            kind=CaseKind.WEBHOOK,
            subject=identifier,
            resolution="the webhook is resumed",
            now=now,
            actor=desk.actor,
        )
        asked = _asked(desk, "drain", now, reason)
        desk.store.commit([*_saved(desk, changed, "resumed", reason, now, asked), *over, *remember(answer)])
        return answer

    return decide_anew(once)


def rotate(desk: Desk, identifier: str, overlap: timedelta, remember: Remember) -> Answer:
    """A new secret; every message is signed with both until the overlap is over. Raises InvalidInputError."""
    if not timedelta() <= overlap <= LONGEST_OVERLAP:
        problem = f"0 to {LONGEST_OVERLAP.days} days"
        raise InvalidInputError("both secrets cannot live for so long", errors=[("overlap", problem)])
    secret = new_secret()

    def once() -> Answer:
        endpoint, now = load(desk, identifier), desk.clock.now()
        number = max(one for one, _ in endpoint.secrets) + 1
        former = [(one, until) for one, until in endpoint.secrets if until is None or until > now][-1:]
        ending = tuple((one, min(until or now + overlap, now + overlap)) for one, until in former if overlap)
        changed = replace(endpoint, version=endpoint.version + 1, secrets=(*ending, (number, None)))
        desk.secrets.keep(desk.seller, identifier, number, secret)
        kept = Answer(201, {**endpoint_view(changed), "secret": None})
        desk.store.commit([*_saved(desk, changed, "rotated", "", now), *remember(kept)])
        gone = [one for one, _ in endpoint.secrets if one not in dict(changed.secrets)]
        desk.secrets.forget(desk.seller, identifier, gone)
        return Answer(201, {**kept.body, "secret": secret})

    return decide_anew(once)


def delete(desk: Desk, identifier: str, reason: str, remember: Remember) -> Answer:
    """It gets nothing any more, and what waited is dropped. Its history stays. Raises NotFoundError."""

    def once() -> Answer:
        endpoint, now = load(desk, identifier), desk.clock.now()
        gone = replace(endpoint, version=endpoint.version + 1, deleted_at=now, next_alarm=None)
        answer = Answer(200, endpoint_view(gone))
        over = closing(
            desk.store,
            seller=desk.seller,
            kind=CaseKind.WEBHOOK,
            subject=identifier,
            resolution="the webhook is deleted",
            now=now,
            actor=desk.actor,
        )
        desk.store.commit([*_saved(desk, gone, "deleted", reason, now), *over, *remember(answer)])
        desk.rows.drop_endpoint(desk.seller, identifier)
        desk.secrets.forget(desk.seller, identifier, [number for number, _ in endpoint.secrets])
        return answer

    return decide_anew(once)


def ask_test(desk: Desk, identifier: str, remember: Remember) -> Answer:
    """Have a test message sent; how it went stands in the log of deliveries a moment later."""
    return _ask(desk, identifier, "test", "", {}, remember)


def ask_replay(desk: Desk, identifier: str, since: datetime, reason: str, remember: Remember) -> Answer:
    """Have everything since a time sent again, in order. Raises InvalidInputError for a time too far away."""
    now = desk.clock.now()
    if since.tzinfo is None or not now - KEPT_WAITING <= since <= now:
        problem = f"a time with its zone, of the last {KEPT_WAITING.days} days"
        raise InvalidInputError("it cannot be replayed from there", errors=[("since", problem)])
    return _ask(desk, identifier, "replay", reason, {"since": since.isoformat()}, remember)


def _ask(desk: Desk, identifier: str, task: str, reason: str, data: dict[str, Json], remember: Remember) -> Answer:
    def once() -> Answer:
        endpoint, now = load(desk, identifier), desk.clock.now()
        if task == "replay" and endpoint.state is EndpointState.PAUSED:
            raise StageMismatchError(f"webhook {identifier} is paused: resume it first")
        asked = replace(endpoint, version=endpoint.version + 1)
        event = _asked(desk, task, now, reason, **data)
        answer = Answer(200, endpoint_view(asked))
        desk.store.commit([SaveWatch(watch_of(asked, now)), _told(asked, event), *remember(answer)])
        return answer

    return decide_anew(once)


def _asked(desk: Desk, task: str, now: datetime, reason: str, **data: Json) -> Event:
    asked: dict[str, Json] = {"task": task, **data}
    return Event(type=EventType.WEBHOOK_ASKED, at=now, actor=desk.actor, reason=reason, data=asked)


def _check_url(desk: Desk, url: str) -> None:
    if problem := desk.refused(url):
        raise InvalidInputError(f"this address cannot get webhooks: {problem}", errors=[("url", problem)])


def _told(endpoint: Endpoint, *events: Event) -> AppendEvents:
    return AppendEvents(endpoint.seller, watch_ref(endpoint.watch_id), endpoint.version, events)


def _saved(desk: Desk, endpoint: Endpoint, what: str, reason: str, now: datetime, *more: Event) -> list[Write]:
    data: dict[str, Json] = {"what": what, "url": endpoint.url}
    event = Event(type=EventType.WEBHOOK_CHANGED, at=now, actor=desk.actor, reason=reason, data=data)
    return [SaveWatch(watch_of(endpoint, now)), _told(endpoint, event, *more)]
