"""Which of our queues hears of what. The stream router is the only publisher; this table is all it knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shipby.application.ports.messages import QueueMessage
from shipby.application.shared.messages import sync_message
from shipby.domain.deadlines.firing import MISSING
from shipby.domain.events import AggregateKind, EventType, StoredEvent
from shipby.domain.evidence.claim_hints import asks_here
from shipby.domain.initiators import latin
from shipby.domain.intents import TOGETHER
from shipby.domain.json_types import Json
from shipby.domain.postings.inbox import PushRow, PushState
from shipby.domain.postings.posting import RungKind
from shipby.domain.webhooks.catalogue import is_public


class Destination(StrEnum):
    """The work queues that the router feeds; the alarm queue is fed by the sweep, by its worker and by digests."""

    SYNC = "sync"
    LABELS = "labels"
    INTENTS = "intents"
    TRACKING = "tracking"
    NOTIFY = "notify"
    WEBHOOKS = "webhooks"


@dataclass(frozen=True, slots=True)
class Routed:
    """One message and the queue it goes to."""

    destination: Destination
    message: QueueMessage


_FOR_PEOPLE = frozenset(
    {
        EventType.POSTING_RECEIVED,
        EventType.POSTING_CANCELLED,
        EventType.POSTING_BLOCKED,
        EventType.POSTING_REMINDED,
        EventType.POSTING_LATE,
        EventType.POSTING_OVERDUE,
        EventType.POSTING_PRIORITISED,
        EventType.POSTING_CHOICES,
        EventType.BUYER_ANSWERED,
        EventType.POSTING_EXPIRED,
        EventType.POSTING_CUT_OFF_MOVED,
        EventType.POSTING_AMENDED,
        EventType.POSTING_ESCALATED,
        EventType.POSTING_GIVE_UP_SHADOWED,
        EventType.LABEL_FAILED,
        EventType.LABEL_UNPROVEN,
        EventType.CARRIAGE_FAILED,
        EventType.TRACKING_CHANGED,
        EventType.INTENT_REJECTED,
        EventType.INTENT_NEEDS_PERSON,
        EventType.AUTOMATION_HELD,
        EventType.AUTOMATION_SHADOWED,
        EventType.ALARM_SET_ASIDE,
        EventType.PUSH_UNHEALTHY,
        EventType.PUSH_RECOVERED,
        EventType.KEY_EXPIRES_SOON,
        EventType.KEY_REJECTED,
        EventType.INDEX_BAND_CHANGED,
        EventType.CASE_OPENED,
        EventType.CASE_REMINDED,
        EventType.NOTICE_UNDELIVERABLE,
        EventType.RETURN_OPENED,
        EventType.RETURN_REMINDED,
        EventType.RETURN_OVERDUE,
        EventType.RETURN_DECIDED,
        EventType.INTENT_PROPOSED,
        EventType.CANCEL_REQUEST_OPENED,
        EventType.CANCEL_REQUEST_REMINDED,
        EventType.CANCEL_REQUEST_OVERDUE,
        EventType.CLAIM_OPENED,
        EventType.CLAIM_REMINDED,
        EventType.CLAIM_EXPIRED,
    }
)
"""Events somebody has to hear of."""
_LATE = frozenset({EventType.POSTING_LATE, EventType.POSTING_OVERDUE})
_READ_AGAIN = frozenset(
    {
        RungKind.AUTO_CANCEL_ESTIMATE,
        RungKind.GIVE_UP_AT,
        RungKind.DELIVERY_BY,
        RungKind.TARIFF_STEP,
        RungKind.NOT_ACCEPTED_BY,
        RungKind.REPORT_BY,
        RungKind.LOOK_AGAIN,
    }
)
"""Rungs at which the marketplace may have acted without a push: only a fresh read proves what is still possible. After
a step of the tariff it brings the one beyond those that a posting keeps."""
_MAY_ASSEMBLE = frozenset({EventType.POSTING_CONFIRMED, EventType.POSTING_PACKED})
"""Steps after which a posting may be shipped by itself, where the seller's policy wants that."""
_FOR_LABEL_WORKER: Mapping[EventType, tuple[str, str]] = {
    EventType.PRINT_REQUESTED: ("print", "job"),
    EventType.PRINT_EXPIRED: ("expire", "job"),
    EventType.CARRIAGE_REQUESTED: ("carriage", "carriage"),
    EventType.CARRIAGE_CHECK_DUE: ("carriage", "carriage"),
    EventType.PACK_REQUESTED: ("pack", "pack"),
    EventType.PACK_EXPIRED: ("drop_pack", "pack"),
}
"""Event -> the label worker's task, and the name under which its message holds the aggregate's id."""
_TO_BUYER: Mapping[EventType, str] = {EventType.BUYER_ASK_DUE: "ask", EventType.BUYER_TELL_DUE: "tell"}
"""Event -> the notice worker's task that writes to the buyer."""
_FOR_INTENT_WORKER = frozenset({EventType.INTENT_CREATED, EventType.INTENT_CHECK_DUE})


