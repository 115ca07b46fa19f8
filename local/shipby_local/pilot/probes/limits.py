"""Probes of limits, sizes and times of answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from shipby.adapters.ozon import assumptions, methods
from shipby.adapters.ozon.methods import Method
from shipby.adapters.ozon.refusals import breaker_open, message_of
from shipby_local.pilot.door import Exchange
from shipby_local.pilot.evidence import Evidence, inner, listed
from shipby_local.pilot.probes.base import Finding, Probe, differs, holds, not_seen

REMAINING: Final = "Ratelimit-Remaining"
LOWEST_SEEN: Final = 5
"""So many requests of the same second may be other programs' of the seller."""


def _page(name: str, key: str, *wanted: Method) -> Probe:
    """A limit that is asked for in `limit`: it is taken, and no page is longer."""

    def look(evidence: Evidence) -> Finding:
        most, asked = getattr(assumptions, name), [one for one in evidence.of(*wanted) if _limit(one) is not None]
        refused = [one for one in asked if one.status == 400]
        lengths = [len(listed(inner(one.value, key))) for one in asked if one.status == 200]
        too_long = [length for length in lengths if length > most]
        if refused:
            return differs(
                f"{len(refused)} of {len(asked)} requests with a limit of {most} were refused", *_paths(wanted)
            )
        if too_long:
            return differs(
                f"a page of {max(too_long)} where {most} were asked for", *(f"{path}.{key}" for path in _paths(wanted))
            )
        if not lengths:
            return not_seen("the method gave no list")
        return holds(f"{len(lengths)} pages, the longest of {max(lengths)}")

    paths = ", ".join(_paths(wanted))
    return Probe(name, f"Does {paths} take a limit of {getattr(assumptions, name)}, and keep to it?", look)


def _chunk(name: str, method: Method, *place: str) -> Probe:
    """A number of ids in one request: it is taken."""

    def look(evidence: Evidence) -> Finding:
        most = getattr(assumptions, name)
        sent = [(one, len(listed(inner(one.request, *place)))) for one in evidence.of(method) if one.request]
        sent = [(one, count) for one, count in sent if count]
        if not sent:
            return not_seen("no ids were there to ask for")
        if refused := [count for one, count in sent if one.status == 400]:
            return differs(f"a request with {max(refused)} of at most {most} ids was refused", method.path)
        largest = max(count for _, count in sent)
        return holds(f"{largest} of at most {most} ids were taken")

    return Probe(name, f"Does {method.path} take {getattr(assumptions, name)} ids at once?", look)


def _limit(one: Exchange) -> Any:
    return inner(one.request, "limit") if isinstance(one.request, dict) else None


def _paths(wanted: Sequence[Method]) -> tuple[str, ...]:
    return tuple(method.path for method in wanted)


def _rate(evidence: Evidence) -> Finding:
    told = [int(one.headers[REMAINING]) for one in evidence.exchanges if one.headers.get(REMAINING, "").isdigit()]
    if not told:
        return not_seen(f"no answer had the header {REMAINING}")
    most, ours = max(told) + 1, assumptions.REQUESTS_PER_SECOND
    said = f"up to {max(told)} more requests were left in a second, {len(told)} answers said so"
    if most > ours or most < ours - LOWEST_SEEN:
        return differs(f"{said}: the limit is about {most}, not {ours}", REMAINING)
    return holds(said)


def _first_byte(evidence: Evidence) -> Finding:
    return _seconds(evidence, assumptions.READ_SECONDS + assumptions.CONNECT_SECONDS)


