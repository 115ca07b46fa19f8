"""Who hears of an event, and when: filters, shifts in the seller's zone, and what may disturb outside them.

Inside a recipient's shift an event is told now, outside it at the shift's next beginning. Urgent events, and those
whose deadline lies before that beginning, are told at once to whoever allows it (`urgent_any_time`). Nothing is lost:
where nobody may be disturbed, everybody is told when their own shift begins, so the earliest shift hears of it first.

Gaps. A seller without recipients has one: every channel, round the clock. A warehouse that nobody names is everybody's.
An event type that nobody names is told to nobody: that is the seller's own wish.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shipby.domain.cases.watches import DISABLED
from shipby.domain.events import Event, EventType
from shipby.domain.sellers.settings import Recipient, SellerSettings

EVERYBODY = Recipient(name="everybody")
"""Who is told where the settings name nobody."""
SOON = timedelta(hours=4)
"""A cut-off that was moved to earlier than this from now leaves no time to wait for a shift."""
_LONGEST_PAUSE = 15
"""Days within which every shift begins again: a week, and slack for a zone that skips a day."""


def is_urgent(event: Event) -> bool:
    """Whether an event may disturb outside the shift; `_URGENT` is the whole list."""
    rule = _URGENT.get(event.type)
    return rule is not None and rule(event)


def _always(_event: Event) -> bool:
    return True


def _priced(event: Event) -> bool:
    return bool(event.data.get("price"))


def _moved_near(event: Event) -> bool:
    new, old = moment_of(event, "new"), moment_of(event, "old")
    return new is not None and new < event.at + SOON and (old is None or new < old)


def _stopped(event: Event) -> bool:
    return event.data.get("stopped") is True


def _disabled(event: Event) -> bool:
    return event.data.get("state") == DISABLED


def _expired(event: Event) -> bool:
    return event.data.get("expired") is True


_URGENT: Mapping[EventType, Callable[[Event], bool]] = {
    # Money runs, or will within minutes.
    EventType.POSTING_LATE: _priced,
    EventType.POSTING_OVERDUE: _priced,
    EventType.POSTING_PRIORITISED: _priced,
    EventType.POSTING_CUT_OFF_MOVED: _moved_near,
    EventType.POSTING_AMENDED: _stopped,
    # No machine can go on.
    EventType.INTENT_NEEDS_PERSON: _always,
    EventType.ALARM_SET_ASIDE: _always,
    # Nothing of the account works any more.
    EventType.KEY_REJECTED: _always,
    EventType.KEY_EXPIRES_SOON: _expired,
    EventType.PUSH_UNHEALTHY: _disabled,
}


_DEADLINES: Mapping[EventType, tuple[str, ...]] = {
    EventType.POSTING_RECEIVED: ("shipment_date",),
    EventType.POSTING_REMINDED: ("by", "cut_off"),
    EventType.POSTING_ESCALATED: ("cut_off",),
    EventType.POSTING_PRIORITISED: ("cut_off",),
    EventType.POSTING_CUT_OFF_MOVED: ("new",),
    EventType.RETURN_REMINDED: ("decide_by", "scrapped_at"),
    EventType.CANCEL_REQUEST_OPENED: ("auto_approve_at",),
    EventType.CANCEL_REQUEST_REMINDED: ("auto_approve_at",),
    EventType.CLAIM_OPENED: ("answer_by",),
    EventType.CLAIM_REMINDED: ("answer_by",),
}


def moment_of(event: Event, *names: str) -> datetime | None:
    """The first of the event's dated data that is there."""
    for name in names:
        value = event.data.get(name)
        if isinstance(value, str) and value:
            return datetime.fromisoformat(value)
    return None


def deadline_of(event: Event) -> datetime | None:
    """Until when the event has to be acted on; None where it names no such time."""
    return moment_of(event, *_DEADLINES.get(event.type, ()))


# Who -------------------------------------------------------------------------------------------------------------


def recipients_of(settings: SellerSettings) -> tuple[Recipient, ...]:
    """Everybody who is told anything."""
    return settings.recipients or (EVERYBODY,)


