"""Signing in and out."""

from __future__ import annotations

from functions.seller_api.access import ALL_KEYS, EVERYONE
from functions.seller_api.operations import Call, Operation
from shipby.application.people import sessions
from shipby.application.people.views import session_view
from shipby.application.sellers.authenticate import still
from shipby.application.shared.idempotency import Answer
from shipby.contracts.base import NoBody
from shipby.contracts.people.access import SessionBody, ShopBody
from shipby.domain.errors import ActionNotOfferedError, InvalidInputError, SignInRefusedError
from shipby.domain.sellers.keys import Role


def open_session(call: Call) -> Answer:
    """Remembered under no Idempotency-Key: a token is shown once, and each sign-in has its own."""
    body, caller = call.body_as(SessionBody), call.key
    if caller.session:
        raise ActionNotOfferedError(
            "you are signed in already: close the session first", offered=["/v1/sessions/close"]
        )
    now = still(caller.key_id, "", store=call.store, now=call.clock.now())
    if now.role is Role.STATION:
        shown = sessions.BenchSignIn(badge=body.badge, person=body.person, pin=body.pin)
        signed = sessions.open_bench_session(call.seller, caller.key_id, shown, store=call.store, clock=call.clock)
    elif body.badge or body.person or body.pin:
        problem = "badges and PINs are taken with the key of a shared bench"
        raise InvalidInputError(f"this is no bench's key: {problem}", errors=[("badge", problem)])
    else:
        signed = sessions.open_own_session(call.seller, now.person, store=call.store, clock=call.clock)
    return Answer(201, session_view(signed, token=signed.token))


def close_session(call: Call) -> Answer:
    if call.key.session:
        sessions.close_session_of(call.key.session, store=call.store, clock=call.clock)
    return Answer(200, {"closed": bool(call.key.session)})


def switch_shop(call: Call) -> Answer:
    if not call.key.session:
        raise SignInRefusedError("a key belongs to one shop: sign in to go from shop to shop")
    seller = call.body_as(ShopBody).seller
    signed = sessions.switch_shop(call.key.session, seller, store=call.store, clock=call.clock)
    return Answer(201, session_view(signed, token=signed.token))


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="openSession",
        method="POST",
        path="/v1/sessions",
        summary="Sign in: at a shared bench by badge or PIN, or with a key of your own",
        run=open_session,
        answers="SessionView",
        roles=ALL_KEYS,
        body=SessionBody,
        status=201,
        description="With the key of a bench: a packer's session of at most 4 hours, over after 10 minutes without a "
        "call. With a person's key: at most 12 hours, over after 30 minutes. After five wrong PINs nobody may try for "
        "a minute, then for two, up to an hour.",
    ),
    Operation(
        id="closeSession",
        method="POST",
        path="/v1/sessions/close",
        summary="Sign out",
        run=close_session,
        answers="ClosedView",
        roles=EVERYONE,
        body=NoBody,
    ),
    Operation(
        id="switchShop",
        method="POST",
        path="/v1/sessions/shop",
        summary="Go on in another of your shops, with another token",
        run=switch_shop,
        answers="SessionView",
        roles=EVERYONE,
        body=ShopBody,
        status=201,
    ),
)
