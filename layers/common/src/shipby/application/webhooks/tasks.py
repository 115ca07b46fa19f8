"""What the webhook worker is asked for: deliveries, a test message, what waits, everything since a time again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from shipby.application.alarms.repair import aggregates_since
from shipby.application.ports.messages import QueueMessage
from shipby.application.webhooks.deliver import deliver, log, send_body
from shipby.application.webhooks.drain import drain
from shipby.application.webhooks.tools import Tools, find_endpoint
from shipby.domain.errors import InvalidInputError, RetryableError
from shipby.domain.events import AggregateKind, Ref
from shipby.domain.json_types import Json
from shipby.domain.webhooks.catalogue import TEST, test_payload
from shipby.domain.webhooks.endpoint import KEPT_WAITING, Endpoint
from shipby.domain.webhooks.lane import LANE_KEPT, LEASED_FOR, first_lane
from shipby.domain.webhooks.signing import message_id


def work(body: Mapping[str, Json], tools: Tools, again: Callable[[QueueMessage], None], *, until: datetime) -> str:
    """One message of the queue; `again` sends what is left of a task. Raises InvalidInputError on a foreign one."""
    try:
        seller = str(body["seller"])
        match body.get("task"):
            case None:
                return f"webhook_{deliver(seller, Ref(AggregateKind(str(body['kind'])), str(body['id'])), tools)}"
            case "drain":
                return f"drain_{drain(seller, str(body['endpoint']), tools, until=until)}"
            case "test":
                return f"test_{test(seller, str(body['endpoint']), str(body['actor']), str(body['at']), tools)}"
            case "replay":
                since = datetime.fromisoformat(str(body["since"]))
                done = int(str(body.get("done") or 0))
                left = replay(seller, str(body["endpoint"]), since, done, tools, until=until)
                if left is None:
                    return f"replay_{drain(seller, str(body['endpoint']), tools, until=until)}"
                again(QueueMessage(body={**body, "done": left}, group=seller))
                return "replay_more"
            case task:
                raise InvalidInputError(f"{str(task)[:40]!r} is no task of this queue")
    except (KeyError, ValueError) as error:
        raise InvalidInputError(f"not a message about webhooks: {error}") from error


def test(seller: str, identifier: str, actor: str, at: str, tools: Tools) -> str:
    """Send a test message, whatever the endpoint's state, and log how it went. Returns taken, refused or gone."""
    endpoint = find_endpoint(seller, identifier, tools.store)
    if endpoint is None:
        return "gone"
    name = f"TEST/{identifier}/{at}"
    attempt = send_body(
        test_payload(seller, identifier, at, actor), name, TEST, message_id(seller, name), endpoint, tools
    )
    log(endpoint, [attempt], tools)
    return "taken" if attempt.delivered else "refused"


def replay(seller: str, identifier: str, since: datetime, done: int, tools: Tools, *, until: datetime) -> int | None:
    """Set an endpoint's marks back to a time: everything it wants that happened since goes again, in order.

    Walks over what may have an event since then, from the `done`-th on; returns how many were walked over when the time
    is up, None at the end. May be repeated at any point.
    """
    endpoint = find_endpoint(seller, identifier, tools.store)
    if endpoint is None:
        return None
    now = tools.clock.now()
    walked: dict[Ref, None] = dict.fromkeys(aggregates_since(seller, since, now, tools.store))
    for number, ref in enumerate(walked):
        if number < done:
            continue
        if tools.clock.now() >= until:
            return number
        _set_back(endpoint, ref, since, tools)
    return None


def _set_back(endpoint: Endpoint, ref: Ref, since: datetime, tools: Tools) -> None:
    history = tools.store.events(endpoint.seller, ref)
    wanted = [one for one in history if one.event.at >= since and endpoint.wants(one.event.type)]
    if not wanted:
        return
    now = tools.clock.now()
    lane = tools.rows.lane(endpoint.seller, endpoint.id, ref) or first_lane(endpoint, ref, now)
    first = wanted[0]
    if lane.behind(first) and lane.version:
        return  # it waits to be sent anyway
    back = replace(
        lane,
        number=lane.number + 1,
        # Never 0 and nothing: that is a thing the endpoint has not heard of, whose older events are not its own.
        version=first.version if first.index else max(first.version - 1, 1),
        index=first.index - 1 if first.index else (99 if first.version > 1 else -1),
        attempts=0,
        failing_since=None,
        again_at=None,
        leased_until=None,
        gone_at=now + LANE_KEPT,
    )
    tools.rows.mark(endpoint.seller, endpoint.id, ref, gone_at=now + KEPT_WAITING)
    if lane.leased(now) or not tools.rows.put_lane(back):
        raise RetryableError("another worker delivers what is to be set back", retry_after=LEASED_FOR.total_seconds())
