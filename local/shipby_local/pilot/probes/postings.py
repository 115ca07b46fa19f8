"""Probes of postings, returns, carriages and labels."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from shipby.adapters.ozon import assumptions, methods
from shipby.adapters.ozon.refusals import message_of
from shipby.domain.returns.actions import ActionKind, kind_of
from shipby.domain.returns.return_case import OfferedAction
from shipby_local.pilot.asking import NOBODYS
from shipby_local.pilot.description import Description, codes
from shipby_local.pilot.evidence import Evidence, Json, inner, listed, text
from shipby_local.pilot.probes.base import Finding, Probe, differs, holds, judged, not_seen

_GET: Final = methods.POSTING_GET.path
_LARGEST_ID: Final = 100_000
"""A larger number names one thing, not a kind of it."""
_PLACEHOLDER: Final = 6
"""A barcode of a parcel has more signs than this."""
CARRIAGE_STATUSES: Final = frozenset({"new", "received", "closed", "sended", "cancelled", "formed", "error"})

_SCHEMES: Final = (
    (methods.GOODS_RETURNS_LIST, "returns", "schema"),
    (methods.INDEX_POSTINGS, "errors", "delivery_schema"),
)
_CODED: Final = (
    "status",
    "substatus",
    "previous_substatus",
    "available_actions",
    "tpl_integration_type",
    "integration_type_flow",
)


def _coded(name: str) -> Probe:
    """Codes of a posting: every one is described."""
    known = codes(_leaf(Description.load().at(_GET, "result", name)))

    def look(evidence: Evidence) -> Finding:
        wrong: Counter[str] = Counter()
        right: Counter[str] = Counter()
        for path, posting in evidence.postings():
            value = posting.get(name)
            for code in [text(one) for one in (value if isinstance(value, list) else [value])]:
                if code in known:
                    right[code] += 1
                elif code:
                    place = f"{path}.{name}[]" if isinstance(value, list) else f"{path}.{name}"
                    wrong[f"{place} {evidence.mask.code(code)}"] += 1
        seen = ", ".join(f"{code} {count}" for code, count in right.most_common())
        return judged(wrong, right.total(), what=f"described codes ({seen or 'none'})")

    return Probe(f"codes of {name}", f"Are the codes of a posting's `{name}` the described ones?", look)


def _leaf(shape: object) -> object:
    return shape[0] if isinstance(shape, list) else shape


def _integration(evidence: Evidence) -> Finding:
    """Who delivers, held against the scheme that lists of returns and of errors name for the same posting."""
    told: dict[str, tuple[str, str]] = {}
    for method, key, name in _SCHEMES:
        for entry in evidence.entries(key, method):
            told[text(entry.get("posting_number"))] = (f"{method.path}.{key}[].{name}", text(entry.get(name)))
    wrong: Counter[str] = Counter()
    right = 0
    for path, posting in evidence.postings():
        integration = text(posting.get("tpl_integration_type"))
        place, scheme = told.get(text(posting.get("posting_number")), ("", ""))
        fbs = integration in ("", assumptions.FBS_INTEGRATION)
        if not integration:
            wrong[f"{path}.tpl_integration_type empty"] += 1
        elif scheme and fbs != (scheme.casefold() == "fbs"):
            wrong[f"{place} {evidence.mask.code(scheme)} for {evidence.mask.code(integration)}"] += 1
        else:
            right += 1
    return judged(wrong, right, what="postings whose delivery and scheme agree")


def _fact_delivery(evidence: Evidence) -> Finding:
    """The official text calls it the hand-over into delivery, its name the delivery: which is it here?"""
    under_way = delivered = same = later = 0
    for posting in evidence.details():
        fact, begun = (text(posting.get(name)) for name in ("fact_delivery_date", "delivering_date"))
        if not fact or fact.startswith("0001"):
            continue
        if posting.get("status") == "delivered":
            delivered += 1
            same += bool(begun) and fact[:16] == begun[:16]
            later += bool(begun) and fact[:16] > begun[:16]
        else:
            under_way += 1
    path = f"{_GET}.result.fact_delivery_date"
    said = (
        f"set in {under_way} postings that are not delivered and in {delivered} that are;"
        f" of these, {same} at the minute of delivering_date and {later} after it"
    )
    if not under_way and not delivered:
        return not_seen("no posting has it")
    if under_way or (same and not later):
        return differs(f"{said}: it is the hand-over", path)
    return holds(f"{said}: it is the delivery")


def _empty_year(evidence: Evidence) -> Finding:
    wrong: Counter[str] = Counter()
    right = 0
    for place, value in evidence.leaves():
        year = _odd_year(value)
        if year == assumptions.EMPTY_YEAR:
            right += 1
        elif year is not None:
            wrong[f"{place} {year:04d}"] += 1
    return judged(wrong, right, what=f"empty dates of the year {assumptions.EMPTY_YEAR:04d}")


def _odd_year(value: object) -> int | None:
    """The year of a time long before any shop, which must be a placeholder."""
    if not isinstance(value, str) or re.match(r"\d{4}-\d\d-\d\dT", value, re.ASCII) is None:
        return None
    year = int(value[:4])
    return year if year < 1990 else None


def _no_barcode(evidence: Evidence) -> Finding:
    wrong: Counter[str] = Counter()
    right = empty = 0
    for path, posting in evidence.postings():
        for name in ("upper_barcode", "lower_barcode"):
            code = text(inner(posting, "barcodes", name))
            if code == assumptions.NO_BARCODE:
                empty += 1
            elif code and len(code) < _PLACEHOLDER:
                wrong[f"{path}.barcodes.{name} of-{len(code)}-signs"] += 1
            right += len(code) >= _PLACEHOLDER
    return judged(wrong, right + empty, what=f"barcodes ({empty} of them the placeholder)")


def _nobodys(evidence: Evidence) -> Finding:
    asked = [one for one in evidence.of(methods.POSTING_GET) if inner(one.request or {}, "posting_number") == NOBODYS]
    if not asked:
        return not_seen("it was not asked for")
    said = message_of(asked[-1].value)
    codes_of_it = "a code that ends in _NOT_FOUND" if "_NOT_FOUND" in said else "another text"
    told = f"status {asked[-1].status} with {codes_of_it}"
    if asked[-1].status == 404 and "_NOT_FOUND" in said and said.casefold() != assumptions.NO_POSTING_AT_ALL:
        return holds(told)
    return differs(told, f"{_GET}.message")


def _extension(evidence: Evidence) -> Finding:
    wrong: Counter[str] = Counter()
    right = 0
    for posting in evidence.details():
        pin = text(inner(posting, "addressee", "pin"))
        if pin and not pin.isdigit():
            wrong[f"{_GET}.result.addressee.pin no-digits"] += 1
        right += bool(pin) and pin.isdigit()
    return judged(wrong, right, what="extensions that are digits, to be written behind a word of ours")


def _boxes(evidence: Evidence) -> Finding:
    wrong: Counter[str] = Counter()
    right = 0
    for posting in evidence.details():
        if posting.get("status") != "awaiting_packaging" or posting.get("is_multibox"):
            continue
        counted = posting.get("multi_box_qty") not in (None, 0, 1)
        if counted:
            wrong[f"{_GET}.result.multi_box_qty more-than-one"] += 1
        right += not counted
    return judged(wrong, right, what="postings of one box, not assembled yet, that say 1")


def _carriage(evidence: Evidence) -> Finding:
    wrong: Counter[str] = Counter()
    right: Counter[str] = Counter()
    shown = [(f"{methods.CARRIAGE_GET.path}.status", answer) for answer in evidence.answers(methods.CARRIAGE_GET)]
    for entry in evidence.entries("methods", methods.CARRIAGE_LIST):
        made = [
            one
            for one in listed(entry.get("carriages"))
            if isinstance(one, dict) and one.get("id") not in (0, "0", None)
        ]
        shown += [(f"{methods.CARRIAGE_LIST.path}.methods[].carriages[].status", one) for one in made]
    for path, carriage in shown:
        status = text(carriage.get("status"))
        if status in CARRIAGE_STATUSES:
            right[status] += 1
        elif status:
            wrong[f"{path} {evidence.mask.code(status)}"] += 1
    seen = ", ".join(f"{code} {count}" for code, count in right.most_common())
    return judged(wrong, right.total(), what=f"known statuses of carriages ({seen or 'none'})")


def _departure(evidence: Evidence) -> Finding:
    wrong: Counter[str] = Counter()
    right = 0
    for answer in evidence.answers(methods.CARRIAGE_GET):
        departure = text(answer.get("departure_date"))
        if not departure:
            continue
        midnight = len(departure) == 10 or departure[10:].startswith("T00:00:00")
        right += midnight
        if not midnight:
            wrong[f"{methods.CARRIAGE_GET.path}.departure_date at-another-hour"] += 1
    return judged(wrong, right, what="days of departure that name no hour")


def _return_actions(evidence: Evidence) -> Finding:
    """Offered actions are found by their names: does the product know all of them?"""
    wrong: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for answer in evidence.answers(methods.RETURNS_GET):
        for entry in listed(inner(answer, "returns", "available_actions")):
            action = (inner(entry, "action") or entry) if isinstance(entry, dict) else {}
            identifier = action.get("id") if isinstance(action, dict) else None
            if isinstance(identifier, int) and abs(identifier) < _LARGEST_ID:
                kind = kind_of(OfferedAction(id=identifier, name=text(action.get("name"))))
                if kind is ActionKind.UNKNOWN:
                    wrong[f"{methods.RETURNS_GET.path}.returns.available_actions[].id {identifier}"] += 1
                else:
                    right[f"{kind} {identifier}"] += 1
    return judged(wrong, right.total(), what=f"offered actions that we know ({', '.join(sorted(right)) or 'none'})")


def _return_states(evidence: Evidence) -> Finding:
    """No list of states is published: which are there?"""
    found: Counter[str] = Counter()
    for entry in evidence.entries("returns", methods.RETURNS_LIST):
        state, group = (text(inner(entry, "state", name)) for name in ("state", "group_state"))
        if state:
            found[
                f"{evidence.mask.code(state)} of {evidence.mask.code(group)}" if group else evidence.mask.code(state)
            ] += 1
    told = ", ".join(f"{name} {count}" for name, count in found.most_common(30))
    return holds(f"seen: {told}") if found else not_seen("no return was listed")


def _label(evidence: Evidence) -> Finding:
    """Which of a posting's own codes its label shows."""
    if not evidence.label:
        return not_seen("no label file was given (--label)")
    known = _own_codes(evidence)
    shown: Counter[str] = Counter()
    silent = 0
    for page in evidence.label:
        kinds = {known[code] for code in (*page.barcodes, *page.numbers) if code in known}
        shown.update(kinds)
        silent += not kinds
        shown["another code"] += any(code not in known for code in page.barcodes)
    told = ", ".join(f"{name} on {count}" for name, count in shown.most_common() if count)
    said = f"{len(evidence.label)} pages: {told or 'no code'}; {silent} show no code of a posting that was read"
    return differs(said, "label") if silent else holds(said)


