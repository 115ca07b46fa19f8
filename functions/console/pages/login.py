"""Signing in and out, and the language of the pages."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from functions.console import cookies
from functions.console.responses import Response, redirect
from functions.console.texts import LANGUAGES
from functions.console.visit import Visit
from shipby.application.sellers.console_sessions import LONGEST
from shipby.application.sellers.console_sessions import sign_in as begin
from shipby.application.sellers.console_sessions import sign_out as end

FIRST_PAGE = "/console"


def local_path(wanted: str) -> str:
    """Where to go afterwards: a page of the console, never another site."""
    is_ours = wanted == FIRST_PAGE or wanted.startswith((f"{FIRST_PAGE}/", f"{FIRST_PAGE}?"))
    return wanted if is_ours and "\\" not in wanted and wanted.isprintable() and "/login" not in wanted else FIRST_PAGE


def show(visit: Visit) -> Response:
    """The form; with `once` in the address a single button. Reading an address never signs anybody in."""
    query = visit.request.query
    if visit.session is not None and "once" not in query:
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
    """A new session, whatever there was before. Raises TooManyAttemptsError."""
    form, parts = visit.request.form, visit.parts
    typed = form.get("once") or form.get("key", "").strip()
    origin = hashlib.sha256(visit.request.source.encode()).hexdigest()[:32]
    opened = begin(typed, origin, sessions=parts.sessions, keys=parts.keys, now=visit.now)
    if opened is None:
        return _form(visit, form, wrong=True)
    token, session = opened
    seconds = int(min(LONGEST, session.ends_at - visit.now).total_seconds())
    return redirect(local_path(form.get("next", "")), cookies=[cookies.session(token, seconds)])


def sign_out(visit: Visit) -> Response:
    """The session is over at once, also for whoever has copied its cookie."""
    token = visit.request.cookies.get(cookies.SESSION, "")
    if visit.session is not None:
        end(token, sessions=visit.parts.sessions)
    return redirect("/console/login", cookies=[cookies.no_session()])


def choose_language(visit: Visit) -> Response:
    """Of this browser, for a year."""
    form = visit.request.form
    wanted = form.get("language", "")
    chosen = [cookies.language(wanted)] if wanted in LANGUAGES else []
    back = form.get("next", "")
    return redirect("/console/login" if back.startswith("/console/login") else local_path(back), cookies=chosen)
