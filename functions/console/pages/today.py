"""The first page."""

from __future__ import annotations

from functions.console.responses import Response
from functions.console.views.today import today
from functions.console.visit import Visit


def show(visit: Visit) -> Response:
    """Whole, or its moving part for the script that looks again every half minute."""
    values = today(visit.seller, visit.role, store=visit.parts.store, clock=visit.parts.clock)
    return visit.html("today_part.html" if visit.request.partial else "today.html", values)
