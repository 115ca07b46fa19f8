"""Notices wait in a digest per recipient and are told together: one message for two hundred postings.

An entry is put first, then the digest's watch is read and, unless it rings early enough already, armed. Its ringing
clears the alarm before anybody reads the entries. So an entry that comes while a digest is being told is either read by
it or arms the next one: none is stranded. Entries are dropped after the message was taken, so a crash in between (or
two workers at once) may repeat a message and never loses one. An entry about what was packed, handed over or decided
meanwhile is dropped untold. When a channel stays away until the queue gives up, the entries are still there: the
dead letter, or the next notice to the same recipient, tells them.

Arming tells nobody anything, so that version of the watch has no event; what rang and what was told have one each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shipby.application.notices.still import still_matters
from shipby.application.ports.clock import Clock
from shipby.application.ports.messages import SellerChannels, WorkQueue
from shipby.application.ports.postings import PostingReads
from shipby.application.ports.sellers import Digests
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AddDigestEntry, AppendEvents, Commits, RememberResponse, SaveWatch
from shipby.application.postings.family import root_of
from shipby.application.shared.alarm_messages import MAX_DELAY, alarm_message
from shipby.application.shared.retry import decide_anew
from shipby.domain import actors
from shipby.domain.alarm import AlarmRef
from shipby.domain.cases.watch import Watch
from shipby.domain.cases.watches import digest_id
from shipby.domain.errors import AlreadyExistsError, InvalidInputError
from shipby.domain.events import AggregateKind, Event, EventType, StoredEvent, watch_ref
from shipby.domain.json_types import Json
from shipby.domain.notices.digest_entry import DigestEntry
from shipby.domain.notices.digests import digest_text
from shipby.domain.notices.recipients import recipient_named, tell_at
from shipby.domain.notices.telling import style_of
from shipby.domain.postings.posting import Alarm, RungKind
from shipby.domain.remembered import RememberedResponse
from shipby.domain.sellers.settings import Recipient, SellerSettings

KEPT_FOR = timedelta(days=7)
"""How long it is remembered that a notice was put into a digest. Its keys hold a space, which no caller's
Idempotency-Key may have: nobody can silence a notice by using its key first."""
SLACK = timedelta(minutes=1)
"""How much longer than its window a digest may be under way: the sweep and two queues."""
MOST = 1_000
"""Events of one message, so that reading their postings again fits into the worker's time; more are told in a second
one right after it."""
STUCK = timedelta(minutes=15)
"""An alarm that is this much overdue was lost or set aside: the next notice arms the digest anew."""
_NAMED = 50
"""Ids of events that the note of a digest names."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What telling works with; `alarms` is the queue of the alarm worker."""

    store: Store
    channels: SellerChannels
    alarms: WorkQueue
    clock: Clock


def read_digest(body: Mapping[str, Json]) -> tuple[str, str]:
    """Seller and recipient of a digest message. Raises InvalidInputError on a foreign one."""
    try:
        return str(body["seller"]), str(body["recipient"])
    except KeyError as error:
        raise InvalidInputError(f"not a digest message: {error} is missing") from error


def put_by(stored: StoredEvent, recipient: Recipient, *, store: Commits, now: datetime) -> bool:
    """Put an event into a recipient's digest, exactly once; False if it was there before and may be told already."""
    entry = DigestEntry(seller=stored.seller, recipient=recipient.name, stored=stored)
    remembered = RememberedResponse(
        seller=stored.seller,
        key=f"notice {stored.id} {recipient.name}",
        request_hash="",
        status=200,
        body={},
        expires_at=now + KEPT_FOR,
    )
    try:
        store.commit([AddDigestEntry(entry), RememberResponse(remembered)])
    except AlreadyExistsError:
        return False
    return True


def waits(stored: StoredEvent, recipient: Recipient, *, store: Digests) -> bool:
    """Whether an event is still in a recipient's digest."""
    return any(entry.stored.id == stored.id for entry in store.digest_entries(stored.seller, recipient.name))


def tell_or_arm(stored: StoredEvent, recipient: Recipient, settings: SellerSettings, tools: Tools) -> str:
    """Tell an event that was put by at once, where the seller wants no window; else see to it that it will be told.

    Returns told, nobody, left_out or collected. Raises RetryableError when the channels are away.
    """
    now = tools.clock.now()
    at = tell_at(recipient, stored.event, now, settings.time_zone)
    if at <= now and settings.digest_window <= timedelta(0):
        # Alone: several workers that told all there is would repeat each other's notices.
        entry = DigestEntry(seller=stored.seller, recipient=recipient.name, stored=stored)
        return _tell([entry], recipient, settings, tools, now)
    _arm(stored.seller, recipient.name, max(at, now + settings.digest_window), tools)
    return "collected"


