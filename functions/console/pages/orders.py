"""Orders: the list, one order, and the steps that a person takes with it."""

from __future__ import annotations

from urllib.parse import quote

from functions.console.access import OFFICE
from functions.console.responses import Response, redirect
from functions.console.views.orders import NEEDS_REASON, SHIP, order, orders
from functions.console.visit import ForbiddenError, Visit
from shipby.application.intents.ship_posting import ShipWish, ship_posting
from shipby.application.postings.work_posting import WorkCommand, work_posting
from shipby.application.tracking.report_delivery import hand_over
from shipby.domain.deadlines.workflow import Command
from shipby.domain.errors import InvalidInputError
from shipby.domain.postings.posting import Stage

LONGEST_REASON = 500


def show_list(visit: Visit) -> Response:
    """A board; stages that do not exist are left out."""
    query = visit.request.query
    known = set(map(str, Stage))
    stages = [Stage(each) for each in query.get("stage", "").split(",") if each in known]
    text = query.get("q", "").strip()[:200]
    values = orders(visit.seller, stages, text, query.get("cursor") or None, store=visit.parts.store)
    return visit.html(
        "orders.html", {**values, "q": text, "stages": [str(each) for each in stages], "all": list(map(str, Stage))}
    )


def show(visit: Visit, number: str) -> Response:
    """Raises NotFoundError."""
    parts = visit.parts
    values = order(visit.seller, number, store=parts.store, documents=parts.documents)
    return visit.html("order.html", values)


def act(visit: Visit, number: str) -> Response:
    """One step. Raises what the step raises, and InvalidInputError for a reason that is missing."""
    form = visit.request.form
    visit.check_warehouse(number)
    if form.get("command") == SHIP:
        return _ship(visit, number)
    command, reason = _command(form.get("command", "")), form.get("reason", "").strip()[:LONGEST_REASON]
    if command in NEEDS_REASON and not reason:
        raise InvalidInputError("it needs a reason", errors=[("reason", "say why")])
    work = WorkCommand(
        seller=visit.seller,
        number=number,
        command=command,
        actor=visit.actor,
        reason=reason,
        if_match=_seen(form.get("version", "")),
    )
    step = hand_over if command is Command.HAND_OVER else work_posting
    visit.once(
        {"command": str(command), "reason": reason},
        lambda remember: step(work, remember, store=visit.parts.store, clock=visit.parts.clock),
    )
    return _back(number)


def _ship(visit: Visit, number: str) -> Response:
    """Have it assembled at the marketplace, in one package; its label comes a minute later."""
    if visit.role not in OFFICE:
        raise ForbiddenError
    wish = ShipWish(seller=visit.seller, number=number, actor=visit.actor)
    visit.once(
        {"command": SHIP},
        lambda remember: ship_posting(wish, remember, store=visit.parts.store, clock=visit.parts.clock),
    )
    return _back(number)


def _back(number: str) -> Response:
    return redirect(f"/console/orders/{quote(number, safe='')}")


def _command(text: str) -> Command:
    try:
        return Command(text)
    except ValueError as error:
        raise InvalidInputError("there is no such step", errors=[("command", "open the order again")]) from error


def _seen(text: str) -> int | None:
    """The version that the page showed."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
