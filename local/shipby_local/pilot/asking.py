"""One round of questions to a live shop. The product's own client asks wherever it has the question."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from shipby.adapters.ozon import OzonClient, assumptions, methods
from shipby.adapters.ozon.requests import rfc3339
from shipby.adapters.ozon.transport import Transport
from shipby.application.cases.odd_entries import Noted, noting
from shipby.domain.errors import (
    CredentialsRejectedError,
    NotFoundError,
    RateLimitedError,
    ShipbyError,
    UnreadableAnswerError,
)
from shipby.domain.evidence.claim_hints import ASKING_CHATS
from shipby.domain.rating.error_index import RATING
from shipby_local.pilot.door import CallRefusedError, Door, EnoughAskedError
from shipby_local.pilot.evidence import Evidence, Json, Trouble, inner, text
from shipby_local.pilot.masking import Mask

NOBODYS: Final = "00000000-0000-0"
"""A posting number that no shop has."""
_LONG_AGO: Final = timedelta(days=365)
_CODE: Final = re.compile(r"[A-Z]+(?:_[A-Z]+)+")
_PLACE: Final = re.compile(r"\[\d+\]")
_MOST_PAGES: Final = 20
_CARRIAGE_DAYS: Final = 3
"""Today and the days before it: what left a day ago still has its papers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much is asked: days of postings back, and single postings, returns and carriages."""

    days: int = 14
    postings: int = 20
    returns: int = 10
    carriages: int = 5


class Asking:
    """Asks everything once. What goes wrong with one question never stops another, but for a refused key or a limit."""

    def __init__(
        self,
        door: Door,
        base_url: str,
        client_id: str,
        api_key: str,
        *,
        mask: Mask,
        now: datetime,
        sizes: Sizes,
        numbers: Sequence[str] = (),
    ) -> None:
        quick = 1_000_000.0  # the door keeps the pace
        self._client = OzonClient(base_url, client_id, api_key, requests_per_second=quick, pool=door, now=lambda: now)
        self._api = Transport(base_url, client_id=client_id, api_key=api_key, requests_per_second=quick, pool=door)
        self._now, self._sizes, self._numbers = now, sizes, numbers
        self.evidence = Evidence(now=now, mask=mask, exchanges=door.exchanges)
        self.notes = Noted()
        self._over = False
        """Whether the marketplace or the seller wants no more questions."""

    def round(self, say: Callable[[str], None]) -> Evidence:
        """All questions; `say` is told which one is asked. Raises CredentialsRejectedError if the key is not taken."""
        questions: tuple[tuple[str, Callable[[], object]], ...] = (
            ("the key", self._client.key_info),
            ("push addresses", self._client.push_health),
            ("open postings", self._open),
            ("postings", self._postings),
            ("postings that changed lately", self._changed),
            ("single postings", self._details),
            ("reasons to cancel", self._reasons),
            ("wishes to cancel", self._wishes),
            ("returns", self._returns),
            ("old returns", self._old_returns),
            ("goods on their way back", lambda: self._client.goods_returns(since=self._since())),
            ("the error index", self._index),
            ("accruals", self._accruals),
            ("carriages", self._carriages),
            ("cargo places", self._containers),
            ("chats", self._chats),
            ("a posting that nobody has", self._nobodys),
        )
        with noting() as notes:
            for name, ask in questions:
                if self._over:
                    break
                say(name)
                self._asked(name, ask)
        self.notes = notes
        return self.evidence

    def _asked(self, name: str, ask: Callable[[], object]) -> None:
        try:
            ask()
        except CallRefusedError:
            raise
        except EnoughAskedError:
            self._trouble(name, "not asked: --most-calls is used up")
            self._over = True
        except UnreadableAnswerError as error:
            self._trouble(name, f"UnreadableAnswerError: {_PLACE.sub('[]', error.field)} {error.problem}")
        except RateLimitedError:
            self._trouble(name, "RateLimitedError")
            self._over = True
        except CredentialsRejectedError as error:
            if name == "the key":
                raise
            self._trouble(name, type(error).__name__)
        except ShipbyError as error:
            self._trouble(name, type(error).__name__)

    def _trouble(self, name: str, error: str) -> None:
        last = self.evidence.exchanges[-1] if self.evidence.exchanges else None
        said = text(inner(last.value, "message")) if last is not None and isinstance(last.value, dict) else ""
        codes = tuple(self.evidence.mask.code(code) for code in dict.fromkeys(_CODE.findall(said)))
        self.evidence.troubles.append(Trouble(name, error, last.status if last is not None else 0, codes))

    def _since(self) -> datetime:
        return self._now - timedelta(days=self._sizes.days)

    def _open(self) -> None:
        cursor = ""
        for _ in range(_MOST_PAGES):
            page = self._client.unfulfilled(
                cutoff_from=self._now - timedelta(days=60), cutoff_to=self._now + timedelta(days=60), cursor=cursor
            )
            if page.cursor is None:
                return
            cursor = page.cursor

    def _postings(self) -> None:
        cursor = ""
        for _ in range(_MOST_PAGES):
            page = self._client.postings(since=self._since(), to=self._now, cursor=cursor)
            if page.cursor is None:
                return
            cursor = page.cursor

    def _changed(self) -> None:
        """Their filter is a period whose end the product lets lie ahead."""
        day = timedelta(days=1)
        self._client.postings(since=self._since(), to=self._now, changed_from=self._now - day)

    def _details(self) -> None:
        for number in self._chosen(self._sizes.postings):
            if not self._over:
                self._asked("a single posting", partial(self._client.posting, number))

    def _chosen(self, most: int) -> list[str]:
        """Postings of a label first, then of as many kinds as there are: status, delivery, currency, split or not."""
        kinds: dict[tuple[str, ...], list[str]] = {}
        for _, posting in self.evidence.postings():
            kind = (
                *(text(posting.get(name)) for name in ("status", "substatus", "tpl_integration_type")),
                str(bool(posting.get("parent_posting_number"))),
            )
            kinds.setdefault(kind, []).append(text(posting.get("posting_number")))
        longest = max((len(numbers) for numbers in kinds.values()), default=0)
        turns = [numbers[turn] for turn in range(longest) for numbers in kinds.values() if turn < len(numbers)]
        return list(dict.fromkeys(number for number in (*self._numbers, *turns) if number))[:most]

    def _reasons(self) -> None:
        for number in self._chosen(3):
            self._client.cancel_reasons(number)

    def _wishes(self) -> None:
        self._client.cancellations.waiting()
        if numbers := self._chosen(assumptions.CANCEL_REQUEST_CHUNK):
            self._client.cancellations.of_postings(numbers)

    def _returns(self) -> None:
        found = self._client.returns()
        states: dict[str, list[str]] = {}
        for one in found.items:
            states.setdefault(one.state, []).append(one.id)
        turns = [ids[turn] for turn in range(self._sizes.returns) for ids in states.values() if turn < len(ids)]
        for return_id in turns[: self._sizes.returns]:
            self._client.return_details(return_id)

    def _old_returns(self) -> None:
        """Returns that began before the product looks."""
        first = self._now - _LONG_AGO
        period = {"from": rfc3339(first), "to": rfc3339(self._now - assumptions.RETURNS_LOOK_BACK)}
        payload = {"filter": {"created_at": period}, "last_id": 0, "limit": assumptions.RETURNS_LIMIT}
        self._api.read(methods.RETURNS_LIST, payload, what="old ones")

    def _index(self) -> None:
        index = self._client.error_index()
        since = datetime.combine(index.period_from, datetime.min.time(), self._now.tzinfo)
        self._client.index_errors(since=since, to=self._now)
        self._client.rating_thresholds(RATING, since=since, to=self._now)

    def _accruals(self) -> None:
        self._client.accruals.types()
        numbers = [text(posting.get("posting_number")) for _, posting in self.evidence.postings()]
        wanted = [number for number in dict.fromkeys(numbers) if number][: assumptions.ACCRUALS_CHUNK]
        if wanted:
            self._client.accruals.postings(wanted)

    def _carriages(self) -> None:
        ways = [text(inner(posting, "delivery_method", "id")) for _, posting in self.evidence.postings()]
        ids: list[str] = []
        known = [way for way in dict.fromkeys(ways) if way.isascii() and way.isdigit() and way != "0"]
        for way in known[: self._sizes.carriages]:
            for back in range(_CARRIAGE_DAYS):
                day = self._now.date() - timedelta(days=back)
                ids += [one.id for one in self._client.carriages.listed(way, day)]
        for carriage_id in list(dict.fromkeys(ids))[: self._sizes.carriages]:
            self._client.carriages.get(carriage_id)
            self._client.carriages.postings(carriage_id)

    def _containers(self) -> None:
        for sort_type in ("sort", "non-sort"):
            self._client.containers.listed(since=self._since(), to=self._now, sort_type=sort_type)

    def _nobodys(self) -> None:
        with suppress(NotFoundError):
            self._client.posting(NOBODYS)

    def _chats(self) -> None:
        """The list, and one chat with the marketplace itself; chats with buyers are never opened."""
        self._client.chats.listed()
        for entry in self.evidence.entries("chats", methods.CHAT_LIST):
            chat: Json = entry["chat"] if isinstance(entry.get("chat"), dict) else {}
            if text(chat.get("chat_type")).upper() in ASKING_CHATS and text(chat.get("chat_id")):
                self._client.chats.messages(text(chat["chat_id"]), after="", since=self._since())
                return
