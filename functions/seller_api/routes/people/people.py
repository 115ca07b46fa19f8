"""Who works in the shop, and who is calling."""

from __future__ import annotations

from collections.abc import Mapping

from functions.seller_api.access import ALL_KEYS, EVERYONE, MANAGERS
from functions.seller_api.operations import Call, IfMatch, Operation, read
from functions.seller_api.routes.people.keeper import keeper
from shipby.application.people import keeping, views
from shipby.application.people.keeping import Wanted
from shipby.application.people.sessions import shops_of
from shipby.application.shared.idempotency import Answer
from shipby.contracts.base import NoBody, Paged
from shipby.contracts.people.access import NewPersonBody, PersonBody, PinBody, RemoveBody
from shipby.domain.errors import NotAllowedError
from shipby.domain.sellers.keys import Role


def get_me(call: Call) -> Mapping[str, object]:
    caller = call.key
    person = call.store.person(caller.seller, caller.person) if caller.person else None
    key = None if person else call.store.api_key(caller.key_id)
    return views.me_view(
        seller=caller.seller,
        role=caller.role,
        actor=caller.actor,
        person=person,
        name=key.name if key else "",
        shops=shops_of(caller.person, store=call.store) if person else [],
    )


def set_my_pin(call: Call) -> Answer:
    own = keeper(call)
    if not own.person:
        raise NotAllowedError("this key is nobody's, so it has no PIN")
    return keeping.set_pin(own, own.person, call.body_as(PinBody).pin, store=call.store, clock=call.clock)


def list_people(call: Call) -> Mapping[str, object]:
    query = call.query_as(Paged)
    return views.list_people(call.seller, limit=query.limit, cursor=query.cursor, store=call.store)


def get_person(call: Call) -> Mapping[str, object]:
    return views.get_person(call.seller, call.path["id"], store=call.store)


def _wanted(body: PersonBody) -> Wanted:
    return Wanted(name=body.name, role=Role(body.role), warehouses=tuple(sorted(set(body.warehouses))))


def add_person(call: Call) -> Answer:
    body = call.body_as(NewPersonBody)
    return keeping.add_person(
        keeper(call), _wanted(body), call.remember, identifier=body.id or "", store=call.store, clock=call.clock
    )


def put_person(call: Call) -> Answer:
    wanted = _wanted(call.body_as(PersonBody))
    if call.if_match is None:
        raise TypeError("the operation is declared with If-Match required")
    return keeping.change_person(
        keeper(call), call.path["id"], wanted, call.if_match, call.remember, store=call.store, clock=call.clock
    )


def remove_person(call: Call) -> Answer:
    reason = call.body_as(RemoveBody).reason
    return keeping.remove_person(
        keeper(call), call.path["id"], reason, call.remember, store=call.store, clock=call.clock
    )


def set_pin(call: Call) -> Answer:
    pin = call.body_as(PinBody).pin
    return keeping.set_pin(keeper(call), call.path["id"], pin, store=call.store, clock=call.clock)


def give_badge(call: Call) -> Answer:
    return keeping.give_badge(keeper(call), call.path["id"], call.remember, store=call.store, clock=call.clock)


def take_badge(call: Call) -> Answer:
    reason = call.body_as(RemoveBody).reason
    return keeping.take_badge(keeper(call), call.path["id"], reason, call.remember, store=call.store, clock=call.clock)


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/me",
        get_me,
        id="getMe",
        summary="Who you are here: person or key, role, and your shops",
        answers="MeView",
        roles=ALL_KEYS,
    ),
    Operation(
        id="setMyPin",
        method="POST",
        path="/v1/me/pin",
        summary="Choose your PIN for shared benches",
        run=set_my_pin,
        answers="PersonView",
        roles=EVERYONE,
        body=PinBody,
    ),
    read(
        "/v1/people",
        list_people,
        id="listPeople",
        summary="Everybody who works or worked in the shop",
        answers="Listing[PersonView]",
        roles=MANAGERS,
        query=Paged,
    ),
    Operation(
        id="addPerson",
        method="POST",
        path="/v1/people",
        summary="Take somebody in",
        run=add_person,
        answers="PersonView",
        roles=MANAGERS,
        body=NewPersonBody,
        status=201,
        description="Managers take in packers, support and integrations; owners everybody.",
    ),
    read(
        "/v1/people/{id}",
        get_person,
        id="getPerson",
        summary="One person",
        answers="PersonView",
        roles=MANAGERS,
        etag=True,
    ),
    Operation(
        id="putPerson",
        method="PUT",
        path="/v1/people/{id}",
        summary="Replace a person's name, role and warehouses",
        run=put_person,
        answers="PersonView",
        roles=MANAGERS,
        body=PersonBody,
        etag=True,
        if_match=IfMatch.REQUIRED,
    ),
    Operation(
        id="removePerson",
        method="POST",
        path="/v1/people/{id}/remove",
        summary="Somebody leaves: keys, sessions, badge and PIN open nothing any more",
        run=remove_person,
        answers="PersonView",
        roles=MANAGERS,
        body=RemoveBody,
        description="At the API within a minute, which is how long the gateway keeps an answer of the authorizer. "
        "Histories go on showing the name. The last owner cannot be removed.",
    ),
    Operation(
        id="setPin",
        method="POST",
        path="/v1/people/{id}/pin",
        summary="Give a person another PIN, and forget wrong tries",
        run=set_pin,
        answers="PersonView",
        roles=MANAGERS,
        body=PinBody,
    ),
    Operation(
        id="giveBadge",
        method="POST",
        path="/v1/people/{id}/badge",
        summary="Make a new badge; the former opens nothing any more",
        run=give_badge,
        answers="BadgeView",
        roles=MANAGERS,
        body=NoBody,
    ),
    Operation(
        id="takeBadge",
        method="POST",
        path="/v1/people/{id}/badge/revoke",
        summary="A badge was lost: it opens nothing any more",
        run=take_badge,
        answers="PersonView",
        roles=MANAGERS,
        body=RemoveBody,
    ),
)
