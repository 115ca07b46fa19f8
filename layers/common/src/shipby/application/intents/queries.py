"""What people read of intents: lists and single ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from shipby.application.intents.views import intent_view
from shipby.application.ports.pages import Page
from shipby.application.ports.returns import IntentReads
from shipby.application.ports.store import Store
from shipby.application.postings.queries import View, _chain, _listing
from shipby.domain.errors import NotFoundError
from shipby.domain.intents import OPEN_STATES, Intent, IntentState


def list_intents(seller: str, *, state: IntentState | None, limit: int, cursor: str | None, store: Store) -> View:
    """Intents in a state, oldest first; without a state the open ones, then the settled ones on returns and of cancels.

    Other settled intents are told by the history of their posting.
    """
    page = _intent_ids(seller, state, limit, cursor, store, keep=lambda _identifier: True)
    return _listing((intent_view(intent) for intent in _intents(seller, page, state, store)), page.cursor)


def _intent_ids(
    seller: str,
    state: IntentState | None,
    limit: int,
    cursor: str | None,
    store: Store,
    *,
    keep: Callable[[str], bool],
) -> Page[str]:
    opened = (_OPEN, partial(_open_intents, store, seller))
    settled = [(str(each), partial(_intents_in, store, seller, each)) for each in _SETTLED if state in (None, each)]
    listings = [opened, *settled] if state is None or state in OPEN_STATES else settled
    return _chain(listings, limit=limit, cursor=cursor, keep=keep)


_OPEN = "open"
_SETTLED = (IntentState.CONFIRMED, IntentState.REJECTED)


def _open_intents(store: IntentReads, seller: str, limit: int, cursor: str | None) -> Page[str]:
    return store.open_intents(seller, limit=limit, cursor=cursor)


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
