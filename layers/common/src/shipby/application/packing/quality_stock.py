"""Units that failed their inspection, where stock is kept here: into quarantine, and others in their place."""

from __future__ import annotations

from dataclasses import replace

from shipby.application.intake.goods import short_case
from shipby.application.packing.inspect import TakenOut
from shipby.application.ports.store import Store
from shipby.application.stock.losing import Loss, lose_pieces
from shipby.domain.packing.quality import QualityFailure
from shipby.domain.postings.posting import Posting, StockMark
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.stock.item import MovementKind
from shipby.domain.stock.reservation import pieces_of


class LedgerStock:
    """A `QualityStock` over the pool that a posting's goods are reserved in.

    What failed is taken from the posting, lies in quarantine, and free pieces take its place; without any the posting
    is short, and waits or is decided by a person as any other. A kit is left alone: nobody said which of its pieces
    failed.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def take_out(self, failure: QualityFailure, *, posting: Posting) -> TakenOut:
        """The movements, in the caller's transaction. Nothing where the posting has nothing reserved."""
        store, seller, number = self._store, failure.seller, failure.posting_number
        held = store.reservation(seller, number) if posting.stock is not None else None
        lines = held.lines if held is not None else ()
        line = next((each for each in lines if failure.sku in (each.listed, each.sku)), None)
        if held is None or line is None or list(line.parts.values()) != [1]:
            return TakenOut()
        [part] = line.parts
        pieces = min(failure.pieces, pieces_of(held.lines)[part].held)
        if not pieces:
            return TakenOut()
        loss = Loss(
            kind=MovementKind.DEFECTIVE,
            sku=part,
            quantity=pieces,
            at=failure.at,
            actor=failure.by,
            reason=failure.reason,
        )
        lost, event, writes = lose_pieces(held, loss, store=store, shelved=True)
        mark = StockMark.SHORT if lost.short else posting.stock
        settings = store.settings(seller) or SellerSettings(seller=seller)
        lacking = {each.sku: each.short for each in lost.lines if each.short}
        changed = replace(posting, stock=mark)
        case = short_case(changed, posting, lacking, settings, store=store, now=failure.at, actor=failure.by)
        return TakenOut(mark=mark, events=(event,), writes=(*writes, *case))