def _seconds(evidence: Evidence, most: float) -> Finding:
    times = sorted(one.seconds for one in evidence.exchanges if one.status)
    lost = sum(not one.status for one in evidence.exchanges)
    if not times and not lost:
        return not_seen("nothing was asked")
    slow = [one.path for one in evidence.exchanges if not one.status or one.seconds > most]
    middle = times[len(times) // 2] if times else 0.0
    slowest = max(times, default=0.0)
    said = f"{len(times)} answers, half within {middle:.1f} s, the slowest {slowest:.1f} s; {lost} never came whole"
    return differs(said, *dict.fromkeys(slow)) if slow else holds(said)


def _largest_answer(evidence: Evidence) -> Finding:
    sizes = [one.size for one in evidence.exchanges if one.status]
    if not sizes:
        return not_seen("nothing was answered")
    said = f"the largest of {len(sizes)} answers has {max(sizes) // 1024 + 1} KB"
    return holds(said) if max(sizes) < assumptions.LARGEST_ANSWER // 2 else differs(said)


def _largest_file(evidence: Evidence) -> Finding:
    if not evidence.label:
        return not_seen("no label file was given (--label)")
    said = f"{len(evidence.label)} label pages in {evidence.label_bytes // 1024 + 1} KB"
    each = evidence.label_bytes / len(evidence.label)
    fits = each * assumptions.LABEL_CHUNK < assumptions.LARGEST_FILE
    return (
        holds(said) if fits else differs(f"{said}: {assumptions.LABEL_CHUNK} such pages are more than a file may have")
    )


def _retry_after(evidence: Evidence) -> Finding:
    limited = [one for one in evidence.exchanges if one.status == 429]
    if not limited:
        return not_seen("no request was too many, and none is made so to find out")
    bare = sum("Retry-After" not in one.headers for one in limited)
    said = f"{len(limited)} answers of 429, {bare} without Retry-After"
    return differs(said, "Retry-After") if bare else holds(said)


def _longest_retry(evidence: Evidence) -> Finding:
    waits = [one.headers["Retry-After"] for one in evidence.exchanges if "Retry-After" in one.headers]
    seconds = [float(wait) for wait in waits if wait.replace(".", "", 1).isdigit()]
    if not waits:
        return not_seen("no answer had Retry-After")
    if len(seconds) < len(waits):
        return differs(f"{len(waits) - len(seconds)} of {len(waits)} are no number of seconds", "Retry-After")
    said = f"the longest of {len(seconds)} is {max(seconds):g} s"
    return holds(said) if max(seconds) <= assumptions.LONGEST_RETRY_AFTER else differs(said, "Retry-After")


def _breaker(evidence: Evidence) -> Finding:
    seen = [one for one in evidence.exchanges if breaker_open(message_of(one.value))]
    if not seen:
        return not_seen("no method was switched off")
    again = [one for one in seen if "Retry-After" in one.headers]
    said = f"{len(seen)} methods were switched off for some time, {len(again)} answers said for how long"
    return differs(said, "Retry-After") if again else holds(said)


def _changed_ahead(evidence: Evidence) -> Finding:
    """The filter is taken."""
    name = "last_changed_status_date"
    asked = [one for one in evidence.of(methods.POSTING_LIST) if inner(one.request or {}, "filter", name)]
    refused = [one for one in asked if one.status == 400]
    if refused:
        said = f"{len(refused)} of {len(asked)} requests were refused"
        return differs(said, f"{methods.POSTING_LIST.path}.filter.{name}")
    taken = [one for one in asked if one.status == 200]
    count = sum(len(listed(inner(one.value, "postings"))) for one in taken)
    return (
        holds(f"{len(taken)} requests were taken, {count} postings listed") if taken else not_seen("it was not asked")
    )


def _look_back(evidence: Evidence) -> Finding:
    """Whether a return that is older than the product looks still waits for somebody."""
    first = evidence.now - assumptions.RETURNS_LOOK_BACK + timedelta(minutes=1)
    old = [one for one in evidence.of(methods.RETURNS_LIST) if _ends_before(one, first)]
    if not any(one.status == 200 for one in old):
        return not_seen("older returns could not be listed")
    entries = [entry for one in old for entry in listed(inner(one.value, "returns"))]
    groups = [str(inner(entry, "state", "group_state")) for entry in entries if isinstance(entry, dict)]
    waiting = sum(group not in ("Approved", "Rejected") for group in groups)
    said = f"{len(groups)} returns are older than {assumptions.RETURNS_LOOK_BACK.days} days, {waiting} of them not over"
    return differs(said, f"{methods.RETURNS_LIST.path}.returns[].state.group_state") if waiting else holds(said)


def _ends_before(one: Exchange, first: Any) -> bool:
    period = inner(one.request, "filter", "created_at") if isinstance(one.request, dict) else None
    end = inner(period, "to") if isinstance(period, dict) else None
    return isinstance(end, str) and end < first.isoformat()


PROBES: Final[tuple[Probe, ...]] = (
    Probe("REQUESTS_PER_SECOND", "How many requests a second does the marketplace allow?", _rate),
    Probe("CONNECT_SECONDS", "Do answers come in the time that the product waits?", _first_byte),
    Probe("READ_SECONDS", "Do answers come in the time that the product waits?", _first_byte),
    Probe(
        "WHOLE_ANSWER_SECONDS",
        "Are answers whole in the time that the product waits?",
        lambda evidence: _seconds(evidence, assumptions.WHOLE_ANSWER_SECONDS),
    ),
    Probe(
        "CALL_SECONDS",
        "Does a call end in the time that it has from its first byte to its last?",
        lambda evidence: _seconds(evidence, assumptions.CALL_SECONDS),
    ),
    Probe("CHANGED_AHEAD", "Does the list take a period of changes that ends ahead?", _changed_ahead),
    Probe("DEFAULT_RETRY_AFTER", "Does a 429 say for how long to wait?", _retry_after),
    Probe("LONGEST_RETRY_AFTER", "For how long does the marketplace tell programs to wait?", _longest_retry),
    Probe("BREAKER_RETRY_AFTER", "Was a method switched off for some minutes?", _breaker),
    Probe("LARGEST_ANSWER", "How large are answers?", _largest_answer),
    Probe("LARGEST_FILE", "How large are label files?", _largest_file),
    Probe("RETURNS_LOOK_BACK", "Is a return older than the product looks still open?", _look_back),
    _page("LIST_LIMIT", "postings", methods.POSTING_LIST, methods.POSTING_UNFULFILLED),
    _page("RETURNS_LIMIT", "returns", methods.RETURNS_LIST),
    _page("GOODS_RETURNS_LIMIT", "returns", methods.GOODS_RETURNS_LIST),
    _page("PUSH_URLS_LIMIT", "urls", methods.PUSH_URLS),
    _page("INDEX_POSTINGS_LIMIT", "errors", methods.INDEX_POSTINGS),
    _page("CHAT_LIST_LIMIT", "chats", methods.CHAT_LIST),
    _page("CHAT_HISTORY_LIMIT", "messages", methods.CHAT_HISTORY),
    _page("CANCEL_REQUEST_LIMIT", "result", methods.CANCEL_REQUEST_LIST),
    _page("CARRIAGE_LIST_LIMIT", "methods", methods.CARRIAGE_LIST),
    _page("CONTAINER_LIST_LIMIT", "containers", methods.CONTAINER_LIST),
    _chunk("CANCEL_REQUEST_CHUNK", methods.CANCEL_REQUEST_LIST, "filters", "posting_number"),
    _chunk("ACCRUALS_CHUNK", methods.ACCRUALS, "posting_numbers"),
)
