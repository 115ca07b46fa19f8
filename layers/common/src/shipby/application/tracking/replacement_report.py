"""Frequent replacements: of the numbers set in a period how many had to be replaced, by carrier, person and cause.

Read from the confirmed intents, which are listed by the time they were asked for: nothing is written for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

from shipby.application.carriers.directory import carriers_of
from shipby.application.ports.store import Store
from shipby.application.shared.csv_text import Separator, csv_text
from shipby.application.shared.paging import every
from shipby.application.shared.people import name_of
from shipby.domain.carriers.directory import find
from shipby.domain.carriers.numbers import judge
from shipby.domain.errors import InvalidInputError
from shipby.domain.intents import Intent, IntentAction, IntentState
from shipby.domain.json_types import Json
from shipby.domain.postings.tracking import ChangeReason
from shipby.domain.tracking.replacements import ENOUGH, Cut, NumberSet, Rate, rates, whole

LONGEST = 92
"""Days in one answer."""
MOST = 20_000
"""Changes of numbers that are read for one answer."""
_AT_ONCE = 100
DEFINITIONS: Mapping[str, str] = {
    "numbers": "Tracking numbers asked for on the days (UTC) through here that the marketplace was seen to show, first "
    "ones and replacements. Numbers that a carrier or the marketplace set itself are not in it.",
    "replaced": "Those of them that another number of their posting replaced, up to now; young ones had less time.",
    "carrier": "Of the number that was replaced: as it was named, else as its format says; null if neither is known.",
    "person": "Who asked for the number that was replaced: the name their key was made for, else the key.",
    "cause": "The kind of the change that replaced it; out of the numbers of the other groupings.",
    "interval": "Wilson's 95 % interval of the rate: the true rate lies in it 19 times of 20.",
    "enough": f"Whether the group has at least {ENOUGH} numbers. Only those are ranked, by their interval's lower end.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacementsWanted:
    """Days (UTC, both included) and what they are split by."""

    first: date
    last: date
    by: tuple[Cut, ...]


def replacement_report(seller: str, wanted: ReplacementsWanted, *, store: Store) -> dict[str, Json]:
    """Rates by group. Raises InvalidInputError for a period that is too long or has too many changes."""
    numbers = _numbers(seller, wanted, store)
    first, until = _span(wanted)
    total = whole(numbers, first=first, until=until)
    found = rates(numbers, wanted.by, first=first, until=until)
    items: list[Json] = [_view(rate, wanted.by) for rate in found]
    return {
        "from": wanted.first.isoformat(),
        "to": wanted.last.isoformat(),
        "by": list(wanted.by),
        "total": _view(total, ()),
        "items": items,
        "definitions": dict(DEFINITIONS),
    }


def replacement_csv(seller: str, wanted: ReplacementsWanted, *, store: Store, separator: Separator) -> str:
    """The same as a table. Raises as `replacement_report`."""
    numbers = _numbers(seller, wanted, store)
    first, until = _span(wanted)
    found = rates(numbers, wanted.by, first=first, until=until)
    headings = (*wanted.by, "numbers", "replaced", "rate", "rate_low", "rate_high", "enough")
    return csv_text(headings, (_line(rate) for rate in found), separator)


def _line(rate: Rate) -> tuple[str | int | None, ...]:
    low, high = rate.interval
    return (*rate.group, rate.numbers, rate.replaced, _text(rate.rate), _text(low), _text(high), int(rate.enough))


def _view(rate: Rate, cuts: Sequence[Cut]) -> dict[str, Json]:
    low, high = rate.interval
    return {
        "group": {cut: value or None for cut, value in zip(cuts, rate.group, strict=True)},
        "numbers": rate.numbers,
        "replaced": rate.replaced,
        "rate": _text(rate.rate) if rate.numbers else None,
        "interval": {"low": _text(low), "high": _text(high)},
        "enough": rate.enough,
    }


def _text(share: float) -> str:
    return f"{share:.4f}"


def _span(wanted: ReplacementsWanted) -> tuple[datetime, datetime]:
    return (
        datetime.combine(wanted.first, time(), UTC),
        datetime.combine(wanted.last, time(), UTC) + timedelta(days=1),
    )


def _numbers(seller: str, wanted: ReplacementsWanted, store: Store) -> list[NumberSet]:
    """Every number set since the first day."""
    days = (wanted.last - wanted.first).days + 1
    if not 1 <= days <= LONGEST:
        raise InvalidInputError(f"{days} days are no period for this", errors=[("from", f"1 to {LONGEST} days")])
    first, _ = _span(wanted)
    changes = list(islice(_changes(seller, first, store), MOST + 1))
    if len(changes) > MOST:
        problem = f"more than {MOST} numbers were set since {wanted.first}: begin later"
        raise InvalidInputError("too many numbers for one answer", errors=[("from", problem)])
    carriers = carriers_of(seller, store)

    def carrier(intent: Intent) -> str:
        named = str(intent.request.get("carrier") or "")
        known = find(named, carriers) if named else None
        return known.code if known else named or judge(str(intent.request["tracking_number"]), carriers).carrier

    # All keys and sessions of a person are theirs, and so are two keys made for one name.
    people = {actor: name_of(actor, seller, store) or actor for actor in {intent.actor for intent in changes}}
    return [
        NumberSet(
            posting=intent.posting_number,
            number=str(intent.request["tracking_number"]),
            carrier=carrier(intent),
            person=people[intent.actor],
            kind=ChangeReason(str(intent.request.get("kind") or ChangeReason.OTHER)),
            at=intent.created_at,
            sequence=int(intent.id.rpartition(".")[2]),
        )
        for intent in changes
    ]


def _changes(seller: str, since: datetime, store: Store) -> Iterator[Intent]:
    """Confirmed changes of numbers, oldest first."""
    listed = every(
        lambda cursor: store.intents_in(seller, IntentState.CONFIRMED, since=since, limit=1000, cursor=cursor)
    )
    # An id names its action.
    wanted = (identifier for identifier in listed if f".{IntentAction.SET_TRACKING}." in identifier)
    while chunk := list(islice(wanted, _AT_ONCE)):
        yield from store.intents_by_id(seller, chunk).values()