def _own_codes(evidence: Evidence) -> dict[str, str]:
    pairs = [pair for _, posting in evidence.postings() for pair in _codes(posting)]
    return {value: name for name, value in pairs if value and value != assumptions.NO_BARCODE}


def _codes(posting: Json) -> tuple[tuple[str, str], ...]:
    return (
        ("the tracking number", text(posting.get("tracking_number"))),
        ("the posting's number", text(posting.get("posting_number"))),
        ("upper_barcode", text(inner(posting, "barcodes", "upper_barcode"))),
        ("lower_barcode", text(inner(posting, "barcodes", "lower_barcode"))),
        ("scanit", text(posting.get("scanit"))),
    )


def _key(evidence: Evidence) -> Finding:
    answers = evidence.answers(methods.ROLES)
    if not answers:
        return not_seen("the key's roles were not shown")
    allowed = {
        text(path)
        for answer in answers
        for role in listed(answer.get("roles"))
        for path in listed(inner(role, "methods"))
    }
    acting = [method.path for method in methods.METHODS if method.acts and method.path in allowed]
    if acting:
        return differs(f"the key may also act ({len(acting)} methods that we know): a read-only one is enough for this")
    return holds("the key can only read")


PROBES: Final[tuple[Probe, ...]] = (
    Probe("the key", "Can the key only read?", _key),
    Probe("FBS_INTEGRATION", "Is `ozon` what the marketplace delivers, and all else not?", _integration),
    Probe("fact_delivery_date", "Is `fact_delivery_date` the hand-over or the delivery?", _fact_delivery),
    *(_coded(name) for name in _CODED),
    Probe("EMPTY_YEAR", "Is an empty date always of the year 0001?", _empty_year),
    Probe("NO_BARCODE", "What stands where a posting has no barcode yet?", _no_barcode),
    Probe("label", "Which of a posting's codes does its label show?", _label),
    Probe("NO_POSTING_AT_ALL", "What does the marketplace say of a posting that nobody has?", _nobodys),
    Probe("RECIPIENT_EXTENSION", "Is the extension of a phone number made of digits?", _extension),
    Probe("BOXES_WITHOUT_WORD", "Does a posting whose boxes nobody counted say 1?", _boxes),
    Probe("CARRIAGE_NEW", "Which statuses do carriages have?", _carriage),
    Probe("DEPARTURE_TIME", "At which hour does a day of departure stand?", _departure),
    Probe("return actions", "Does the product know every action that is offered for a return?", _return_actions),
    Probe("return states", "Which states do returns have?", _return_states),
)
