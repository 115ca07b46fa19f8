"""The bench: what a scan did, what is in the parcel, what comes next.

A code is, in this order: one of our commands; where everything is in the parcel, its label; the goods; a paper that
opens a parcel. Nothing is called right here that the store has not taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from shipby.application.intents.enter_exemplars import tell_pieces
from shipby.application.packing.bench_checks import Scan, get_check, reset_check, scan_item
from shipby.application.packing.next_parcel import next_parcels, parcel_for
from shipby.application.packing.pack import PackWish, pack_posting
from shipby.application.packing.set_aside import Fault, SetAside, set_aside
from shipby.application.ports.clock import Clock
from shipby.application.ports.files import DocumentStore
from shipby.application.ports.store import Store
from shipby.application.printing.scan_label import scan_label
from shipby.application.shared.idempotency import Answer, Remember
from shipby.domain.errors import (
    ActionNotOfferedError,
    BenchRefusedError,
    DutyNeededError,
    NotFoundError,
    StageMismatchError,
)
from shipby.domain.packing.scanning import printable

COMMANDS: Final = ("OK", "UNDO", "SHORT", "DAMAGED", "QC-FAIL", "REPRINT", "NEXT")
QUANTITIES: Final = (2, 3, 4, 5, 6, 8, 10, 12)
PREFIX: Final = "SB-"
"""Of our own codes: letters and a hyphen, which every keyboard layout and every barcode knows."""
NEXT_SHOWN: Final = 4
MOST_PIECES: Final = 999
NO_MARK: Final = frozenset({"barcode", "not_a_mark", "cut_off", "misread", "caps_lock", "ambiguous"})
"""What is wrong with a mark; the packer does the same about each: scans it again."""

Once = Callable[[Mapping[str, Any], Callable[[Remember], Answer]], Answer]
"""Runs a change under the idempotency key of the scan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beep:
    """One scan as the page sent it; `number` is the parcel that was open then."""

    seller: str
    actor: str
    code: str
    number: str = ""
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class Bench:
    """Who works with what."""

    store: Store
    documents: DocumentStore
    clock: Clock
    once: Once
    warehouses: tuple[str, ...] = ()
    """The only ones in which the packer works; none: all."""


@dataclass(slots=True)
class Shown:
    """What the page shows after a scan. `state`: idle, open, right, wrong, done (label comes), closed."""

    state: str
    number: str = ""
    why: str = ""
    said: str = ""
    code: str = ""
    prints: bool = False
    others: int = 0
    item: str = ""
    check: dict[str, Any] | None = None
    next: list[dict[str, Any]] = field(default_factory=list)
    command: str = ""


def open_bench(seller: str, number: str, bench: Bench) -> Shown:
    """The page before any scan: with a parcel, or with those that come next. Raises NotFoundError."""
    if not number:
        return _with_next(seller, Shown("idle"), bench)
    return _looked_at(seller, number, Shown("open", number), bench)


def scanned(beep: Beep, bench: Bench) -> Shown:
    """What a scan did. Raises RetryableError: the same scan is sent again, under the same key."""
    text = printable(beep.code)
    shown = _command(beep, bench) if text.upper().startswith(PREFIX) else _code(beep, bench)
    shown.code = text
    if shown.number and shown.check is None:
        return _looked_at(beep.seller, shown.number, shown, bench)
    return shown if shown.number else _with_next(beep.seller, shown, bench)


def _looked_at(seller: str, number: str, shown: Shown, bench: Bench) -> Shown:
    shown.check = get_check(seller, number, store=bench.store, documents=bench.documents)
    if shown.state == "open" and shown.check["stop"]:
        shown.state, shown.why, shown.said = "wrong", "stopped", str(shown.check["stop"])
    elif shown.state == "open" and shown.check["asks"]:
        _asked(shown, shown.check["asks"])
    elif shown.state == "open" and shown.check["complete"]:
        shown.state = "done"
    return shown


def _with_next(seller: str, shown: Shown, bench: Bench) -> Shown:
    shown.next = next_parcels(seller, most=NEXT_SHOWN, warehouses=bench.warehouses, store=bench.store)
    return shown


def _code(beep: Beep, bench: Bench) -> Shown:
    if not beep.number:
        return _first(beep, bench)
    before = get_check(beep.seller, beep.number, store=bench.store, documents=bench.documents)
    if before["complete"] and not before["stop"]:
        return (
            _looked_at(beep.seller, beep.number, Shown("open", beep.number), bench)
            if before["asks"]
            else _label(beep, bench)
        )
    return _item(beep, beep.number, bench, is_empty=not before["scanned"])


def _first(beep: Beep, bench: Bench) -> Shown:
    """Nothing is open: a paper opens its parcel, an item the one with the earliest cut-off that wants it."""
    belongs = parcel_for(beep.seller, beep.code, warehouses=bench.warehouses, store=bench.store)
    if belongs is not None:
        shown = _item(beep, belongs.number, bench)
        shown.others = belongs.others
        return shown
    paper = _paper(beep, bench)
    if paper is None:
        return Shown("wrong", why="not_wanted")
    return Shown("open", paper["posting_number"])


