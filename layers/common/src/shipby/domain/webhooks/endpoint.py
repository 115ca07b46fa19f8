"""An endpoint of an integrator: where events go, which of them, and how it fares.

    LIVE --a delivery fails--> FAILING --all goes again--> LIVE
      └── a person ──> PAUSED <── three days of nothing but failures ── FAILING

It is kept as the watch `webhook.<id>`: something of the seller that is looked at again and again, with one alarm.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shipby.domain.cases.watch import Watch
from shipby.domain.errors import InvalidInputError
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import Alarm, RungKind
from shipby.domain.webhooks.catalogue import is_public, matches

WATCH_PREFIX = "webhook."
MOST = 10
"""Endpoints of one seller."""
GIVE_UP_AFTER = timedelta(days=3)
"""For so long a delivery is tried again; then it is a dead letter or, where nothing goes, the endpoint pauses."""
KEPT_WAITING = timedelta(days=14)
"""How long it is remembered what waits for an endpoint, paused or not."""
LONGEST_OVERLAP = timedelta(days=7)
STARTS_AFTER = timedelta(minutes=1)
"""From then on no event is missed: the router asks once in half a minute who listens."""
_PAUSES = (30, 60, 120, 300, 900, 1800, 3600, 7200, 14400, 28800)
"""Seconds between tries; the last one goes on."""


class EndpointState(StrEnum):
    """Whether an endpoint gets its events at once."""

    LIVE = "live"
    FAILING = "failing"
    """The last tries failed: what comes waits, and is tried together at the endpoint's next alarm."""
    PAUSED = "paused"
    """A person's word, or three days of failures: what comes waits for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One address that gets events."""

    seller: str
    id: str
    version: int
    url: str
    types: tuple[str, ...] = ()
    """Types of events, or families such as `posting.*`; none: all of the catalogue."""
    comment: str = ""
    made_at: datetime
    made_by: str
    state: EndpointState = EndpointState.LIVE
    secrets: tuple[tuple[int, datetime | None], ...] = ((1, None),)
    """Numbers of the live secrets, and until when each is; the texts are kept apart."""
    failures: int = 0
    """Tries in a row that ended with nothing delivered."""
    failing_since: datetime | None = None
    problem: str = ""
    paused_at: datetime | None = None
    paused_by: str = ""
    draining_until: datetime | None = None
    """A worker has what waits in hand until then."""
    deleted_at: datetime | None = None
    next_alarm: Alarm | None = None
    checked_at: datetime | None = None

    @property
    def watch_id(self) -> str:
        return f"{WATCH_PREFIX}{self.id}"

    def wants(self, kind: str) -> bool:
        """Whether an event of this type goes there."""
        return is_public(kind) and (not self.types or any(matches(each, kind) for each in self.types))

    def live_secrets(self, now: datetime) -> tuple[int, ...]:
        """Numbers of the secrets to sign with."""
        return tuple(number for number, until in self.secrets if until is None or until > now)


def backoff(failures: int) -> timedelta:
    """How long after so many failures in a row it is tried again."""
    return timedelta(seconds=_PAUSES[min(max(failures, 1), len(_PAUSES)) - 1])


def endpoint_id(seller: str, url: str, at: datetime) -> str:
    return hashlib.sha256(f"{seller}\n{url}\n{at.isoformat()}".encode()).hexdigest()[:16]


def check_types(types: Sequence[str]) -> tuple[str, ...]:
    """As they are kept. Raises InvalidInputError for one that names no type of the catalogue."""
    from shipby.domain.webhooks.catalogue import PUBLIC

    wrong = [each for each in types if not any(matches(each, kind) for kind in PUBLIC)]
    if wrong:
        problem = f"{wrong[0]!r} is no type of the catalogue: see GET /v1/event-types, or name a family, posting.*"
        raise InvalidInputError(problem, errors=[("types", problem)])
    return tuple(sorted(set(types)))