_FOR_NUMBERS = frozenset(
    {
        EventType.NUMBERS_UPLOADED,
        EventType.NUMBERS_STARTED,
        EventType.NUMBERS_ADVANCED,
        EventType.NUMBERS_CHECK_DUE,
    }
)
"""Steps of a job of tracking numbers: each brings the next."""


_FOR_STOCK: Mapping[EventType, str] = {
    EventType.STOCK_UNTOLD: "stock_tell",
    EventType.STOCK_COMPARE_ASKED: "stock_compare",
}
"""Event of a shop's watch -> the tracking worker's task."""


_READ_FOR_CANCEL_REQUEST = frozenset(
    {EventType.CANCEL_REQUEST_OPENED, EventType.CANCEL_REQUEST_OVERDUE, EventType.CANCEL_REQUEST_CLOSED}
)
"""Its posting is read again, and the request too while it is open."""
_RECHECK_AFTER = 15
"""Seconds: cards that are changed one after the other are one walk over the open orders; `validation.recheck` counts
on it."""
_AFTER_OVERDUE = 60
"""Seconds."""


NEW_MESSAGE = "TYPE_NEW_MESSAGE"


_BUYER_WRITES_ON = 25
"""Seconds; a buyer who has just written is let finish: `messages.read_chats` waits for so long."""


def _is_buyers(push: PushRow) -> bool:
    """Said by anybody in a chat with a buyer; the worker sees by whom, and whether the shop wants it read."""
    return latin(str(push.payload.get("chat_type"))).upper().startswith("BUYER_SELLER")


_WEBHOOK_TASKS = frozenset({"test", "drain", "replay"})


def route_webhooks(stored: StoredEvent, *, listens: bool) -> Sequence[Routed]:
    """What integrators hear of, where their seller has webhooks; and what a webhook's own events ask for.

    The message names what it happened to: what is sent is read from the history, in order.
    """
    seller, event, ref = stored.seller, stored.event, stored.ref
    body: dict[str, Json]
    if ref.kind is AggregateKind.WATCH and event.type in (EventType.WEBHOOK_DUE, EventType.WEBHOOK_ASKED):
        task = str(event.data.get("task", "drain"))
        if task not in _WEBHOOK_TASKS:
            return ()
        endpoint = ref.id.partition(".")[2]
        body = {"seller": seller, "task": task, "endpoint": endpoint, "at": event.at.isoformat(), "actor": event.actor}
        if "since" in event.data:
            body["since"] = event.data["since"]
    elif listens and is_public(event.type):
        body = {"seller": seller, "kind": ref.kind, "id": ref.id}
    else:
        return ()
    return (Routed(Destination.WEBHOOKS, QueueMessage(body=body, group=seller)),)


