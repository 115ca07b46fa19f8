"""Signing in and out, and the language of the pages."""

from __future__ import annotations

from collections.abc import Mapping

from functions.console import cookies
from functions.console.responses import Response, redirect
from functions.console.texts import LANGUAGES
from functions.console.visit import Visit
from shipby.application.people.console_door import sign_in as begin
from shipby.application.people.sessions import close_session
from shipby.domain.errors import SignInRefusedError

FIRST_PAGE = "/console"


def local_path(wanted: str) -> str:
    """Where to go afterwards: a page of the console, never another site."""
    is_ours = wanted == FIRST_PAGE or wanted.startswith((f"{FIRST_PAGE}/", f"{FIRST_PAGE}?"))
    return wanted if is_ours and "\\" not in wanted and wanted.isprintable() and "/login" not in wanted else FIRST_PAGE


def show(visit: Visit) -> Response:
    """The form; with `once` in the address a single button. Reading an address never signs anybody in."""
    query = visit.request.query
    if visit.signed_in is not None and "once" not in query:
        return redirect(FIRST_PAGE)
    return _form(visit, query, wrong=False)


def _form(visit: Visit, asked: Mapping[str, str], *, wrong: bool) -> Response:
    values = {
        "link": asked.get("once", "") if not wrong else "",
        "next": local_path(asked.get("next", "")),
        "wrong": wrong,
    }
    return visit.html("login.html", values, status=401 if wrong else 200)


def sign_in(visit: Visit) -> Response:
    """A new session, whatever there was before. Raises TooManyTriesError."""
    form, parts = visit.request.form, visit.parts
    typed = form.get("once") or form.get("key", "").strip()
    try:
        opened = begin(typed, visit.request.source, attempts=parts.attempts, store=parts.store, clock=parts.clock)
    except SignInRefusedError:
        return _form(visit, form, wrong=True)
    cookie = cookies.session(opened.token, opened.session.ends_at - visit.now)
    return redirect(local_path(form.get("next", "")), cookies=[cookie])


def sign_out(visit: Visit) -> Response:
    """The session is over at once, also for whoever has copied its cookie."""
    found = visit.signed_in
    if found is not None:
        token = found.token or visit.request.cookies[cookies.SESSION]
        close_session(token, store=visit.parts.store, clock=visit.parts.clock)
    return redirect("/console/login", cookies=[cookies.no_session()])


def choose_language(visit: Visit) -> Response:
    """Of this browser, for a year."""
    form = visit.request.form
    wanted = form.get("language", "")
    chosen = [cookies.language(wanted)] if wanted in LANGUAGES else []
    back = form.get("next", "")
    return redirect("/console/login" if back.startswith("/console/login") else local_path(back), cookies=chosen)
