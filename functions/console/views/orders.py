"""Orders: lists by stage or by a code, and one order with its clocks, its history and what may be done."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from shipby.application.labels.views import posting_labels
from shipby.application.ports.files import DocumentStore
from shipby.application.ports.store import Store
from shipby.application.postings.queries import PostingFilter, get_posting, list_postings, posting_events
from shipby.application.postings.work_posting import load_posting
from shipby.application.printing.printable import printable_label
from shipby.application.shared.people import Names
from shipby.domain.deadlines.workflow import Command
from shipby.domain.postings.posting import BEFORE_HAND_OVER, Posting, Stage

LIMIT: Final = 50
_STEPS: Final[dict[Stage, tuple[Command, ...]]] = {
    Stage.RECEIVED: (Command.CONFIRM,),
    Stage.CONFIRMED: (Command.PICK,),
    Stage.PICKED: (Command.PACK,),
    Stage.INSPECTED: (Command.PACK,),
    Stage.PACKED: (Command.HAND_OVER,),
    Stage.EXPIRED: (Command.OVERRIDE,),
    Stage.BLOCKED: (Command.UNBLOCK,),
}
SHIP: Final = "ship"
"""Assembling at the marketplace: not a step of the bench, and for the office alone."""
NEEDS_REASON: Final = frozenset({Command.OVERRIDE, Command.UNBLOCK})
_ZONES: Final = ("Europe/Moscow", "Asia/Shanghai", "UTC")


def orders(seller: str, stages: Iterable[Stage], text: str, cursor: str | None, *, store: Store) -> dict[str, Any]:
    """A page of a board: of these stages (of all that are open if there are none), or what a code finds.

    Raises InvalidInputError for a cursor of another list.
    """
    wanted = tuple(stages)
    if text:
        found = list_postings(seller, PostingFilter(q=text), limit=LIMIT, cursor=None, store=store)
        return {"items": found["items"], "next": None, "part": ""}
    part, inner = _place(cursor, wanted)
    stage = wanted[part] if wanted else None
    page = list_postings(seller, PostingFilter(stage=stage), limit=LIMIT, cursor=inner, store=store)
    items: list[Any] = list(page["items"])  # type: ignore[arg-type]  # views are JSON
    following = page["next_cursor"]
    while wanted and following is None and part + 1 < len(wanted) and len(items) < LIMIT:
        part += 1
        more = list_postings(
            seller, PostingFilter(stage=wanted[part]), limit=LIMIT - len(items), cursor=None, store=store
        )
        items += more["items"]  # type: ignore[arg-type]  # views are JSON by their tests
        following = more["next_cursor"]
    if following is not None:
        return {"items": items, "next": f"{part}.{following}", "part": part}
    return {"items": items, "next": f"{part + 1}." if wanted and part + 1 < len(wanted) else None, "part": part}


def _place(cursor: str | None, stages: tuple[Stage, ...]) -> tuple[int, str | None]:
    part, _, inner = (cursor or "0.").partition(".")
    number = int(part) if part.isdecimal() and int(part) < max(len(stages), 1) else 0
    return number, inner or None


def order(seller: str, number: str, *, store: Store, documents: DocumentStore) -> dict[str, Any]:
    """Everything of one order's page. Raises NotFoundError."""
    view: dict[str, Any] = dict(get_posting(seller, number, store=store))
    posting = load_posting(store, seller, number)
    label = printable_label(posting, store=store)
    return {
        "order": view,
        "steps": _steps(posting),
        "zones": _zones(seller, store),
        "label": {"why_not": label.why_not, "state": str(label.document.state) if label.document else ""},
        "labels": posting_labels(seller, number, store=store, documents=documents)["items"],
        "events": _events(seller, number, store),
    }


def _steps(posting: Posting) -> list[dict[str, Any]]:
    """What a person may do with it now; the roles that may are the API's."""
    steps = [
        {"command": str(command), "reason": command in NEEDS_REASON, "office": False}
        for command in _STEPS.get(posting.stage, ())
        # Without being assembled it cannot be handed over.
        if command is not Command.HAND_OVER or posting.assembled_at is not None
    ]
    if posting.assembled_at is None and posting.stage in BEFORE_HAND_OVER and not posting.open_intents:
        steps.append({"command": SHIP, "reason": False, "office": True})
    return steps


def _zones(seller: str, store: Store) -> list[str]:
    """The seller's own zone, the marketplace's, and one where most cross-border sellers are: three, each once."""
    settings = store.settings(seller)
    own = [settings.time_zone] if settings else []
    return list(dict.fromkeys([*own, *_ZONES]))[:3]


def _events(seller: str, number: str, store: Store) -> list[dict[str, Any]]:
    items: Any = posting_events(seller, number, after_version=0, store=store)["items"]
    names = Names(seller, store)
    names.learn({event["actor"] for event in items})
    return [{**event, "who": names.of(event["actor"]), "told": _told(event["data"])} for event in reversed(items)]


_TOLD: Final = ("code", "sku", "why", "from", "to", "rung", "status", "cut_off", "tracking_number", "action", "copy")


def _told(data: dict[str, Any]) -> str:
    """What of an event's data a seller understands, in few words."""
    return ", ".join(f"{name}: {_plain(data[name])}" for name in _TOLD if data.get(name) not in (None, "", False))


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)