# How it is kept --------------------------------------------------------------------------------------------------


def _text(moment: datetime | None) -> Json:
    return moment.isoformat() if moment else None


def _moment(value: Json) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) and value else None


def watch_of(endpoint: Endpoint, at: datetime) -> Watch:
    """The watch that keeps it."""
    live: list[Json] = [[number, _text(until)] for number, until in endpoint.secrets]
    kinds: list[Json] = list(endpoint.types)
    data: dict[str, Json] = {
        "url": endpoint.url,
        "types": kinds,
        "comment": endpoint.comment,
        "made_at": _text(endpoint.made_at),
        "made_by": endpoint.made_by,
        "secrets": live,
        "failures": endpoint.failures,
        "failing_since": _text(endpoint.failing_since),
        "problem": endpoint.problem,
        "paused_at": _text(endpoint.paused_at),
        "paused_by": endpoint.paused_by,
        "draining_until": _text(endpoint.draining_until),
        "deleted_at": _text(endpoint.deleted_at),
    }
    return Watch(
        seller=endpoint.seller,
        id=endpoint.watch_id,
        version=endpoint.version,
        checked_at=at,
        state=endpoint.state,
        data=data,
        next_alarm=endpoint.next_alarm,
    )


def endpoint_of(watch: Watch) -> Endpoint:
    """The endpoint that a watch keeps."""
    data: Mapping[str, Json] = watch.data
    kinds, live = data.get("types"), data.get("secrets")
    return Endpoint(
        seller=watch.seller,
        id=watch.id.removeprefix(WATCH_PREFIX),
        version=watch.version,
        url=str(data["url"]),
        types=tuple(str(each) for each in kinds) if isinstance(kinds, Sequence) else (),
        comment=str(data.get("comment") or ""),
        made_at=_moment(data["made_at"]) or watch.checked_at,
        made_by=str(data.get("made_by") or ""),
        state=EndpointState(watch.state),
        secrets=tuple(
            (int(str(each[0])), _moment(each[1]))
            for each in (live if isinstance(live, Sequence) and not isinstance(live, str) else ())
            if isinstance(each, Sequence) and not isinstance(each, str)
        ),
        failures=int(str(data.get("failures") or 0)),
        failing_since=_moment(data.get("failing_since")),
        problem=str(data.get("problem") or ""),
        paused_at=_moment(data.get("paused_at")),
        paused_by=str(data.get("paused_by") or ""),
        draining_until=_moment(data.get("draining_until")),
        deleted_at=_moment(data.get("deleted_at")),
        next_alarm=watch.next_alarm,
        checked_at=watch.checked_at,
    )


# How it fares ----------------------------------------------------------------------------------------------------


def due_at(moment: datetime) -> Alarm:
    return Alarm(due=moment, kind=RungKind.WEBHOOK_DUE)


def failed(endpoint: Endpoint, problem: str, now: datetime) -> Endpoint:
    """After a try that delivered nothing: wait longer, or, after three days, pause."""
    since = endpoint.failing_since or now
    changed = replace(
        endpoint,
        version=endpoint.version + 1,
        state=EndpointState.FAILING,
        failures=endpoint.failures + 1,
        failing_since=since,
        problem=problem[:300],
        draining_until=None,
        next_alarm=due_at(now + backoff(endpoint.failures + 1)),
    )
    if now - since < GIVE_UP_AFTER:
        return changed
    return replace(changed, state=EndpointState.PAUSED, paused_at=now, paused_by="", next_alarm=None)


def well(endpoint: Endpoint, again_at: datetime | None) -> Endpoint:
    """After deliveries: live, and rings for what single postings wait for."""
    return replace(
        endpoint,
        version=endpoint.version + 1,
        state=EndpointState.LIVE,
        failures=0,
        failing_since=None,
        problem="",
        draining_until=None,
        next_alarm=due_at(again_at) if again_at else None,
    )
