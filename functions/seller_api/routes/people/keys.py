"""Keys of the API: of people, of programs, of shared benches."""

from __future__ import annotations

from collections.abc import Mapping

from functions.seller_api.access import MANAGERS
from functions.seller_api.operations import Call, Operation, read
from functions.seller_api.routes.people.keeper import keeper
from shipby.application.people import keys, views
from shipby.application.shared.idempotency import Answer
from shipby.contracts.base import Paged
from shipby.contracts.people.access import NewKeyBody, RemoveBody, RotateBody
from shipby.domain.sellers.keys import Role


def list_keys(call: Call) -> Mapping[str, object]:
    query = call.query_as(Paged)
    now = call.clock.now()
    return views.list_keys(call.seller, limit=query.limit, cursor=query.cursor, now=now, store=call.store)


def make_key(call: Call) -> Answer:
    body = call.body_as(NewKeyBody)
    wanted = keys.NewKey(name=body.name, person=body.person or "", role=Role(body.role) if body.role else None)
    return keys.make_key(keeper(call), wanted, call.remember, store=call.store, clock=call.clock)


def rotate_key(call: Call) -> Answer:
    overlap = call.body_as(RotateBody).overlap
    return keys.rotate_key(keeper(call), call.path["id"], overlap, call.remember, store=call.store, clock=call.clock)


def revoke_key(call: Call) -> Answer:
    reason = call.body_as(RemoveBody).reason
    return keys.revoke_key(keeper(call), call.path["id"], reason, call.remember, store=call.store, clock=call.clock)


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/keys",
        list_keys,
        id="listKeys",
        summary="Keys of the shop: whose, for what, made and used when",
        answers="Listing[KeyView]",
        roles=MANAGERS,
        query=Paged,
        description="A key of an older release stands here from its first call on.",
    ),
    Operation(
        id="makeKey",
        method="POST",
        path="/v1/keys",
        summary="Make a key: a person's, a program's or a bench's",
        run=make_key,
        answers="NewKeyView",
        roles=MANAGERS,
        body=NewKeyBody,
        status=201,
    ),
    Operation(
        id="rotateKey",
        method="POST",
        path="/v1/keys/{id}/rotate",
        summary="Make the key that takes a key's place; both work for a while",
        run=rotate_key,
        answers="NewKeyView",
        roles=MANAGERS,
        body=RotateBody,
        status=201,
    ),
    Operation(
        id="revokeKey",
        method="POST",
        path="/v1/keys/{id}/revoke",
        summary="Stop a key, within a minute",
        run=revoke_key,
        answers="KeyView",
        roles=MANAGERS,
        body=RemoveBody,
    ),
)