def recipient_named(name: str, settings: SellerSettings) -> Recipient:
    """The recipient of that name; what waited for one who is gone from the settings is told on every channel."""
    found = (recipient for recipient in settings.recipients if recipient.name == name)
    return next(found, replace(EVERYBODY, name=name))


def asks_warehouse(settings: SellerSettings) -> bool:
    """Whether it matters which warehouse an event is about."""
    return any(recipient.warehouses for recipient in settings.recipients)


def who_hears(event: Event, settings: SellerSettings, *, warehouse: str = "") -> tuple[Recipient, ...]:
    """The recipients of an event; empty where no recipient wants its type.

    A case with an owner is told to the owner. `warehouse` is empty where the event has none, such as a key's end.
    """
    everybody = recipients_of(settings)
    owner = event.data.get("owner")
    owners = tuple(recipient for recipient in everybody if owner and recipient.name == owner)
    if owners:
        return owners
    interested = tuple(recipient for recipient in everybody if not recipient.events or event.type in recipient.events)
    if not warehouse:
        return interested
    near = tuple(recipient for recipient in interested if not recipient.warehouses or warehouse in recipient.warehouses)
    return near or interested


# When ------------------------------------------------------------------------------------------------------------


def zone_of(name: str) -> tzinfo:
    """The zone of that name; an unknown one is UTC."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def on_shift(recipient: Recipient, at: datetime, zone: str) -> bool:
    """Whether a moment lies in the recipient's shift."""
    if not (recipient.weekdays or recipient.shift_from or recipient.shift_to):
        return True
    local = zone_of(zone)
    today = at.astimezone(local).date()
    shifts = (_shift(recipient, today - timedelta(days=back), local) for back in (0, 1))
    return any(shift is not None and shift[0] <= at < shift[1] for shift in shifts)


def next_shift(recipient: Recipient, at: datetime, zone: str) -> datetime:
    """`at` inside the shift, else the moment the next one begins."""
    if on_shift(recipient, at, zone):
        return at
    local = zone_of(zone)
    today = at.astimezone(local).date()
    for ahead in range(-1, _LONGEST_PAUSE):
        shift = _shift(recipient, today + timedelta(days=ahead), local)
        if shift is not None and shift[0] > at:
            return shift[0]
    return at  # weekdays that no week has: told now rather than never


def tell_at(recipient: Recipient, event: Event, at: datetime, zone: str) -> datetime:
    """When a recipient is told of an event that is known at `at`: then, or when the next shift begins."""
    begins = next_shift(recipient, at, zone)
    if begins == at:
        return at
    deadline = deadline_of(event)
    cannot_wait = is_urgent(event) or (deadline is not None and deadline <= begins)
    return at if cannot_wait and recipient.urgent_any_time else begins


def _shift(recipient: Recipient, day: date, zone: tzinfo) -> tuple[datetime, datetime] | None:
    """Beginning and end of the shift that begins on a local day; it may end on the next."""
    if recipient.weekdays and day.isoweekday() not in recipient.weekdays:
        return None
    starts = time.fromisoformat(recipient.shift_from or "00:00")
    ends = time.fromisoformat(recipient.shift_to or "00:00")
    last_day = day if ends > starts else day + timedelta(days=1)
    return _moment(day, starts, zone), _moment(last_day, ends, zone, last=True)


def _moment(day: date, wall: time, zone: tzinfo, *, last: bool = False) -> datetime:
    """When a clock on the wall shows that time: the first moment, or the `last` where it is shown twice.

    Where the clock jumps over it, the moment of the jump.
    """
    shown = datetime.combine(day, wall, zone)
    before = shown.astimezone(UTC)
    after = shown.replace(fold=1).astimezone(UTC)
    if before <= after:
        return after if last else before
    # The two readings of a skipped time lie on either side of the jump.
    low, high = after, before
    offset = high.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            high = middle
        else:
            low = middle
    return high.replace(microsecond=0)
