"""Rows of webhooks in memory; the contract suite proves them and the table's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from shipby.application.ports.pages import Page
from shipby.application.ports.webhooks.out import Heard
from shipby.domain.errors import NotFoundError
from shipby.domain.events import Ref
from shipby.domain.json_types import Json
from shipby.domain.webhooks.lane import Lane

T = TypeVar("T")
_Place = tuple[str, str]


class MemoryWebhooks:
    """Implements `WebhookRows`. `written` counts rows."""

    def __init__(self) -> None:
        self._listeners: set[_Place] = set()
        self.lanes: dict[tuple[str, str, Ref], Lane] = {}
        self.marks: dict[_Place, dict[Ref, None]] = {}
        self._log: dict[_Place, list[Mapping[str, Json]]] = {}
        self._dead: dict[_Place, list[Mapping[str, Json]]] = {}
        self.written = 0

    def listening(self) -> frozenset[str]:
        return frozenset(seller for seller, _ in self._listeners)

    def endpoint_ids(self, seller: str) -> list[str]:
        return sorted(endpoint for one, endpoint in self._listeners if one == seller)

    def note_endpoint(self, seller: str, endpoint: str) -> None:
        self._listeners.add((seller, endpoint))

    def drop_endpoint(self, seller: str, endpoint: str) -> None:
        self._listeners.discard((seller, endpoint))

    def lane(self, seller: str, endpoint: str, ref: Ref) -> Lane | None:
        return self.lanes.get((seller, endpoint, ref))

    def put_lane(self, lane: Lane) -> bool:
        place = (lane.seller, lane.endpoint, lane.ref)
        found = self.lanes.get(place)
        if (found.number if found else 0) != lane.number - 1:
            return False
        self.written += 1
        self.lanes[place] = lane
        return True

    def mark(self, seller: str, endpoint: str, ref: Ref, *, gone_at: datetime) -> None:
        self.written += 1
        self.marks.setdefault((seller, endpoint), {})[ref] = None

    def is_marked(self, seller: str, endpoint: str, ref: Ref) -> bool:
        return ref in self.marks.get((seller, endpoint), {})

    def unmark(self, seller: str, endpoint: str, refs: Sequence[Ref]) -> None:
        for ref in refs:
            self.written += 1
            self.marks.get((seller, endpoint), {}).pop(ref, None)

    def marked(self, seller: str, endpoint: str, *, limit: int, cursor: str | None = None) -> Page[Ref]:
        found = sorted(self.marks.get((seller, endpoint), {}), key=lambda ref: f"{ref.kind}#{ref.id}")
        after = [ref for ref in found if cursor is None or f"{ref.kind}#{ref.id}" > cursor]
        last = after[limit - 1] if len(after) > limit else None
        return Page(tuple(after[:limit]), f"{last.kind}#{last.id}" if last else None)

    def add_log(
        self, seller: str, endpoint: str, at: datetime, entries: Sequence[Mapping[str, Json]], *, gone_at: datetime
    ) -> None:
        self.written += 1
        said: list[Json] = [dict(each) for each in entries]
        self._log.setdefault((seller, endpoint), []).insert(0, {"at": at.isoformat(), "entries": said})

    def log(self, seller: str, endpoint: str, *, limit: int, cursor: str | None = None) -> Page[Mapping[str, Json]]:
        return _page(self._log.get((seller, endpoint), []), limit, cursor)

    def add_dead(
        self, seller: str, endpoint: str, at: datetime, entry: Mapping[str, Json], *, gone_at: datetime
    ) -> None:
        self.written += 1
        self._dead.setdefault((seller, endpoint), []).insert(0, {"given_up_at": at.isoformat(), **entry})

    def dead(self, seller: str, endpoint: str, *, limit: int, cursor: str | None = None) -> Page[Mapping[str, Json]]:
        return _page(self._dead.get((seller, endpoint), []), limit, cursor)


def _page(rows: Sequence[T], limit: int, cursor: str | None) -> Page[T]:
    start = int(cursor or 0)
    end = start + limit
    return Page(tuple(rows[start:end]), str(end) if end < len(rows) else None)


class MemorySecrets:
    """Both halves of the secrets of webhooks."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str, int], str] = {}

    def secret(self, seller: str, endpoint: str, number: int) -> str:
        try:
            return self.kept[seller, endpoint, number]
        except KeyError:
            raise NotFoundError(f"webhook {endpoint} has no secret {number}") from None

    def keep(self, seller: str, endpoint: str, number: int, text: str) -> None:
        self.kept[seller, endpoint, number] = text

    def forget(self, seller: str, endpoint: str, numbers: Sequence[int]) -> None:
        for number in numbers:
            self.kept.pop((seller, endpoint, number), None)


class FakeReceiver:
    """A receiver as a sender sees it: `away` answers nothing, `refuses` are texts in bodies it answers 500 to."""

    def __init__(self) -> None:
        self.away = False
        self.refuses: set[str] = set()
        self.heard: list[tuple[str, bytes, Mapping[str, str]]] = []
        """What was taken, in order."""
        self.tries = 0

    def refused(self, url: str) -> str:
        return "" if url.startswith("https://") else "it is not https"

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Heard:
        self.tries += 1
        if self.away:
            return Heard(0, "no answer within 15 s")
        if any(text.encode() in body for text in self.refuses):
            return Heard(500)
        self.heard.append((url, body, headers))
        return Heard(204)
