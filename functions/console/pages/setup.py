"""Set-up: five questions."""

from __future__ import annotations

from functions.console.responses import Response, redirect
from functions.console.views.setup import answered, questions
from functions.console.visit import Visit
from shipby.application.sellers.change_settings import change_settings
from shipby.domain.errors import InvalidInputError
from shipby.domain.sellers.settings import SellerSettings


def show(visit: Visit) -> Response:
    """The form, with today's answers."""
    return visit.html("setup.html", {**questions(_settings(visit)), "saved": "saved" in visit.request.query})


def save(visit: Visit) -> Response:
    """Raises InvalidInputError, PreconditionFailedError (somebody changed the settings meanwhile)."""
    form = visit.request.form
    seen = form.get("version", "")
    if not (seen.isascii() and seen.isdecimal()):
        raise InvalidInputError("the form has no version", errors=[("version", "open the page again")])
    wanted = answered(_settings(visit), form)
    asked = {
        name: form.get(name, "") for name in ("preset", "language", "time_zone", "confirm_hours", "hand_over_minutes")
    }
    visit.once(
        {**asked, "version": seen},
        lambda remember: change_settings(
            wanted, int(seen), remember, actor=visit.actor, store=visit.parts.store, now=visit.now
        ),
    )
    return redirect("/console/setup?saved=1")


def _settings(visit: Visit) -> SellerSettings:
    return visit.parts.store.settings(visit.seller) or SellerSettings(seller=visit.seller)
