"""The eight figures of the morning: what they are now and were yesterday, and the rows that make each of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from shipby.application.cancels.views import list_cancel_requests
from shipby.application.cases.opening import list_cases
from shipby.application.evidence.claims import list_claims
from shipby.application.figures.boards import rows_of
from shipby.application.rating.views import get_guard
from shipby.application.refunds.queries import list_refunds
from shipby.application.returns.views import list_returns
from shipby.application.shared.views import money_view, time_text
from shipby.domain.cases.case import CaseKind
from shipby.domain.intents import IntentState
from shipby.domain.json_types import Json
from shipby.domain.money import Money
from shipby.domain.postings.choice import Choice, Fault, Group, Tag
from shipby.domain.sellers.settings import SellerSettings

if TYPE_CHECKING:
    from shipby.application.ports.clock import Clock
    from shipby.application.ports.matters import CaseReads
    from shipby.application.ports.postings import WorkItem
    from shipby.application.ports.sellers import SellerReads
    from shipby.application.ports.store import Store

MORNING = "morning"
"""The report that keeps the figures of a day."""
POLL = "poll"
_QUIET = timedelta(minutes=10)
"""After so long without a visit of the poll somebody should look."""
DEFINITIONS: Mapping[str, str] = {
    "hand_over_today": "Postings still in the house whose cut-off is before the end of today in your time "
    "zone, late ones too.",
    "money_at_risk": "What missing the next priced step adds, summed over postings in the house whose cut-off is "
    "before the end of today.",
    "late": "Postings still in the house whose cut-off has passed. Whose turn it is tells the fault: ours; stock, "
    "where work was stopped; the marketplace, while it owes a label or an answer; the carrier, when all "
    "is packed and printed.",
    "error_index": "The marketplace's own index, as it was read last; its rows are the errors that count, by the day "
    "on which they stop counting.",
    "cannot_ship": "Postings that are blocked or expired, those whose pieces lack entries that the marketplace "
    "wants, and open cases of refused label pages and of tracking numbers that are not to be had.",
    "answer_today": "Returns, buyers' wishes to cancel and claims whose time is over before the end of today.",
    "money": "Refunds asked for and not settled, by state, and open cases where accruals differ from our ledger; "
    "none is the good value.",
    "awake": "Open cases of the key, of alarms that could not be fired and of entries that could not be read; "
    "beside them when the poll looked last.",
}
LIMITS: Mapping[str, int] = {"late": 0, "cannot_ship": 0, "answer_today": 0, "money": 0, "awake": 0}
"""Above it a figure wants a look."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Some rows of a figure, and the address that lists them."""

    name: str
    href: str
    count: int
    money: Sequence[Money] = ()
    pieces: int | None = None

    def view(self) -> dict[str, Json]:
        return {
            "name": self.name,
            "count": self.count,
            "money": [money_view(amount) for amount in self.money],
            "pieces": self.pieces,
            "href": self.href,
        }


def morning(seller: str, *, store: Store, clock: Clock) -> dict[str, Json]:
    """All eight, as of now; `yesterday` is what the report of the day before kept, null where there is none."""
    now = clock.now()
    figures = _figures(seller, store, now)
    kept = store.report(seller, MORNING, (now - timedelta(days=1)).date()) or {}
    before: Any = kept.get("counts", {})
    return {
        "at": time_text(now),
        "until": time_text(_end_of_day(seller, store, now)),
        "yesterday_at": kept.get("at"),
        "figures": [figure | {"yesterday": before.get(str(figure["name"]))} for figure in figures],
    }


def keep_morning(seller: str, *, store: Store, clock: Clock) -> None:
    """Keep a day's figures, once: tomorrow shows them as yesterday's."""
    now = clock.now()
    if store.report(seller, MORNING, now.date()) is None:
        counts: Json = {str(figure["name"]): figure["count"] for figure in _figures(seller, store, now)}
        store.save_report(seller, MORNING, now.date(), {"at": time_text(now), "counts": counts})


def _end_of_day(seller: str, store: SellerReads, now: datetime) -> datetime:
    zone = ZoneInfo((store.settings(seller) or SellerSettings(seller=seller)).time_zone)
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time.min, zone).astimezone(now.tzinfo)


def _figures(seller: str, store: Store, now: datetime) -> list[dict[str, Json]]:
    until = _end_of_day(seller, store, now)
    rows = list(rows_of(seller, dict.fromkeys((*Group.HOUSE.stages, *Group.STUCK.stages)), store))
    guard = get_guard(seller, store=store, now=now)
    known = str(guard["read_at"]) if guard["read_at"] else None
    return [
        _figure("hand_over_today", _to_hand_over(rows, until), now),
        _figure("money_at_risk", _at_risk(rows, until), now),
        _figure("late", _late(rows), now),
        _error_index(guard, known),
        _figure("cannot_ship", [*_stuck(rows), *_cases(seller, store, CaseKind.LABEL_PAGE, CaseKind.NO_NUMBER)], now),
        _figure("answer_today", _to_answer(seller, store, until), now),
        _figure("money", [*_refunds(seller, store), *_cases(seller, store, CaseKind.MONEY)], now),
        _awake(seller, store, now),
    ]


def _figure(name: str, parts: Sequence[_Part], as_of: datetime | str | None, **more: Json) -> dict[str, Json]:
    amounts: Counter[str] = Counter()
    for part in parts:
        for amount in part.money:
            amounts[amount.currency] += amount.minor
    return {
        "name": name,
        "count": sum(part.count for part in parts),
        "money": [money_view(Money(minor, currency)) for currency, minor in sorted(amounts.items())],
        "limit": LIMITS.get(name),
        "as_of": time_text(as_of) if isinstance(as_of, datetime) else as_of,
        "definition": DEFINITIONS[name],
        "parts": [part.view() for part in parts],
        "details": more,
    }


