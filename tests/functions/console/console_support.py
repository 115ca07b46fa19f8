"""A browser of the console: real HTTP API events in, pages out, cookies and forms kept as a browser keeps them."""

from __future__ import annotations

import gzip
import html
import itertools
import re
from base64 import b64decode
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from functions.console.app import Console
from functions.console.wiring import Parts
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveAccess, SaveDetail, SavePosting, Write
from shipby.application.sellers.authenticate import key_hash
from shipby.domain.events import posting_ref
from shipby.domain.postings.posting import MarketplacePosting, Posting
from shipby.domain.sellers.keys import Role
from tests.support import builders as a
from tests.support.fakes import MemoryDocuments
from tests.support.memory_store import MemoryStore

HOST = "console.example"
PEOPLE: tuple[Role, ...] = tuple(role for role in Role if role is not Role.STATION)
SECRETS: dict[Role, str] = {role: f"shp_{index:016x}.{'k' * 42}{index}" for index, role in enumerate(PEOPLE)}
"""An API key of a person of each role, as it is typed."""
NAMES = dict(zip(PEOPLE, ("Анна Белова", "李娜", "Пётр Ким", "Ольга Ли", "ERP"), strict=True))


class MemoryAttempts:
    """`RefusedAttempts` in memory."""

    def __init__(self) -> None:
        self.counted: Counter[tuple[str, int]] = Counter()

    def refused(self, origin: str, window: int) -> int:
        return self.counted[origin, window]

    def count(self, origin: str, window: int) -> None:
        self.counted[origin, window] += 1


def person_id(role: Role) -> str:
    return f"{PEOPLE.index(role) + 1:016x}"


def add_people(store: Store) -> None:
    """A person of each role in the builders' shop, each with a key."""
    for role, text in SECRETS.items():
        identifier, _, secret = text.removeprefix("shp_").partition(".")
        person = a.person(id=person_id(role), name=NAMES[role], role=role, added_at=a.NOW - timedelta(days=1))
        key = a.api_key(id=identifier, role=role, sha256=key_hash(secret), person=person.id)
        store.commit([SaveAccess(person), SaveAccess(key)])


@dataclass(frozen=True, slots=True)
class Page:
    status: int
    headers: Mapping[str, str]
    raw: bytes
    size: int
    """Bytes on the wire."""

    @property
    def html(self) -> str:
        return self.raw.decode()

    @property
    def text(self) -> str:
        """What people read, with single spaces."""
        without = re.sub(r"<(script|style)\b.*?</\1>|<svg\b.*?</svg>|<[^>]+>", " ", self.html, flags=re.DOTALL)
        return " ".join(html.unescape(without).split())

    def form(self, action: str) -> dict[str, str]:
        """The hidden fields of the first form with this action (or the beginning of it)."""
        found = re.search(rf'<form[^>]*action="{re.escape(action)}[^"]*"[^>]*>(.*?)</form>', self.html, re.DOTALL)
        assert found is not None, f"no form for {action}"
        fields = re.findall(r'<input[^>]*type="hidden"[^>]*>', found[1])
        named = [(re.search(r'name="([^"]*)"', each), re.search(r'value="([^"]*)"', each)) for each in fields]
        return {name[1]: html.unescape(value[1]) for name, value in named if name and value}

    @property
    def csrf(self) -> str:
        found = re.search(r'data-csrf="([^"]*)"', self.html)
        return found[1] if found else ""


_REQUESTS = itertools.count(1)


@dataclass
class Browser:
    """One browser; `signed_in` is another one of the same shop."""

    store: Store
    clock: a.FixedClock
    attempts: MemoryAttempts = field(default_factory=MemoryAttempts)
    papers: MemoryDocuments = field(default_factory=MemoryDocuments)
    language: str = "en"
    source: str = "198.51.100.7"
    cookies: dict[str, str] = field(default_factory=dict)
    set_cookies: list[str] = field(default_factory=list)
    """Every cookie as it was set."""

    def __post_init__(self) -> None:
        self._console = Console(lambda: Parts(self.store, self.attempts, self.clock, self.papers))

    def send(
        self,
        method: str,
        address: str,
        form: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        browser: bool = True,
    ) -> Page:
        """A request; with `browser` the headers that browsers add by themselves."""
        parts = urlsplit(address)
        sent = {"host": HOST, "accept-encoding": "gzip, br", "accept-language": self.language}
        if browser:
            sent |= {"sec-fetch-site": "same-origin"}
        event: dict[str, Any] = {
            "rawPath": parts.path,
            "rawQueryString": parts.query,
            "headers": {**sent, **(headers or {})},
            "cookies": [f"{name}={value}" for name, value in self.cookies.items()],
            "requestContext": {
                "http": {"method": method, "path": parts.path, "sourceIp": self.source},
                "requestId": f"r{next(_REQUESTS)}",
                "stage": "$default",
            },
            "isBase64Encoded": False,
        }
        if form is not None:
            event["body"] = urlencode(form)
        return self._read(self._console(event))

    def _read(self, answer: Mapping[str, Any]) -> Page:
        raw = b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
        size = len(raw)
        headers = answer["headers"]
        for cookie in answer.get("cookies", ()):
            self.set_cookies.append(cookie)
            name, _, rest = cookie.partition("=")
            value = rest.partition(";")[0]
            if "Max-Age=0" in cookie:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        if headers.get("Content-Encoding") == "gzip":
            raw = gzip.decompress(raw)
        return Page(answer["statusCode"], headers, raw, size)

    def get(self, address: str, **headers: str) -> Page:
        return self.send("GET", address, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, address: str, form: Mapping[str, str], **headers: str) -> Page:
        return self.send(
            "POST", address, form, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )

    def part(self, address: str) -> Page:
        """As the script asks for a fragment."""
        return self.get(address, hx_request="true")

    def signed_in(self, role: Role = Role.OWNER, language: str = "en") -> Browser:
        """Another browser of the same shop, in which somebody of this role has signed in."""
        other = replace(self, language=language, cookies={})
        answer = other.post("/console/login", {"key": SECRETS[role]})
        assert (answer.status, answer.headers["Location"]) == (303, "/console"), answer.text
        return other

    def has(self, *writes: Write) -> None:
        """Put something into the store."""
        self.store.commit(writes)

    def has_posting(self, posting: Posting | None = None, detail: MarketplacePosting | None = None) -> Posting:
        """Put a posting with its birth event into the store."""
        posting = posting or a.posting()
        events = AppendEvents(posting.seller, posting_ref(posting.number), posting.version, (a.event(),))
        writes: Sequence[Write] = [SavePosting(posting), events]
        self.store.commit([*writes, SaveDetail(posting.seller, detail)] if detail else writes)
        return posting


def new_browser() -> Browser:
    clock = a.FixedClock()
    store = MemoryStore(clock=clock)
    add_people(store)
    return Browser(store, clock)