def route_push(push: PushRow, *, now: datetime | None = None) -> Sequence[Routed]:
    """A push about a posting is a hint to read it again, one about a chat (the marketplace's own, or a buyer's) a hint
    to look there; anything else is only counted.

    `now`: the router's clock. The later of the two clocks is the hint's time, so that one which stands behind makes no
    read look newer than the push.
    """
    hinted_at = max(push.received_at, now or push.received_at)
    if push.state is PushState.NOTED and push.type == NEW_MESSAGE and asks_here(str(push.payload.get("chat_type"))):
        body: dict[str, Json] = {"seller": push.seller, "task": "chats", "hinted_at": hinted_at.isoformat()}
        return (Routed(Destination.SYNC, QueueMessage(body=body, group=push.seller)),)
    if push.state is PushState.NOTED and push.type == NEW_MESSAGE and _is_buyers(push):
        body = {"seller": push.seller, "task": "buyer_chat", "chat": str(push.payload.get("chat_id"))}
        message = QueueMessage(body=body, group=push.seller, delay_seconds=_BUYER_WRITES_ON)
        return (Routed(Destination.SYNC, message),)
    if push.state is not PushState.RECEIVED:
        return ()
    message = sync_message(push.seller, push.posting_number, hinted_at=hinted_at, why=push.type)
    return (Routed(Destination.SYNC, message),)


def route_event(stored: StoredEvent, *, label_delay_seconds: int, now: datetime | None = None) -> Sequence[Routed]:
    """The queues that have to act on an event. Labels exist only 45-60 s after ship: their message waits.

    `now`: as for pushes.
    """
    seller, event = stored.seller, stored.event
    hinted_at = max(event.at, now or event.at)
    routed: list[Routed] = []
    if event.type in _FOR_INTENT_WORKER:
        tracking = event.data["action"] in TOGETHER
        body = {"seller": seller, "intent": event.data["intent"]}
        message = QueueMessage(body=body, group=seller)
        routed.append(Routed(Destination.TRACKING if tracking else Destination.INTENTS, message))
    wants_label = event.type in (EventType.POSTING_ASSEMBLED, EventType.POSTING_OVERRIDDEN)
    # A label that a rung finds missing: its messages may have ended in the dead letters, and nothing else asks again.
    if wants_label or event.data.get("label") == MISSING:
        # An expired posting was left out when its label was due; an overridden one wants it now.
        delay = min(label_delay_seconds, 900) if event.type is EventType.POSTING_ASSEMBLED else 0
        body = {"seller": seller, "task": "fetch", "posting": stored.ref.id}
        message = QueueMessage(body=body, group=seller, delay_seconds=delay)
        routed.append(Routed(Destination.LABELS, message))
    if event.type in _LATE or event.data.get("rung") in _READ_AGAIN:
        message = sync_message(seller, stored.ref.id, hinted_at=hinted_at, why=str(event.data.get("rung", "late")))
        routed.append(Routed(Destination.SYNC, message))
    if stored.ref.kind is AggregateKind.CANCEL_REQUEST and event.type in _READ_FOR_CANCEL_REQUEST:
        # Over: the posting follows it. Overdue: the marketplace takes a moment to approve by itself.
        delay = _AFTER_OVERDUE if event.type is EventType.CANCEL_REQUEST_OVERDUE else 0
        body = {
            "seller": seller,
            "posting": event.data["posting"],
            "hinted_at": hinted_at.isoformat(),
            "why": event.type,
            "cancel_request": stored.ref.id,
        }
        routed.append(Routed(Destination.SYNC, QueueMessage(body=body, group=seller, delay_seconds=delay)))
    if event.type is EventType.DIGEST_DUE:
        body = {"seller": seller, "task": "digest", "recipient": event.data["recipient"]}
        routed.append(Routed(Destination.NOTIFY, QueueMessage(body=body, group=seller)))
    if event.type in _TO_BUYER:
        task = _TO_BUYER[event.type]
        body = {"seller": seller, "task": task, "posting": stored.ref.id, "version": stored.version}
        routed.append(Routed(Destination.NOTIFY, QueueMessage(body=body, group=seller)))
    if event.type in _MAY_ASSEMBLE:
        body = {"seller": seller, "task": "assemble", "posting": stored.ref.id}
        routed.append(Routed(Destination.LABELS, QueueMessage(body=body, group=seller)))
    if event.type in _FOR_LABEL_WORKER:
        task, name = _FOR_LABEL_WORKER[event.type]
        body = {"seller": seller, "task": task, name: stored.ref.id}
        routed.append(Routed(Destination.LABELS, QueueMessage(body=body, group=seller)))
    if event.type is EventType.CHECKS_DUE:
        body = {"seller": seller, "task": "recheck"}
        routed.append(Routed(Destination.LABELS, QueueMessage(body=body, group=seller, delay_seconds=_RECHECK_AFTER)))
    routed += _of_goods(stored)
    routed += _for_tracking(stored)
    if event.type in _FOR_PEOPLE:
        body = {
            "seller": seller,
            "kind": stored.ref.kind,
            "id": stored.ref.id,
            "version": stored.version,
            "index": stored.index,
        }
        routed.append(Routed(Destination.NOTIFY, QueueMessage(body=body, group=seller)))
    if stored.ref.kind is AggregateKind.POSTING and event.type is EventType.POSTING_SPLIT:
        into = event.data["into"]
        numbers = into if isinstance(into, Sequence) and not isinstance(into, str) else ()
        routed += [
            Routed(Destination.SYNC, sync_message(seller, str(number), hinted_at=None, why="split"))
            for number in numbers
        ]
    return routed


