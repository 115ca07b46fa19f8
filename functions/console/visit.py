"""One visit of a page: who comes, in which language, what time it is; and how the answer is put together."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from functions.console import words
from functions.console.rendering import render
from functions.console.requests import Request
from functions.console.responses import Response
from functions.console.texts import LANGUAGES, Texts
from functions.console.wiring import Parts
from shipby.application.people.sessions import SignedIn
from shipby.application.shared.idempotency import Answer, idempotently
from shipby.domain import actors
from shipby.domain.sellers.keys import Role


class NotSignedInError(Exception):
    """The page needs somebody who is signed in."""


class ForbiddenError(Exception):
    """The role may not do this."""


class StaleFormError(Exception):
    """The form does not come from a page of this session."""


@dataclass(frozen=True, slots=True)
class Visit:
    """All that a page works with."""

    request: Request
    parts: Parts
    texts: Texts
    now: datetime
    signed_in: SignedIn | None = None
    csrf: str = ""
    area: str = ""
    """Which entry of the menu the page belongs to."""

    @property
    def who(self) -> SignedIn:
        if self.signed_in is None:
            raise NotSignedInError
        return self.signed_in

    @property
    def seller(self) -> str:
        return self.who.session.seller

    @property
    def role(self) -> Role:
        return self.who.session.role

    @property
    def actor(self) -> str:
        """As events name it."""
        return actors.of_person(self.who.person.id)

    @property
    def warehouses(self) -> tuple[str, ...]:
        """The only ones that they may act in; none: all."""
        return self.who.person.warehouses

    def check_warehouse(self, number: str) -> None:
        """Raises ForbiddenError where the posting is in a warehouse that the person does not work in."""
        if not self.warehouses:
            return
        posting = self.parts.store.posting(self.seller, number)
        if posting is not None and posting.warehouse_id not in self.warehouses:
            raise ForbiddenError

    def once(self, request: Mapping[str, Any], run: Any) -> Answer:
        """Do what a form asks for, once: however often it is sent, it has one idempotency key."""
        key = self.request.form.get("once", "")
        return idempotently(
            self.seller,
            f"console-{key}"[:128] if key else "",
            {"path": self.request.path, **request},
            run,
            store=self.parts.store,
            clock=self.parts.clock,
        )

    def html(self, template: str, values: Mapping[str, Any], *, status: int = 200) -> Response:
        """A template with what every page knows."""
        return Response(status, render(template, {**self._common(), **values}))

    def _common(self) -> dict[str, Any]:
        texts = self.texts
        return {
            "_": texts.text,
            "ngettext": texts.count,
            "money": texts.money,
            "number": texts.number,
            "moment": lambda when: texts.moment(when, now=self.now),
            "moment_in": lambda when, zone: texts.moment(when, zone=zone),
            "left": lambda when: texts.left(when, self.now),
            "word": self.word,
            "lang": texts.language,
            "languages": LANGUAGES,
            "zone": texts.zone_name,
            "now": self.now.isoformat(),
            "session": {"seller": self.seller, "role": str(self.role), "name": self.who.person.name}
            if self.signed_in
            else None,
            "csrf": self.csrf,
            "once": lambda: uuid.uuid4().hex,
            "area": self.area,
            "here": f"/console{self.request.path}",
            "partial": self.request.partial,
            "quoted": lambda text: quote(str(text), safe=""),
        }

    def word(self, table: str, code: object) -> str:
        """What a code of the domain is called; the code itself where it has no word."""
        found: Mapping[str, str] = getattr(words, table)
        text = found.get(str(code))
        return self.texts.text(text) if text else str(code)
