"""The bench: one page, one form. Its script sends every scan through the same form that works without it."""

from __future__ import annotations

from dataclasses import asdict

from functions.console.responses import Response
from functions.console.views import bench as view
from functions.console.views.barcodes import code128
from functions.console.visit import Visit
from functions.console.words import SCANS
from shipby.domain.errors import InvalidInputError, NotFoundError


def show(visit: Visit) -> Response:
    """Waiting for a scan, with or without an open parcel."""
    try:
        shown = view.open_bench(visit.seller, visit.request.query.get("number", ""), _bench(visit))
    except NotFoundError:
        shown = view.open_bench(visit.seller, "", _bench(visit))
        shown.state, shown.why = "wrong", "unknown"
    return _page(visit, shown)


def scan(visit: Visit) -> Response:
    """One scan. Raises InvalidInputError where nothing was scanned, RetryableError to be sent again."""
    form = visit.request.form
    code = form.get("code", "")
    if not code.strip():
        raise InvalidInputError("nothing was scanned", errors=[("code", "scan a code, or type it")])
    quantity = form.get("quantity", "") or "1"
    if not (quantity.isascii() and quantity.isdecimal() and 1 <= int(quantity) <= view.MOST_PIECES):
        raise InvalidInputError("the quantity is no number", errors=[("quantity", f"1 to {view.MOST_PIECES}")])
    number = form.get("number", "")
    if number:
        visit.check_warehouse(number)
    beep = view.Beep(seller=visit.seller, actor=visit.actor, code=code, number=number, quantity=int(quantity))
    return _page(visit, view.scanned(beep, _bench(visit)))


def sheet(visit: Visit) -> Response:
    """The command codes, to be printed and laid on the bench."""
    commands = [*view.COMMANDS, *(f"QTY-{number}" for number in view.QUANTITIES)]
    codes = [{"command": each, "bars": code128(f"{view.PREFIX}{each}")} for each in commands]
    return visit.html("sheet.html", {"codes": codes})


def _bench(visit: Visit) -> view.Bench:
    parts = visit.parts
    return view.Bench(parts.store, parts.documents, parts.clock, visit.once, visit.warehouses)


def _page(visit: Visit, shown: view.Shown) -> Response:
    values = asdict(shown)
    values["why_text"] = visit.texts.text(SCANS.get(shown.why, SCANS["stopped"])) if shown.why else ""
    return visit.html(
        "bench_part.html" if visit.request.partial else "bench.html", {"b": values, "commands": view.COMMANDS}
    )
