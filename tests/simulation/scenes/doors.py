"""Labels, push addresses, keys, roles, caps and switches: codes that two postings share, caches, midnight."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from unittest.mock import Mock, patch

from functions.seller_api import api
from functions.seller_api.access import Caller, caller_of, check_role
from functions.seller_api.permissions import MANAGERS
from functions.seller_api.problems import HttpError
from functions.seller_api.routes import OPERATIONS
from shipby.application.intake.receive_push import TOKEN_CACHE, TokenCache, receive_push
from shipby.application.refunds.approvals import approve_refund
from shipby.application.sellers import authenticate, register
from shipby.application.sellers.change_settings import change_settings
from shipby.application.settling.second_word import SecondWord
from shipby.domain import pointers
from shipby.domain.errors import (
    CapReachedError,
    InvalidInputError,
    KillSwitchOnError,
    NotFoundError,
    PreconditionFailedError,
    ShipbyError,
    StoreUnavailableError,
)
from shipby.domain.events import EventType
from shipby.domain.intents import IntentAction, IntentState
from shipby.domain.labels.documents import DocumentState
from shipby.domain.labels.page_proof import Expected, PageSaid, print_order, prove_pages
from shipby.domain.labels.pages import PageVerdict
from shipby.domain.postings.posting import Scheme
from shipby.domain.returns.return_case import COMPENSATE_ACTION
from shipby.domain.sellers.keys import Role
from tests.simulation.scenes.stage import meanwhile, refused
from tests.simulation.watch import need
from tests.support import builders as a
from tests.support.memory_store import MemoryStore
from tests.unit.labels.label_files_support import LabelDesk, page
from tests.unit.world_support import World, forget, money

FIRST, SECOND = "11111111-0001-1", "11111111-0002-1"


def _said(*codes: str, texts: tuple[str, ...] = (), mark: str = "") -> PageSaid:
    seed = f"{codes} {texts} {mark}"
    return PageSaid(sha256=hashlib.sha256(seed.encode()).hexdigest(), barcodes=codes, texts=texts, looks=mark)


def _verdicts(asked: Mapping[str, Expected], *pages: PageSaid) -> list[PageVerdict]:
    return [finding.verdict for finding in prove_pages(pages, asked, lambda _: None).findings]


def a_code_that_two_postings_share() -> None:
    """It proves the page of neither, whichever of them comes first; their own codes still do."""
    for order in ((FIRST, SECOND), (SECOND, FIRST)):
        asked = {number: Expected(barcodes=("shared", f"up-{number}")) for number in order}
        found = _verdicts(asked, _said("shared"), _said("shared", f"up-{FIRST}"), _said(f"up-{SECOND}"))
        need(
            found == [PageVerdict.UNREADABLE, PageVerdict.PROVEN, PageVerdict.PROVEN],
            "a shared code proves nothing",
            f"{order}: {found}",
        )


def a_number_alone_proves_nothing_where_codes_are_known() -> None:
    asked = {FIRST: Expected(barcodes=("up-1", "low-1"))}
    found = _verdicts(asked, _said("route-7", texts=(FIRST,)), _said(texts=(FIRST,)))
    need(found == [PageVerdict.UNREADABLE] * 2, "a number alone proves nothing", str(found))


def a_page_of_somebody_else_among_ours() -> None:
    """At every place of the file."""
    asked = {FIRST: Expected(barcodes=("up-1",))}
    for place in range(3):
        pages = [_said("up-1", mark=str(n)) for n in range(2)]
        pages.insert(place, _said("33333333-0001-1"))
        found = _verdicts(asked, *pages)
        need(found[place] is PageVerdict.FOREIGN, "another posting's page is never printed", f"place {place}: {found}")


def a_page_whose_codes_belong_to_two_postings() -> None:
    asked = {FIRST: Expected(barcodes=("up-1",)), SECOND: Expected(barcodes=("up-2",))}
    found = _verdicts(asked, _said("up-1", "up-2"), _said("up-1", texts=(SECOND,)))
    need(found == [PageVerdict.MISMATCH] * 2, "a page that contradicts itself is never printed", str(found))


def the_same_page_twice() -> None:
    asked = {FIRST: Expected(barcodes=("up-1",))}
    found = _verdicts(asked, _said("up-1", mark="x"), _said("up-1", mark="x"))
    need(sorted(found) == sorted([PageVerdict.PROVEN, PageVerdict.DOUBLE]), "a page is printed once", str(found))
    found = _verdicts(asked, _said("up-1", mark="1 of 2"), _said("up-1", mark="2 of 2"))
    need(found == [PageVerdict.PROVEN] * 2, "two boxes with one code are both printed", str(found))


def boxes_in_their_order() -> None:
    pages = [_said(f"up-1-{box}") for box in (10, 2, 1, 11)]
    order = [pages[index].barcodes[0] for index in print_order(pages, range(4))]
    need(order == ["up-1-1", "up-1-2", "up-1-10", "up-1-11"], "boxes are printed in order", str(order))


def a_route_code_on_many_labels() -> None:
    """A code that stands on the labels of two postings leads to neither of them at the bench."""
    desk = LabelDesk()
    numbers = desk.arrive(3)
    for number in numbers:
        desk.market.sheets[number] = [page([f"up-{number}", "ROUTE-77"], [number])]
    desk.run(*numbers)
    for number in numbers:
        need(desk.state(number) is DocumentState.READY, "a proven label is ready", f"{number}: {desk.state(number)}")
    led = desk.world.store.find(a.SELLER, pointers.LABEL, "ROUTE-77")
    need(led is None, "a shared code leads to no posting", f"it leads to {led}")
    for number in numbers:
        led = desk.world.store.find(a.SELLER, pointers.LABEL, f"up-{number}")
        need(led == number, "a label's own code leads to its posting", f"up-{number} leads to {led}")


def a_label_that_shows_a_person() -> None:
    """Kept where files are that end, also beside one that shows nobody."""
    desk = LabelDesk()
    number, other = desk.arrive(2)
    desk.world.market.change(number, scheme=Scheme.RFBS, integration="non_integrated")
    desk.world.market.change(other, scheme=Scheme.FBS, integration="ozon")
    for each in (number, other):
        desk.world.clock.advance(timedelta(minutes=1))
        desk.world.read(each)
    desk.run(number, other)
    keys = {each: desk.label(each).key for each in (number, other)}
    need(keys[number].startswith("personal/"), "a person's data end", keys[number])
    need(not keys[other].startswith("personal/"), "a person's data end", keys[other])


# Push addresses


class Inbox:
    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.looked = 0
        self.stored: list[Any] = []
        self.broken = False

    def push_token(self, sha256: str) -> Any:
        self.looked += 1
        return self._store.push_token(sha256)

    def put_push(self, push: Any) -> bool:
        if self.broken:
            raise StoreUnavailableError("away")
        self.stored.append(push)
        return True


def _push(inbox: Inbox, tokens: TokenCache, address: str, clock: a.FixedClock) -> int:
    raw = b'{"message_type": "TYPE_STATE_CHANGED", "posting_number": "1-1-1", "seller_id": "seller-1"}'
    return receive_push(address, raw, inbox=inbox, tokens=tokens, now=clock.now()).status


def a_push_address_is_revoked_under_traffic() -> None:
    """Pushes come every second, so the cache is never cold; the address stops working all the same."""
    store, clock, tokens = MemoryStore(), a.FixedClock(), TokenCache({})
    inbox = Inbox(store)
    address = register.create_push_token(a.SELLER, store=store, clock=clock).text
    need(_push(inbox, tokens, address, clock) == 200, "a live address is answered", "refused")
    register.revoke_push_token(address, store=store, clock=clock)
    statuses = []
    for _ in range(int(TOKEN_CACHE.total_seconds()) + 5):
        clock.advance(timedelta(seconds=1))
        statuses.append(_push(inbox, tokens, address, clock))
    need(statuses[-1] == 404, "a revoked address stops within a minute", f"{statuses.count(200)} pushes taken")
    need(inbox.looked < 10, "the cache spares the store", f"{inbox.looked} looks")


def a_push_address_that_was_unknown_is_made() -> None:
    """Somebody tried it before it was made: what is remembered of that does not stand for ever."""
    store, clock, tokens = MemoryStore(), a.FixedClock(), TokenCache({})
    address = register.create_push_token(a.SELLER, store=store, clock=clock).text
    empty = Inbox(MemoryStore())
    need(_push(empty, tokens, address, clock) == 404, "an unknown address is refused", "taken")
    statuses = []
    for _ in range(int(TOKEN_CACHE.total_seconds()) + 5):
        clock.advance(timedelta(seconds=1))
        statuses.append(_push(Inbox(store), tokens, address, clock))
    need(statuses[-1] == 200, "no cache is believed for ever", "still refused")


def a_push_address_of_another_seller() -> None:
    """The secret is right, the seller before it is not."""
    store, clock, tokens = MemoryStore(), a.FixedClock(), TokenCache({})
    secret = register.create_push_token(a.SELLER, store=store, clock=clock).text.partition(".")[2]
    inbox = Inbox(store)
    status = _push(inbox, tokens, f"seller-2.{secret}", clock)
    need((status, inbox.stored) == (404, []), "an address is one seller's", f"answered {status}")
    refused(
        partial(register.revoke_push_token, f"seller-2.{secret}", store=store, clock=clock),
        NotFoundError,
        invariant="an address is one seller's",
        text="revoked by another's name",
    )


def a_push_that_could_not_be_stored_comes_again() -> None:
    store, clock, tokens = MemoryStore(), a.FixedClock(), TokenCache({})
    inbox = Inbox(store)
    address = register.create_push_token(a.SELLER, store=store, clock=clock).text
    inbox.broken = True
    refused(
        partial(_push, inbox, tokens, address, clock),
        StoreUnavailableError,
        invariant="no push is lost",
        text="answered although it was not stored",
    )


# Keys and roles


def _key(store: MemoryStore, text: str, clock: a.FixedClock) -> Any:
    return authenticate.authenticate(f"Bearer {text}", store=store, now=clock.now())


def a_key_ends_and_is_revoked() -> None:
    store, clock = MemoryStore(), a.FixedClock()
    first, second = (register.create_api_key(a.SELLER, Role.PACKER, store=store, clock=clock) for _ in range(2))
    need(_key(store, first.text, clock) is not None, "a live key passes", "refused")
    crossed = f"{first.text.partition('.')[0]}.{second.text.partition('.')[2]}"
    need(_key(store, crossed, clock) is None, "a key is its whole secret", "the id of one and the secret of another")
    register.revoke_api_key(first.id, store=store, clock=clock)
    need(_key(store, first.text, clock) is None, "a revoked key does not pass", first.id)
    need(_key(store, second.text, clock) is not None, "a live key passes", "the other key was revoked")
    clock.advance(register.KEY_LIFE)
    need(_key(store, second.text, clock) is None, "a key ends", f"after {register.KEY_LIFE}")


def every_role_at_every_door() -> None:
    """Nobody does what the list of roles does not allow, and settings, keys and approvals are managers' alone."""
    for operation in OPERATIONS:
        roles = getattr(operation, "roles", None)
        if roles is None:
            continue
        for role in Role:
            allowed = True
            try:
                check_role(Caller(seller=a.SELLER, role=role, key_id="k"), roles)
            except HttpError:
                allowed = False
            need(allowed == (role in roles), "a role does what it may", f"{role} at {operation}")
    for context in ({}, {"seller": "1", "role": "god", "key_id": "k"}, {"role": "owner", "key_id": "k"}):
        event = {"requestContext": {"authorizer": {"lambda": context}}}
        try:
            caller_of(event)
            need(False, "only whom the authorizer vouches for", str(context))
        except HttpError as error:
            need("API key" in str(error), "only whom the authorizer vouches for", str(error))
    need(Role.PACKER not in MANAGERS and Role.SUPPORT not in MANAGERS, "a role does what it may", "managers")


