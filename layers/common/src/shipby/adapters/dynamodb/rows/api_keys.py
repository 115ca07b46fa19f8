"""Who may call the API: keys, people, sessions. The authorizer reads these, so it loads nothing beside them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from shipby.adapters.dynamodb import keys
from shipby.adapters.dynamodb.codec import Record
from shipby.adapters.dynamodb.rows.kind import Kind, ttl
from shipby.adapters.dynamodb.values import Item
from shipby.domain.people.person import Person
from shipby.domain.people.session import Session
from shipby.domain.sellers.keys import ApiKey

if TYPE_CHECKING:
    from shipby.domain.people.account import Account
    from shipby.domain.people.tries import Tries


@functools.cache
def api_keys() -> Kind[ApiKey]:
    return Kind("APIKEY", Record(ApiKey))


@functools.cache
def people() -> Kind[Person]:
    return Kind("PERSON", Record(Person))


@functools.cache
def accounts() -> Kind[Account]:
    from shipby.domain.people.account import Account

    return Kind("ACCOUNT", Record(Account))


@functools.cache
def sessions() -> Kind[Session]:
    return Kind("SESSION", Record(Session))


@functools.cache
def tries() -> Kind[Tries]:
    from shipby.domain.people.tries import Tries

    return Kind("TRIES", Record(Tries))


def session_item(session: Session) -> Item:
    return sessions().item(keys.session(session.sha256), session, {"ttl": ttl(session.ends_at)})


def access_item(row: Person | Account | ApiKey | Session | Tries) -> tuple[Item, str]:
    """A row with its keys and columns, and what an error calls it."""
    from shipby.adapters.dynamodb import index_keys
    from shipby.domain.people.account import Account

    if isinstance(row, Person):
        return people().item(keys.person(row.seller, row.id), row), f"person {row.id}"
    if isinstance(row, Account):
        return accounts().item(keys.account(row.id), row), f"the shops of person {row.id}"
    if isinstance(row, Session):
        return session_item(row), f"session {row.id}"
    if isinstance(row, ApiKey):
        columns = index_keys.api_keys(row.seller, row.created_at, row.id)
        return api_keys().item(keys.api_key(row.id), row, columns), f"API key {row.id}"
    return tries().item(keys.tries(row.seller, row.subject), row), f"the tries of {row.subject}"