def tell_digest(seller: str, name: str, tools: Tools) -> str:
    """Tell a recipient everything that waits and may be told now, as one message.

    What has to wait for the shift stays, and rings when that begins. Returns told, nobody (no channel took it: the
    recipient has none), left_out (nothing of it matters any more), waiting or nothing. Raises RetryableError.
    """
    settings = tools.store.settings(seller) or SellerSettings(seller=seller)
    recipient = recipient_named(name, settings)
    now = tools.clock.now()
    # What came in the shift and waited for others is told, even if the shift ended while it waited.
    waited_since = now - settings.digest_window - SLACK
    times = [
        (tell_at(recipient, event, min(max(event.at, waited_since), now), settings.time_zone), entry)
        for entry in tools.store.digest_entries(seller, name)
        for event in [entry.stored.event]
    ]
    due = [entry for at, entry in times if at <= now]
    later = [at for at, _ in times if at > now]
    if later:
        # Before anything can fail: what is left must not depend on this message being taken.
        _arm(seller, name, min(later), tools)
    if not due:
        return "waiting" if later else "nothing"
    became = _tell(due[:MOST], recipient, settings, tools, now)
    if len(due) > MOST:
        _arm(seller, name, tools.clock.now(), tools)
    return became


def _tell(
    entries: Sequence[DigestEntry], recipient: Recipient, settings: SellerSettings, tools: Tools, now: datetime
) -> str:
    seller = settings.seller
    wanted = [entry.stored for entry in entries if still_matters(entry.stored, tools.store)]
    if not wanted:
        tools.store.drop_digest_entries(entries)
        return "left_out"
    orders = _orders(seller, wanted, tools.store)
    title, text = digest_text(wanted, style_of(settings, now, recipient.language), orders)
    told = tools.channels.send(seller, title, text, names=recipient.channels)
    tools.store.drop_digest_entries(entries)
    if not told:
        return "nobody"
    data: dict[str, Json] = {
        "recipient": recipient.name,
        "events": len(wanted),
        "left_out": len(entries) - len(wanted),
        "about": [stored.id for stored in wanted[:_NAMED]],
    }
    event = Event(type=EventType.DIGEST_TOLD, at=now, actor=actors.NOTIFICATIONS, data=data)
    decide_anew(lambda: _note(seller, recipient.name, event, tools))
    return "told"


def _orders(seller: str, wanted: Sequence[StoredEvent], store: PostingReads) -> dict[str, str]:
    """Posting -> the posting of its order, for those that a split made."""
    orders: dict[str, str] = {}
    for number in {stored.ref.id for stored in wanted if stored.ref.kind is AggregateKind.POSTING}:
        posting = store.posting(seller, number) if len(wanted) > 1 else None
        if posting is not None and posting.parent_number:
            orders[number] = root_of(posting, store).number
    return orders


def _arm(seller: str, recipient: str, due: datetime, tools: Tools) -> None:
    """See to it that the digest rings at `due` or before.

    A short time ahead the alarm goes to its queue at once: the sweep could find it up to a minute late.
    """
    armed = decide_anew(lambda: _set_alarm(seller, recipient, due, tools))
    now = tools.clock.now()
    if armed is not None and armed - now <= MAX_DELAY:
        alarm = AlarmRef(seller=seller, ref=watch_ref(digest_id(recipient)), intent_id="", due=armed)
        tools.alarms.send([alarm_message(alarm, now)])


def _set_alarm(seller: str, recipient: str, due: datetime, tools: Tools) -> datetime | None:
    """When it was set to; None if it rings early enough as it is."""
    now = tools.clock.now()
    watch = _watch(seller, recipient, tools)
    standing = watch.next_alarm
    stuck = standing is not None and standing.due <= now - STUCK
    if standing is not None and standing.due <= due and not stuck:
        return None
    wanted = now if stuck else due
    alarm = Alarm(due=wanted, kind=RungKind.DIGEST_DUE)
    tools.store.commit([SaveWatch(replace(watch, version=watch.version + 1, checked_at=now, next_alarm=alarm))])
    return wanted


def _note(seller: str, recipient: str, event: Event, tools: Tools) -> None:
    """Write what was told into the digest's history; its alarm stays as it is."""
    watch = _watch(seller, recipient, tools)
    changed = replace(watch, version=watch.version + 1, checked_at=event.at)
    ref = watch_ref(changed.id)
    tools.store.commit([SaveWatch(changed), AppendEvents(seller, ref, changed.version, (event,))])


def _watch(seller: str, recipient: str, tools: Tools) -> Watch:
    """The digest's watch; a new one, not yet stored, is at version 0."""
    identifier = digest_id(recipient)
    blank = Watch(seller=seller, id=identifier, version=0, checked_at=tools.clock.now())
    return tools.store.watch(seller, identifier) or blank