def the_log_line_of_a_refused_call() -> None:
    """It names the operation, the call and the kind of refusal; what the caller sent is in the answer alone."""
    event = {"requestContext": {"requestId": "r-1"}}
    errors: tuple[Exception, ...] = (
        InvalidInputError("'Иван Петров' is not a posting number", errors=[("number", "Иван Петров")]),
        NotFoundError("there is no posting Иван Петров"),
        HttpError("forbidden", "a packer key may not do this: Иван Петров"),
        KeyError("Иван Петров"),
    )
    for error in errors:

        def run(error: Exception = error) -> Any:
            raise error

        log = Mock()
        with patch.object(api, "logger", log):
            api.SellerApi(Mock())._guarded("read_posting", event, run)
        told = str(log.mock_calls)
        need("Петров" not in told, "no personal data in a log line", f"of {type(error).__name__}")
        need("read_posting" in told and "r-1" in told, "a log line says what was refused", told)


# Caps and the switch


def _return(world: World, number: int) -> str:
    posting = f"24219509-0020-{number}"
    world.arrives(posting, status="delivered", actions=())
    world.return_opens(str(number), posting, quantity=2)
    return str(number)


def the_cap_holds_to_the_last_place() -> None:
    """Two places are left, three are asked for, the second in the middle of the first; tomorrow there are two again."""
    world = World()
    world.policy(caps={"return_action": 2})
    ids = [_return(world, number) for number in range(1, 5)]
    ask = partial(world.decide, automatic=True, actor="system:returns")
    with meanwhile(world.store, "commit", partial(ask, return_id=ids[1])):
        ask(return_id=ids[0])
    refused(partial(ask, return_id=ids[2]), CapReachedError, invariant="the daily cap holds", text="a third of two")
    world.clock.advance(timedelta(days=1))
    ask(return_id=ids[2])
    used = world.store.cap_used(a.SELLER, "return_action", world.clock.now().date())
    need(used == 1, "a cap is a day's", f"{used} used on the next day")


