"""A shop with people, and its front door: the authorizer's word first, as the gateway asks for it, then the API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from functions.seller_api.api import SellerApi
from functions.seller_api.wiring import Parts
from shipby.application.people.keeping import Keeper, Wanted, add_person
from shipby.application.people.keys import NewKey, make_key
from shipby.application.sellers.authenticate import authenticate
from shipby.domain import actors
from shipby.domain.sellers.keys import Role
from tests.functions.seller_api.api_support import Papers, Reply, http_event, read_reply
from tests.support import builders as a
from tests.support.memory_store import MemoryStore


@dataclass
class Shop:
    """People with keys in one or more shops of one deployment."""

    clock: a.FixedClock = field(default_factory=a.FixedClock)
    store: MemoryStore = field(init=False)
    keys: dict[str, str] = field(default_factory=dict)
    """Name -> text of the key."""

    def __post_init__(self) -> None:
        self.store = MemoryStore(clock=self.clock)
        self.api = SellerApi(lambda: Parts(self.store, self.clock, Papers()))

    def joins(self, name: str, role: Role, *, seller: str = a.SELLER, warehouses: tuple[str, ...] = ()) -> str:
        """The operator takes somebody in and makes them a key; their id."""
        operator = Keeper(seller=seller, actor=actors.OPERATOR, role=Role.OWNER)
        wanted = Wanted(name=name, role=role, warehouses=warehouses)
        person = add_person(operator, wanted, lambda _: [], store=self.store, clock=self.clock).body
        self.key_of(name, NewKey(name="k", person=str(person["id"])), seller=seller)
        return str(person["id"])

    def key_of(self, name: str, wanted: NewKey, *, seller: str = a.SELLER) -> str:
        operator = Keeper(seller=seller, actor=actors.OPERATOR, role=Role.OWNER)
        made = make_key(operator, wanted, lambda _: [], store=self.store, clock=self.clock).body
        self.keys[name] = str(made["text"])
        return str(made["id"])

    def call(
        self,
        who: str,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Reply:
        """As the person or key of this name, or with a session's token. A refusal of the authorizer is a bare 403."""
        found = authenticate(f"Bearer {self.keys.get(who, who)}", store=self.store, now=self.clock.now())
        if found is None:
            return Reply(403, {}, {"message": "Forbidden", "type": ""})
        context = {
            "seller": found.seller,
            "role": str(found.role),
            "key_id": found.key_id,
            "person": found.person,
            "warehouses": ",".join(found.warehouses),
            "session": found.session,
            "note": "1" if found.note else "",
        }
        text = None if body is None else body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        sent = {name: value for name, value in context.items() if value}
        event = http_event(method, path, body=text, headers=headers, query=query, context=sent)
        return read_reply(self.api(event), method, path)

    def get(self, who: str, path: str, **query: str) -> Reply:
        return self.call(who, "GET", path, query=query)

    def post(self, who: str, path: str, body: object = None, *, key: str = "") -> Reply:
        return self.call(
            who, "POST", path, body if body is not None else {}, headers={"Idempotency-Key": key} if key else {}
        )

    def put(self, who: str, path: str, body: object, version: int) -> Reply:
        return self.call(who, "PUT", path, body, headers={"If-Match": f'"{version}"'})
