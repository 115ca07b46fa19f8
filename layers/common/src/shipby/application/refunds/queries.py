"""What people read of refunds: lists, and a posting's ledger with its intents."""

from __future__ import annotations

from shipby.application.intents.queries import _intent_ids, _intents
from shipby.application.intents.views import intent_view
from shipby.application.ports.postings import PostingReads
from shipby.application.ports.store import Store
from shipby.application.postings.family import family_view
from shipby.application.postings.queries import View, _listing
from shipby.application.postings.work_posting import load_posting
from shipby.application.refunds.views import ledger_view
from shipby.domain.errors import NotFoundError
from shipby.domain.intents import IntentAction, IntentState


def list_refunds(seller: str, *, state: IntentState | None, limit: int, cursor: str | None, store: Store) -> View:
    """Intents that give money back by our call, that is decisions on returns with an amount.

    What the marketplace paid back by itself after a cancel is in the ledger of its posting only.
    """
    decision = f".{IntentAction.RETURN_ACTION}."
    page = _intent_ids(seller, state, limit, cursor, store, keep=lambda identifier: decision in identifier)
    found = (intent for intent in _intents(seller, page, state, store) if intent.amount is not None)
    return _listing((intent_view(intent) for intent in found), page.cursor)


def get_refunds(seller: str, number: str, *, store: PostingReads) -> View:
    """The ledger of a posting: paid, reserved, refunded, and every movement; of a split order all its postings' sums.

    Raises NotFoundError.
    """
    posting = load_posting(store, seller, number)
    ledger = store.money(seller, number)
    if ledger is None:
        raise NotFoundError(f"what was paid for posting {number} is not known yet; read it again in a minute")
    return ledger_view(ledger) | {"family": family_view(posting, store.detail(seller, number, of=posting), store=store)}
