"""The store's share for people, their keys and their sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipby.adapters.dynamodb import index_keys, keys, rows
from shipby.adapters.dynamodb.client import held
from shipby.adapters.dynamodb.listings import Listings
from shipby.adapters.dynamodb.paging import Listing, page
from shipby.adapters.dynamodb.values import to_wire
from shipby.application.ports.pages import Page

if TYPE_CHECKING:
    from datetime import datetime

    from shipby.adapters.dynamodb.keys import Key
    from shipby.adapters.dynamodb.rows.kind import Kind, T
    from shipby.domain.people.account import Account
    from shipby.domain.people.person import Person
    from shipby.domain.people.session import Session
    from shipby.domain.people.tries import Tries
    from shipby.domain.sellers.keys import ApiKey


class PeopleOfShops(Listings):
    """The other half gives it `_read`."""

    if TYPE_CHECKING:

        def _read(self, kind: Kind[T], key: Key) -> T | None: ...

    def api_key(self, identifier: str) -> ApiKey | None:
        return self._read(rows.api_keys.api_keys(), keys.api_key(identifier))

    def person(self, seller: str, identifier: str) -> Person | None:
        return self._read(rows.api_keys.people(), keys.person(seller, identifier))

    def people(self, seller: str, *, limit: int = 50, cursor: str | None = None) -> Page[Person]:
        """Everybody of a shop by id, removed or not."""
        items, following = self._rows_of(seller, "people", keys.people_pk(seller), limit, cursor)
        return Page(tuple(rows.api_keys.people().read(item) for item in items), following)

    def account(self, person: str) -> Account | None:
        return self._read(rows.api_keys.accounts(), keys.account(person))

    def session(self, sha256: str) -> Session | None:
        return self._read(rows.api_keys.sessions(), keys.session(sha256))

    def tries(self, seller: str, subject: str) -> Tries | None:
        return self._read(rows.api_keys.tries(), keys.tries(seller, subject))

    def keys_of(self, seller: str, *, limit: int = 50, cursor: str | None = None) -> Page[str]:
        """Ids of a shop's keys, oldest first; those of older releases from their first use on."""
        listing = Listing(
            name=f"keys/{seller}",
            index="days",
            partition=("DK", index_keys.keys_partition(seller)),
            sort="DS",
            owner=f"{keys.API_KEY}#",
        )
        items, following = page(self._client, self._table, listing, limit=limit, cursor=cursor)
        return Page(tuple(index_keys.worklist_id(item["DS"]["S"]) for item in items), following)

    def note_key_use(self, seller: str, identifier: str, at: datetime) -> None:
        """Raise a key's `used_at`, unless it was noted within USE_NOTED_EVERY or the key is not there."""
        from shipby.domain.sellers.keys import USE_NOTED_EVERY

        # A key of an older release is in no list yet: its own time of making puts it there.
        key = self.api_key(identifier)
        if key is None or key.seller != seller or (key.used_at and at - key.used_at < USE_NOTED_EVERY):
            return
        columns = index_keys.api_keys(seller, key.created_at, identifier)
        held(
            self._client.update_item,
            TableName=self._table,
            Key=keys.api_key(identifier).wire,
            UpdateExpression="SET used_at = :at, DK = :dk, DS = :ds",
            ConditionExpression="seller = :seller AND (attribute_not_exists(used_at) OR used_at <= :before)",
            ExpressionAttributeValues={
                ":at": to_wire(keys.micros(at)),
                ":before": to_wire(keys.micros(at - USE_NOTED_EVERY)),
                ":seller": to_wire(seller),
                ":dk": to_wire(columns["DK"]),
                ":ds": to_wire(columns["DS"]),
            },
        )

    def note_session_use(self, sha256: str, at: datetime) -> None:
        """Raise a session's `seen_at`; nothing happens where it is closed, gone, or later already."""
        held(
            self._client.update_item,
            TableName=self._table,
            Key=keys.session(sha256).wire,
            UpdateExpression="SET seen_at = :at",
            ConditionExpression="seen_at < :at AND attribute_not_exists(closed_at)",
            ExpressionAttributeValues={":at": to_wire(keys.micros(at))},
        )