def the_cap_of_money_holds_at_approval() -> None:
    """What was proposed below the limit is let go beyond it."""
    world = World()
    world.policy(approve_above={"RUB": 1_000}, refund_cap={"RUB": 15_000})
    ids = [_return(world, number) for number in (1, 2)]
    intents = [world.decide(COMPENSATE_ACTION, each, amount=money(10_000)) for each in ids]
    words = [SecondWord(seller=a.SELLER, intent_id=each, actor="key:k2", reason="seen") for each in intents]
    approve_refund(words[0], forget, store=world.store, clock=world.clock)
    refused(
        partial(approve_refund, words[1], forget, store=world.store, clock=world.clock),
        CapReachedError,
        invariant="the daily cap holds",
        text="200.00 of 150.00",
    )
    need(world.state(intents[1]) is IntentState.PROPOSED, "nothing is half-applied", str(world.state(intents[1])))


def people_stand_under_no_cap_of_automation() -> None:
    world = World()
    world.policy(caps={"return_action": 0}, kill_switch=True)
    world.decide(return_id=_return(world, 1))
    need(world.types() is not None and bool(world.case("1").open_intent), "people go on", "a person was stopped")


def cap_and_switch_in_one_change() -> None:
    """Both are changed at once: both hold from then on, and a change of an older version changes neither."""
    world = World()
    ids = [_return(world, number) for number in (1, 2)]
    current = world.store.settings(a.SELLER)
    assert current is not None
    wanted = replace(current, caps={"return_action": 1}, kill_switch=True)
    now = world.clock.now()
    change_settings(wanted, current.version, forget, actor="key:k1", store=world.store, now=now)
    ask = partial(world.decide, automatic=True, actor="system:returns")
    refused(partial(ask, return_id=ids[0]), KillSwitchOnError, invariant="the switch holds at once", text="decided")
    refused(
        partial(
            change_settings,
            replace(wanted, kill_switch=False, caps={}),
            current.version,
            forget,
            actor="key:k1",
            store=world.store,
            now=now,
        ),
        PreconditionFailedError,
        invariant="settings are changed from what was seen",
        text="an older version was replaced",
    )
    change_settings(
        replace(wanted, kill_switch=False), current.version + 1, forget, actor="key:k1", store=world.store, now=now
    )
    ask(return_id=ids[0])
    refused(partial(ask, return_id=ids[1]), CapReachedError, invariant="the daily cap holds", text="a second of one")


