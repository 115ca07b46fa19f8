"""What people read of intents: lists and single ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from shipby.application.intents.views import intent_view
from shipby.application.ports.pages import Page
from shipby.application.ports.returns import IntentReads
from shipby.application.ports.store import Store
from shipby.application.postings.queries import View, _chain, _listing
from shipby.domain.errors import InvalidInputError, NotFoundError
from shipby.domain.events import posting_ref
from shipby.domain.intents import OPEN_STATES, Intent, IntentState


def list_intents(seller: str, *, state: IntentState | None, limit: int, cursor: str | None, store: Store) -> View:
    """Intents in a state, oldest first; without a state all states one after the other, the open ones first."""
    page = _intent_ids(seller, state, limit, cursor, store, keep=lambda _identifier: True)
    return _listing((intent_view(intent) for intent in _intents(seller, page, state, store)), page.cursor)


def intents_of_posting(
    seller: str, number: str, *, state: IntentState | None, cursor: str | None, store: IntentReads
) -> View:
    """All intents of a posting, oldest first; those of its returns stand with the returns."""
    if cursor is not None:
        raise InvalidInputError(
            "the intents of a posting are one page", errors=[("cursor", "leave it out together with posting")]
        )
    found = store.intents(seller, posting_ref(number))
    return _listing(intent_view(intent) for intent in found if state in (None, intent.state))


def _intent_ids(
    seller: str,
    state: IntentState | None,
    limit: int,
    cursor: str | None,
    store: Store,
    *,
    keep: Callable[[str], bool],
) -> Page[str]:
    states = (state,) if state else _OPEN_FIRST
    listings = [(str(each), partial(_in_state, store, seller, each)) for each in states]
    return _chain(listings, limit=limit, cursor=cursor, keep=keep)


_OPEN_FIRST = (
    IntentState.UNKNOWN,
    IntentState.SENT,
    IntentState.PENDING,
    IntentState.PROPOSED,
    IntentState.CONFIRMED,
    IntentState.REJECTED,
)


def _in_state(store: IntentReads, seller: str, state: IntentState, limit: int, cursor: str | None) -> Page[str]:
    """Open ones stand in one list, whatever their state: they are few, and their rows say it.

    A page is empty only where nothing follows.
    """
    if state not in OPEN_STATES:
        return _intents_in(store, seller, state, limit, cursor)
    while True:
        page = store.open_intents(seller, limit=limit, cursor=cursor)
        rows = (store.intent(seller, identifier) for identifier in page.items)
        found = tuple(row.id for row in rows if row is not None and row.state is state)
        if found or page.cursor is None:
            return Page(found, page.cursor)
        cursor = page.cursor


def _intents_in(store: IntentReads, seller: str, state: IntentState, limit: int, cursor: str | None) -> Page[str]:
    return store.intents_in(seller, state, limit=limit, cursor=cursor)


def _intents(seller: str, page: Page[str], state: IntentState | None, store: IntentReads) -> Iterable[Intent]:
    # The index lags, so an intent may be on two pages while it moves; its own row says its state.
    for identifier in page.items:
        intent = store.intent(seller, identifier)
        if intent is not None and state in (None, intent.state):
            yield intent


def get_intent(seller: str, identifier: str, *, store: IntentReads) -> View:
    """Raises NotFoundError, and InvalidInputError if the text is not an intent id."""
    intent = store.intent(seller, identifier)
    if intent is None:
        raise NotFoundError(f"there is no intent {identifier}; take the id from the Location of the call that made it")
    return intent_view(intent)
