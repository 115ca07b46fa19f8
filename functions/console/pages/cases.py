"""Cases: read, and closed with two clicks."""

from __future__ import annotations

from functions.console.access import OFFICE
from functions.console.responses import Response, redirect
from functions.console.texts import mark
from functions.console.views.cases import case_row, cases
from functions.console.visit import Visit
from shipby.application.cases.opening import close_by_hand
from shipby.domain.errors import InvalidInputError

OUTCOMES = {
    "done": (mark("It is done"), "done, at the console"),
    "not_needed": (mark("Nothing to do"), "nothing to do, at the console"),
}
"""What one click says of a case, as it is shown and as the history keeps it."""
LONGEST = 500


def show(visit: Visit) -> Response:
    """Open cases, or with `closed` those that are not."""
    query = visit.request.query
    closed = "closed" in query
    values = cases(visit.seller, query.get("cursor") or None, store=visit.parts.store, open_only=not closed)
    return visit.html("cases.html", {**values, **_may(visit)})


def close(visit: Visit, identifier: str) -> Response:
    """Raises NotFoundError, StageMismatchError (closed already), InvalidInputError."""
    form = visit.request.form
    outcome = OUTCOMES.get(form.get("outcome", ""))
    words = form.get("words", "").strip()[:LONGEST]
    if outcome is None:
        raise InvalidInputError("say what became of it", errors=[("outcome", "choose one")])
    resolution = f"{outcome[1]}: {words}" if words else outcome[1]
    answer = visit.once(
        {"close": identifier, "resolution": resolution},
        lambda remember: close_by_hand(
            visit.seller,
            identifier,
            resolution,
            visit.actor,
            remember,
            store=visit.parts.store,
            clock=visit.parts.clock,
        ),
    )
    if visit.request.partial:
        return visit.html("case_row.html", {"case": case_row(dict(answer.body)), **_may(visit)})
    return redirect("/console/cases")


def _may(visit: Visit) -> dict[str, object]:
    return {"may_close": visit.role in OFFICE, "outcomes": {name: shown for name, (shown, _) in OUTCOMES.items()}}