def _postings(name: str, rows: Iterable[WorkItem], choice: Choice, due_before: datetime | None = None) -> _Part:
    """The rows that a list with the same parameters shows."""
    found = [row for row in rows if choice.shows(row) and _due(row, due_before)]
    amounts: Counter[str] = Counter()
    for row in found:
        if row.at_risk is not None:
            amounts[row.at_risk.currency] += row.at_risk.minor
    asked = {
        "group": choice.group,
        "tag": choice.tag,
        "fault": choice.fault,
        "late": None if choice.late is None else str(choice.late).lower(),
        "due_before": time_text(due_before),
    }
    query = "&".join(f"{key}={value}" for key, value in asked.items() if value)
    money = [Money(minor, currency) for currency, minor in sorted(amounts.items())]
    return _Part(name, f"/v1/postings?{query}", len(found), money, sum(row.pieces for row in found))


def _due(row: WorkItem, before: datetime | None) -> bool:
    return before is None or (row.cut_off is not None and row.cut_off < before)


def _to_hand_over(rows: Sequence[WorkItem], until: datetime) -> list[_Part]:
    groups = (Group.TO_PACK, Group.PACKED, Group.BLOCKED)
    return [_postings(group, rows, Choice(group=group), until) for group in groups]


def _at_risk(rows: Sequence[WorkItem], until: datetime) -> list[_Part]:
    return [_postings("at_risk", rows, Choice(group=Group.HOUSE, tag=Tag.AT_RISK), until)]


def _late(rows: Sequence[WorkItem]) -> list[_Part]:
    return [_postings(fault, rows, Choice(group=Group.HOUSE, late=True, fault=fault)) for fault in Fault]


def _stuck(rows: Sequence[WorkItem]) -> list[_Part]:
    return [
        _postings("stopped", rows, Choice(group=Group.STUCK)),
        _postings("entries_wanted", rows, Choice(group=Group.TO_PACK, tag=Tag.ENTRIES_WANTED)),
    ]


def _error_index(guard: Mapping[str, Json], as_of: str | None) -> dict[str, Json]:
    leaving: Any = guard["leaving"]
    errors = _Part("errors", "/v1/guard", sum(one["errors"] for one in leaving))
    names = ("index", "expected_index", "band", "next_band", "room", "in_words", "forecasts", "state")
    return _figure("error_index", [errors], as_of, **{name: guard[name] for name in names})


def _cases(seller: str, store: CaseReads, *kinds: CaseKind) -> list[_Part]:
    return [
        _Part(
            f"cases_{kind}",
            f"/v1/cases?kind={kind}",
            _counted(
                lambda cursor, kind=kind: list_cases(  # type: ignore[misc]  # bound per turn
                    seller, open_only=True, limit=200, cursor=cursor, store=store, kind=kind
                )
            ),
        )
        for kind in kinds
    ]


def _to_answer(seller: str, store: Store, until: datetime) -> list[_Part]:
    lists: Mapping[str, Callable[..., dict[str, Json]]] = {
        "returns": list_returns,
        "cancel-requests": list_cancel_requests,
        "claims": list_claims,
    }
    return [
        _Part(
            name.replace("-", "_"),
            f"/v1/{name}?due_before={time_text(until)}",
            _counted(
                lambda cursor, ask=ask: ask(  # type: ignore[misc]  # bound per turn
                    seller, open_only=True, limit=200, cursor=cursor, store=store, due_before=until
                )
            ),
        )
        for name, ask in lists.items()
    ]


def _refunds(seller: str, store: Store) -> list[_Part]:
    states = (IntentState.PROPOSED, IntentState.PENDING, IntentState.SENT, IntentState.UNKNOWN)
    return [_refunds_in(seller, store, state) for state in states]


def _refunds_in(seller: str, store: Store, state: IntentState) -> _Part:
    found = _all(lambda cursor: list_refunds(seller, state=state, limit=200, cursor=cursor, store=store))
    amounts: Counter[str] = Counter()
    for item in found:
        amount = Money.parse(item["amount"]["amount"], item["amount"]["currency"])
        amounts[amount.currency] += amount.minor
    money = [Money(minor, currency) for currency, minor in sorted(amounts.items())]
    return _Part(f"refunds_{state.lower()}", f"/v1/refunds?state={state}", len(found), money)


def _awake(seller: str, store: Store, now: datetime) -> dict[str, Json]:
    rows = (store.report(seller, POLL, day) for day in (now.date(), (now - timedelta(days=1)).date()))
    poll = next((row for row in rows if row is not None), None)
    at = datetime.fromisoformat(str(poll["at"])) if poll else None
    parts = _cases(seller, store, CaseKind.MARKETPLACE_KEY, CaseKind.ALARM_SET_ASIDE, CaseKind.ODD_ENTRY)
    awake = at is not None and now - at <= _QUIET
    push = str(poll["push"]) if poll else ""
    return _figure("awake", parts, at, polled_at=time_text(at), poll_awake=awake, push=push or None)


def _counted(listing: Callable[[str | None], Mapping[str, Json]]) -> int:
    return len(_all(listing))


def _all(listing: Callable[[str | None], Mapping[str, Json]]) -> list[Any]:
    found: list[Any] = []
    cursor: Any = None
    while True:
        page: Any = listing(cursor)
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found