def _paper(beep: Beep, bench: Bench) -> dict[str, Any] | None:
    try:
        return scan_label(beep.seller, beep.code, store=bench.store)
    except NotFoundError:
        return None


def _item(beep: Beep, number: str, bench: Bench, *, is_empty: bool = False) -> Shown:
    scan = Scan(seller=beep.seller, number=number, code=beep.code, actor=beep.actor, quantity=beep.quantity)
    asked = {"scan": beep.code, "at": beep.number, "quantity": beep.quantity}
    try:
        answer = bench.once(
            asked,
            lambda remember: scan_item(
                scan, remember, tell=tell_pieces, store=bench.store, documents=bench.documents, clock=bench.clock
            ),
        )
    except BenchRefusedError as error:
        return _refused(beep, number, error, bench, is_empty=is_empty)
    except DutyNeededError as error:
        return Shown("wrong", number, why="duty", said=str(error))
    except (StageMismatchError, ActionNotOfferedError) as error:
        return Shown("wrong", number, why="stopped", said=str(error))
    view = dict(answer.body)
    taken: Any = view["accepted"]
    shown = Shown("right", str(view["posting_number"]), item=str(taken["offer_id"] or taken["sku"]) if taken else "")
    if view["asks"]:
        _asked(shown, view["asks"])
    elif view["complete"]:
        shown.state, shown.prints = "done", True
    return shown


def _asked(shown: Shown, asks: Any) -> None:
    """It is right so far, and something is wanted next: the mark of the piece, or a parcel packed by its rule."""
    shown.state, shown.why, shown.said = "right", str(asks["what"]), str(asks["told"])


def _refused(beep: Beep, number: str, error: BenchRefusedError, bench: Bench, *, is_empty: bool) -> Shown:
    why = "not_a_mark" if error.code in NO_MARK else error.code
    if why not in ("paper_scanned", "wrong_item"):
        return Shown("wrong", number, why=why, said=str(error))
    paper = _paper(beep, bench)
    if paper is None:
        return Shown("wrong", number, why=why)
    if paper["posting_number"] == number:
        return Shown("wrong", number, why="not_packed")
    # Nothing is in the open parcel yet: whoever scans another slip wants that one.
    return Shown("open", paper["posting_number"]) if is_empty else Shown("wrong", number, why="other_label")


def _label(beep: Beep, bench: Bench) -> Shown:
    """Everything is in: only its own, newest label closes the parcel."""
    paper = _paper(beep, bench)
    if paper is None:
        return _item(beep, beep.number, bench)
    if paper["posting_number"] != beep.number:
        return Shown("wrong", beep.number, why="other_label")
    if paper["current"] is False:
        return Shown("wrong", beep.number, why="old_label", said=str(paper["why_not"] or ""))
    return Shown("closed", item=beep.number)


def _command(beep: Beep, bench: Bench) -> Shown:
    command = printable(beep.code).upper().removeprefix(PREFIX)
    if command == "NEXT":
        return Shown("idle", command=command)
    if command not in COMMANDS:
        return Shown("wrong", beep.number, why="unknown")
    if not beep.number:
        return Shown("idle", command=command) if command == "OK" else Shown("wrong", why="no_parcel")
    try:
        return _carried_out(command, beep, bench)
    except StageMismatchError as error:
        return Shown("wrong", beep.number, why="stopped", said=str(error))


def _carried_out(command: str, beep: Beep, bench: Bench) -> Shown:
    asked = {"command": command, "at": beep.number}
    if command == "UNDO":
        bench.once(
            asked,
            lambda remember: reset_check(
                beep.seller,
                beep.number,
                "undo at the bench",
                beep.actor,
                remember,
                store=bench.store,
                documents=bench.documents,
                clock=bench.clock,
            ),
        )
    elif command in ("SHORT", "DAMAGED", "QC-FAIL"):
        wish = SetAside(seller=beep.seller, number=beep.number, fault=Fault(command.lower()), actor=beep.actor)
        bench.once(asked, lambda remember: set_aside(wish, remember, store=bench.store, clock=bench.clock))
        return Shown("idle", command=command, item=beep.number)
    shown = _looked_at(beep.seller, beep.number, Shown("open", beep.number, command=command), bench)
    if command == "OK" and shown.why == "packaging_needed" and shown.check is not None:
        return _packed(asked, shown.check["packaging"]["token"], beep, bench)
    if command == "REPRINT":
        if shown.state != "done":
            return Shown("wrong", beep.number, why="not_packed")
        shown.prints = True
    return shown


def _packed(asked: Mapping[str, Any], token: str, beep: Beep, bench: Bench) -> Shown:
    """The packer has done what the packaging rules say, as they were shown."""
    wish = PackWish(seller=beep.seller, number=beep.number, actor=beep.actor, may_skip=False, packaging=token)
    bench.once(
        {**asked, "packaging": token},
        lambda remember: pack_posting(wish, remember, store=bench.store, clock=bench.clock),
    )
    shown = _looked_at(beep.seller, beep.number, Shown("open", beep.number, command="OK"), bench)
    shown.prints = shown.state == "done"
    return shown