def the_switch_stops_what_waits_to_be_called() -> None:
    """Asked for before, called after: several intents of one seller, at every place."""
    for thrown_after in range(3):
        world = World()
        intents = [
            world.decide(return_id=_return(world, number), automatic=True, actor="system:returns")
            for number in (1, 2, 3)
        ]
        for place, intent in enumerate(intents):
            if place == thrown_after:
                world.policy(kill_switch=True)
            world.settle(intent)
        calls = world.market.calls["act_on_return"]
        need(calls == thrown_after, "the kill switch stops automation", f"{calls} calls, thrown before {thrown_after}")


def a_cancel_by_the_machine_beside_a_persons() -> None:
    """A person cancels in the middle of the machine's decision to: one intent, and the cap counts one or none."""
    world = World()
    world.policy(cancel_guard=False)
    world.arrives()
    by_machine = partial(world.ask, IntentAction.CANCEL, automatic=True, actor="system:alarms")
    with meanwhile(world.store, "commit", partial(world.ask, IntentAction.CANCEL)):
        refused(by_machine, ShipbyError, invariant="one call at a time", text="two cancels")
    made = world.types().count(EventType.INTENT_CREATED)
    need(made == 1, "one call at a time", f"{made} intents")
    used = world.store.cap_used(a.SELLER, "cancel", world.clock.now().date())
    need(used == 0, "a cap counts what was done", f"{used} used for nothing")


SCENES = (
    a_code_that_two_postings_share,
    a_number_alone_proves_nothing_where_codes_are_known,
    a_page_of_somebody_else_among_ours,
    a_page_whose_codes_belong_to_two_postings,
    the_same_page_twice,
    boxes_in_their_order,
    a_route_code_on_many_labels,
    a_label_that_shows_a_person,
    a_push_address_is_revoked_under_traffic,
    a_push_address_that_was_unknown_is_made,
    a_push_address_of_another_seller,
    a_push_that_could_not_be_stored_comes_again,
    a_key_ends_and_is_revoked,
    every_role_at_every_door,
    the_log_line_of_a_refused_call,
    the_cap_holds_to_the_last_place,
    the_cap_of_money_holds_at_approval,
    people_stand_under_no_cap_of_automation,
    cap_and_switch_in_one_change,
    the_switch_stops_what_waits_to_be_called,
    a_cancel_by_the_machine_beside_a_persons,
)
