"""Many events as one message: late first, with the money; then what is due, by its time; then the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from shipby.domain.events import AggregateKind, EventType, Ref, StoredEvent
from shipby.domain.money import Money
from shipby.domain.notices import words as say
from shipby.domain.notices.format import phrase, shortened, sums_text
from shipby.domain.notices.reminders import is_bench_reminder
from shipby.domain.notices.telling import Rank, Style, Told, put_into_words, seller_text, title_of

MOST_LINES = 20
"""Postings that are named; the others are counted."""
MOST_SECTIONS = 8
_NO_TIME = datetime.max.replace(tzinfo=UTC)
NO_ORDERS: Mapping[str, str] = {}
"""No posting is of an order that was split."""
_NOTE = 90
"""Characters of a detail that fit beside a posting."""


@dataclass(frozen=True, slots=True)
class Section:
    """Events that ask for the same thing by the same time."""

    head: str
    short: str
    told: tuple[Told, ...]


def digest_text(entries: Sequence[StoredEvent], style: Style, orders: Mapping[str, str] = NO_ORDERS) -> tuple[str, str]:
    """Title and text of one message about all of them. A single event reads as a message of its own.

    `orders`: number of a posting that a split made -> the posting of its order; what is told of several of one order is
    one line.
    """
    events = without_superseded(entries)
    if len(events) == 1:
        return seller_text(events[0], style)
    told = _by_order([put_into_words(stored, style) for stored in events], style, orders)
    sections = _sections(told, style)
    lines = [phrase(say.TOTAL, style.language, count=len(told))] if len(sections) > 1 else []
    shown = 0
    for section, room in zip(sections, _rooms(sections), strict=True):
        if not room:
            continue
        lines += [*([""] if lines else []), section.head, *(_line(one, style) for one in section.told[:room])]
        shown += room
    if shown < len(told):
        lines += ["", phrase(say.AND_MORE, style.language, count=len(told) - shown)]
    return _title(sections, told, style), shortened(lines, style.language)


def _by_order(told: Sequence[Told], style: Style, orders: Mapping[str, str]) -> list[Told]:
    """What asks for the same thing by the same time for several postings of one order as one, with their money."""
    split = {*orders, *orders.values()}
    groups: dict[tuple[object, ...], list[Told]] = {}
    for one in told:
        ref = one.stored.ref
        of_order = ref.kind is AggregateKind.POSTING and ref.id in split
        order = orders.get(ref.id, ref.id) if of_order else one.stored.id
        # Amounts of two currencies are never added up.
        currency = one.money.currency if one.money else ""
        groups.setdefault((of_order, order, one.rank, _minute(one), one.words.en, currency), []).append(one)
    found: list[Told] = []
    for key, group in groups.items():
        several = len({one.stored.ref for one in group}) > 1
        found += [_one_order(str(key[1]), group, style)] if several else group
    return found


def _one_order(order: str, told: Sequence[Told], style: Style) -> Told:
    amounts = [one.money for one in told if one.money is not None]
    total = Money(sum(money.minor for money in amounts), amounts[0].currency) if amounts else None
    subject = style.say(say.PARCELS, number=order, count=len({one.stored.ref for one in told}))
    return replace(told[0], subject=subject, money=total)


def _minute(one: Told) -> datetime:
    # To the minute, as times are shown: a second apart is no section of its own.
    return one.when.replace(second=0, microsecond=0) if one.when else _NO_TIME


def without_superseded(entries: Sequence[StoredEvent]) -> list[StoredEvent]:
    """What still says something: of a posting only the gravest of its ladder's events, and the newest of those."""
    gravest: dict[Ref, tuple[int, int]] = {}
    for place, stored in enumerate(entries):
        weight = _weight(stored)
        if weight:
            gravest[stored.ref] = max(gravest.get(stored.ref, (0, 0)), (weight, place))
    return [
        stored
        for place, stored in enumerate(entries)
        if not _weight(stored) or gravest[stored.ref] == (_weight(stored), place)
    ]


def _weight(stored: StoredEvent) -> int:
    match stored.event.type:
        case EventType.POSTING_OVERDUE:
            return 4
        case EventType.POSTING_LATE:
            return 3
        case EventType.POSTING_PRIORITISED:
            return 2
    return 1 if is_bench_reminder(stored.event) else 0


def _sections(told: Sequence[Told], style: Style) -> list[Section]:
    groups: dict[tuple[Rank, datetime, str], list[Told]] = {}
    for one in told:
        groups.setdefault((one.rank, _minute(one), one.words.en), []).append(one)
    return [_section(groups[key], style) for key in sorted(groups, key=_order)]


def _order(key: tuple[Rank, datetime, str]) -> tuple[int, int, datetime, str]:
    rank, when, words = key
    # A delay counts in the index: it stands before what is only late.
    overdue = words == say.TITLES[EventType.POSTING_OVERDUE].en
    return rank, not overdue, when, words


def _section(told: Sequence[Told], style: Style) -> Section:
    first = told[0]
    count = f" × {len(told)}" if len(told) > 1 else ""
    head = f"{style.say(first.words, first.when)}{count}"
    sums = _sums(told)
    if sums:
        words = say.LOST if first.rank is Rank.LATE else say.AT_RISK
        head += f" — {phrase(words, style.language, money=sums_text(sums, style.language))}"
    # The most money first: it is what people should not scroll for.
    ordered = sorted(told, key=lambda one: -one.money.minor if one.money else 0)
    return Section(head, f"{title_of(first, style)}{count}", tuple(ordered))


def _sums(told: Sequence[Told]) -> dict[str, Money]:
    sums: dict[str, Money] = {}
    for one in told:
        if one.money is not None:
            currency = one.money.currency
            sums[currency] = sums.get(currency, Money.zero(currency)) + one.money
    return sums


def _rooms(sections: Sequence[Section]) -> list[int]:
    """How many lines each section gets: one each in turn, so that a big one hides none of the others."""
    rooms = [0] * len(sections)
    left = MOST_LINES
    while left:
        before = left
        for place, section in enumerate(sections[:MOST_SECTIONS]):
            if left and rooms[place] < len(section.told):
                rooms[place] += 1
                left -= 1
        if left == before:
            break
    return rooms


def _line(told: Told, style: Style) -> str:
    parts = [told.subject]
    if told.money is not None:
        parts.append(style.money(told.money))
    if told.details:
        note = told.details[0]
        parts.append(note if len(note) <= _NOTE else f"{note[: _NOTE - 1]}…")
    return " · ".join(parts)


def _title(sections: Sequence[Section], told: Sequence[Told], style: Style) -> str:
    if len(sections) == 1:
        return sections[0].short
    counted = ((Rank.LATE, say.LATE_PART), (Rank.DUE, say.DUE_PART), (Rank.OTHER, say.OTHER_PART))
    parts = [
        phrase(words, style.language, count=count)
        for rank, words in counted
        if (count := sum(one.rank is rank for one in told))
    ]
    return phrase(say.DIGEST, style.language, parts=say.BETWEEN[style.language].join(parts))
