"""The part of the store in memory for people, their keys and their sessions."""

from shipby.adapters.dynamodb import index_keys, keys
from shipby.application.ports.pages import Page
from shipby.domain.people.account import Account
from shipby.domain.people.person import Person
from shipby.domain.people.session import Session
from shipby.domain.people.tries import Tries
from shipby.domain.sellers.keys import ApiKey
from tests.support.memory.index import worklist_id
from tests.support.memory.matters import MemoryMatters


class MemoryPeople(MemoryMatters):
    """Reads of these."""

    def api_key(self, identifier: str) -> ApiKey | None:
        return self._get(keys.api_key(identifier), ApiKey)

    def person(self, seller: str, identifier: str) -> Person | None:
        return self._get(keys.person(seller, identifier), Person)

    def people(self, seller: str, *, limit: int = 50, cursor: str | None = None) -> Page[Person]:
        return self._rows_of(keys.people_pk(seller), Person, limit, cursor)

    def account(self, person: str) -> Account | None:
        return self._get(keys.account(person), Account)

    def session(self, sha256: str) -> Session | None:
        return self._get(keys.session(sha256), Session)

    def tries(self, seller: str, subject: str) -> Tries | None:
        return self._get(keys.tries(seller, subject), Tries)

    def keys_of(self, seller: str, *, limit: int = 50, cursor: str | None = None) -> Page[str]:
        partition = index_keys.keys_partition(seller)
        return self._page(partition, self._days, partition, worklist_id, limit=limit, cursor=cursor)