def _for_tracking(stored: StoredEvent) -> list[Routed]:
    """Numbers of a file, and what is for sale: the tracking worker has the calls that may wait a moment."""
    seller, event, delay = stored.seller, stored.event, 0
    body: dict[str, Json]
    if event.type in _FOR_NUMBERS:
        body = {"seller": seller, "task": "numbers", "job": stored.ref.id}
    elif event.type in _FOR_STOCK:
        waits = event.data.get("in_seconds")
        delay = min(waits, 900) if isinstance(waits, int) else 0
        body = {"seller": seller, "task": _FOR_STOCK[event.type]}
    elif event.type is EventType.STOCK_CHANGED and _changes_free(event.data):
        body = {"seller": seller, "task": "stock_free", "pool": event.data["pool"], "sku": event.data["sku"]}
    else:
        return []
    return [Routed(Destination.TRACKING, QueueMessage(body=body, group=seller, delay_seconds=delay))]


def _changes_free(data: Mapping[str, Json]) -> bool:
    """Whether a movement changes what may be sold; what a kit is made of always does."""
    return data.get("free_before") != data.get("free") or data.get("kind") == "kit"


_PENDING_SECONDS = 8
"""Within this time postings that lost a race for goods try again, each at its own second."""


def _of_goods(stored: StoredEvent) -> list[Routed]:
    """Goods became free: who waits for them is read again. What a posting holds is not settled: so is it itself."""
    seller, event = stored.seller, stored.event
    if event.type is EventType.POSTING_STOCK_PENDING:
        delay = 1 + sum(stored.ref.id.encode()) % _PENDING_SECONDS
        message = sync_message(seller, stored.ref.id, hinted_at=None, why="goods", delay_seconds=delay)
        return [Routed(Destination.SYNC, message)]
    if event.type is not EventType.STOCK_CHANGED:
        return []
    before, free = event.data.get("free_before"), event.data.get("free")
    if not (isinstance(before, int) and isinstance(free, int) and free > before):
        return []
    body: dict[str, Json] = {
        "seller": seller,
        "task": "goods",
        "pool": event.data["pool"],
        "sku": event.data["sku"],
    }
    return [Routed(Destination.SYNC, QueueMessage(body=body, group=seller))]
