"""What is remembered of sellers, and of what arrived for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from shipby.application.ports.pages import Page
    from shipby.domain.json_types import Json
    from shipby.domain.notices.digest_entry import DigestEntry
    from shipby.domain.people.account import Account
    from shipby.domain.people.person import Person
    from shipby.domain.people.session import Session
    from shipby.domain.people.tries import Tries
    from shipby.domain.postings.inbox import PushRow, PushToken
    from shipby.domain.remembered import RememberedResponse
    from shipby.domain.sellers.keys import ApiKey
    from shipby.domain.sellers.settings import SellerSettings


class SellerReads(Protocol):
    """Sellers, their settings and what their caps have counted."""

    def settings(self, seller: str) -> SellerSettings | None: ...
    def sellers(self) -> list[str]: ...
    def cap_used(self, seller: str, action: str, day: date) -> int: ...


class ApiKeyReads(Protocol):
    """Who may call the API: the authorizer's share."""

    def api_key(self, identifier: str) -> ApiKey | None: ...
    def person(self, seller: str, identifier: str) -> Person | None: ...
    def session(self, sha256: str) -> Session | None: ...


class People(ApiKeyReads, Protocol):
    """People, their keys and their sessions."""

    def people(self, seller: str, *, limit: int = 50, cursor: str | None = None) -> Page[Person]:
        """Everybody of a shop by id, removed or not."""

    def account(self, person: str) -> Account | None: ...
    def tries(self, seller: str, subject: str) -> Tries | None: ...

    def keys_of(self, seller: str, *, limit: int = 50, cursor: str | None = None) -> Page[str]:
        """Ids of a shop's keys, oldest first; those of older releases from their first use on."""

    def note_key_use(self, seller: str, identifier: str, at: datetime) -> None:
        """Raise a key's `used_at`, unless it was noted within USE_NOTED_EVERY or the key is not there."""

    def note_session_use(self, sha256: str, at: datetime) -> None:
        """Raise a session's `seen_at`; nothing happens where it is closed, gone, or later already."""


class Pointers(Protocol):
    """Targets of values: see `shipby.domain.pointers`."""

    def find(self, seller: str, kind: str, value: str) -> str | None:
        """The target of a pointer."""


class Answers(Protocol):
    """What idempotency keys answered."""

    def remembered(self, seller: str, key: str, now: datetime) -> RememberedResponse | None:
        """What the key answered before, unless it has expired by `now`."""


class Reports(Protocol):
    """The newest report of a kind for a day."""

    def save_report(self, seller: str, kind: str, day: date, body: Mapping[str, Json]) -> None:
        """Keep the newest report of a kind (such as the nothing-lost proof) for a day."""

    def report(self, seller: str, kind: str, day: date) -> Mapping[str, Json] | None: ...


class Pushes(Protocol):
    """Pushes as they arrived, and the tokens of push addresses."""

    def put_push(self, push: PushRow) -> bool:
        """Write a push row; False if the same body is already there in the same window."""

    def quarantine_push(self, push: PushRow, problem: str) -> None:
        """Mark a stored push QUARANTINED with the reason."""

    def pushes_on(self, seller: str, day: date, *, limit: int = 500, cursor: str | None = None) -> Page[PushRow]:
        """Pushes received on a day (UTC)."""

    def push_token(self, sha256: str) -> PushToken | None: ...
    def save_push_token(self, token: PushToken) -> None: ...


class Digests(Protocol):
    """What waits to be told together."""

    def digest_entries(self, seller: str, recipient: str) -> list[DigestEntry]:
        """What waits to be told to a recipient, oldest first; strongly consistent."""

    def drop_digest_entries(self, entries: Sequence[DigestEntry]) -> None:
        """Forget entries that were told; those that are gone already do no harm."""
