"""Who moves the buyer's money and whose money it is in the end: one table, each row with its source.

A row that nothing official confirms is `certain = False` and leaves `cost_borne_by` UNCERTAIN: the marketplace's
accruals decide it later (shipby.application.refunds.compare_accruals). Sources: the Seller API description
(docs.ozon.ru/api/seller) and its changelog; "inferred" = our conclusion.
"""

from __future__ import annotations

from dataclasses import dataclass

from shipby.domain.initiators import BUYER, latin
from shipby.domain.postings.posting import OWN_CARRIER, MarketplacePosting, Posting, Scheme
from shipby.domain.refunds.ledger import CostBorneBy, EntryKind, ExecutedBy, Paid

NON_INTEGRATED = frozenset({OWN_CARRIER})
"""`tpl_integration_type` of a carrier that is the seller's own matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What decides who pays. `cancelled_by` is the marketplace's `cancellation_type`, empty without a cancel."""

    kind: EntryKind
    scheme: Scheme
    integration: str = ""
    cancelled_by: str = ""
    assembled: bool = False
    after_ship: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerRule:
    """One row; None means "whatever it is". The first row that fits decides."""

    id: str
    kinds: frozenset[EntryKind]
    executed_by: ExecutedBy
    cost_borne_by: CostBorneBy
    source: str
    certain: bool
    """Whether something official says who bears the cost."""
    scheme: Scheme | None = None
    integrations: frozenset[str] | None = None
    cancelled_by: frozenset[str] | None = None
    assembled: bool | None = None
    after_ship: bool | None = None

    def fits(self, facts: Circumstances) -> bool:
        return (
            facts.kind in self.kinds
            and self.scheme in (None, facts.scheme)
            and (self.integrations is None or facts.integration in self.integrations)
            and (self.cancelled_by is None or facts.cancelled_by in self.cancelled_by)
            and self.assembled in (None, facts.assembled)
            and self.after_ship in (None, facts.after_ship)
        )

    @property
    def paid(self) -> Paid:
        return Paid(self.executed_by, self.cost_borne_by, self.id)


_OBSERVED = frozenset({EntryKind.OBSERVED})
_MARKETPLACE = frozenset({"ozon", "system"})
_NO_REFUND_CALL = "no method refunds a cancelled posting: the marketplace pays the buyer back by itself"
_COST_UNSAID = "who bears it is not published"

PAYER_RULES: tuple[PayerRule, ...] = (
    PayerRule(
        id="cancel.seller.before_assembly",
        kinds=_OBSERVED,
        cancelled_by=frozenset({"seller"}),
        assembled=False,
        after_ship=False,
        executed_by=ExecutedBy.MARKETPLACE,
        cost_borne_by=CostBorneBy.UNCERTAIN,
        certain=False,
        source=f"/v2/posting/fbs/cancel: {_NO_REFUND_CALL}, an index charge may come on top; {_COST_UNSAID}",
    ),
    PayerRule(
        id="cancel.seller.before_ship",
        kinds=_OBSERVED,
        cancelled_by=frozenset({"seller"}),
        after_ship=False,
        executed_by=ExecutedBy.MARKETPLACE,
        cost_borne_by=CostBorneBy.UNCERTAIN,
        certain=False,
        source=f"/v2/posting/fbs/cancel: {_NO_REFUND_CALL}; {_COST_UNSAID}",
    ),
    PayerRule(
        id="cancel.seller.after_ship",
        kinds=_OBSERVED,
        cancelled_by=frozenset({"seller"}),
        executed_by=ExecutedBy.MARKETPLACE,
        cost_borne_by=CostBorneBy.UNCERTAIN,
        certain=False,
        source=f"cancel reasons 665-667 of rFBS, for postings under way: {_NO_REFUND_CALL}; {_COST_UNSAID}",
    ),
    PayerRule(
        id="cancel.buyer.before_ship",
        kinds=_OBSERVED,
        cancelled_by=BUYER,
        after_ship=False,
        executed_by=ExecutedBy.MARKETPLACE,
        cost_borne_by=CostBorneBy.UNCERTAIN,
        certain=False,
        source=f"cancellation_type client and customer: {_NO_REFUND_CALL}; {_COST_UNSAID}",
    ),
    PayerRule(
        id="cancel.buyer.after_ship",
        kinds=_OBSERVED,
        cancelled_by=BUYER,
        executed_by=ExecutedBy.MARKETPLACE,
        cost_borne_by=CostBorneBy.UNCERTAIN,
        certain=False,
        source=f"cancelled_after_ship: {_NO_REFUND_CALL}; the way back may be charged; {_COST_UNSAID}",
    ),
    PayerRule(
        id="cancel.marketplace",
        kinds=_OBSERVED,
        cancelled_by=_MARKETPLACE,
        executed_by=ExecutedBy.MARKETPLACE,
        cost_borne_by=CostBorneBy.UNCERTAIN,
        certain=False,
        source=f"cancellation_type ozon and system: {_NO_REFUND_CALL}; {_COST_UNSAID}",
    ),
    PayerRule(
        id="cancel.delivery.own_carrier",
        kinds=_OBSERVED,
        scheme=Scheme.RFBS,
        integrations=NON_INTEGRATED,
        cancelled_by=frozenset({"delivery"}),
        executed_by=ExecutedBy.MARKETPLACE,
        cost_borne_by=CostBorneBy.UNCERTAIN,
        certain=False,
        source=f"cancellation_type delivery: {_NO_REFUND_CALL}; the carrier is the seller's own; {_COST_UNSAID}",
    ),
    PayerRule(
        id="cancel.delivery",
        kinds=_OBSERVED,
        cancelled_by=frozenset({"delivery"}),
        executed_by=ExecutedBy.MARKETPLACE,
        cost_borne_by=CostBorneBy.UNCERTAIN,
        certain=False,
        source=f"cancellation_type delivery: {_NO_REFUND_CALL}; {_COST_UNSAID}",
    ),
    PayerRule(
        id="fbs.return",
        kinds=_OBSERVED,
        scheme=Scheme.FBS,
        cancelled_by=frozenset({""}),
        executed_by=ExecutedBy.MARKETPLACE,
        cost_borne_by=CostBorneBy.UNCERTAIN,
        certain=False,
        source=f"/v1/returns/list: FBS returns have no decision method, the cabinet decides them; {_COST_UNSAID}",
    ),
    PayerRule(
        id="observed.other",
        kinds=_OBSERVED,
        executed_by=ExecutedBy.MARKETPLACE,
        cost_borne_by=CostBorneBy.UNCERTAIN,
        certain=False,
        source=f"a cancellation_type that is not documented: {_NO_REFUND_CALL}; {_COST_UNSAID}",
    ),
    PayerRule(
        id="rfbs.compensation",
        kinds=frozenset({EntryKind.COMPENSATION}),
        executed_by=ExecutedBy.SELLER,
        cost_borne_by=CostBorneBy.SELLER,
        certain=True,
        source="/v1/returns/rfbs/action/set, action 1020: the seller gives a part of the price back",
    ),
    PayerRule(
        id="rfbs.postage",
        kinds=frozenset({EntryKind.POSTAGE}),
        executed_by=ExecutedBy.SELLER,
        cost_borne_by=CostBorneBy.SELLER,
        certain=True,
        source="/v1/returns/rfbs/action/set, return_for_back_way: the seller repays the buyer's postage",
    ),
    PayerRule(
        id="rfbs.refund.own_carrier",
        kinds=frozenset({EntryKind.REFUND}),
        scheme=Scheme.RFBS,
        integrations=NON_INTEGRATED,
        executed_by=ExecutedBy.SELLER,
        cost_borne_by=CostBorneBy.SELLER,
        certain=True,
        source="/v1/returns/rfbs/action/set: the seller gives the price back; the carrier is the seller's own",
    ),
    PayerRule(
        id="rfbs.refund.integrated",
        kinds=frozenset({EntryKind.REFUND}),
        executed_by=ExecutedBy.SELLER,
        cost_borne_by=CostBorneBy.UNCERTAIN,
        certain=False,
        source="as above, with a carrier the marketplace chose: it may make up for what that carrier broke or lost "
        "(inferred)",
    ),
)
"""The order matters: the first row that fits."""


def who_pays(facts: Circumstances) -> PayerRule:
    """The row of the table for these circumstances; every combination has one."""
    return next(rule for rule in PAYER_RULES if rule.fits(facts))


def circumstances(kind: EntryKind, posting: Posting, detail: MarketplacePosting | None = None) -> Circumstances:
    """What the store knows of a posting, as the table wants it."""
    cancellation = detail.cancellation if detail else None
    return Circumstances(
        kind=kind,
        scheme=posting.scheme,
        integration=posting.integration,
        cancelled_by=latin(posting.cancelled_by or (cancellation.type if cancellation else "")),
        assembled=posting.assembled_at is not None,
        after_ship=cancellation.after_ship if cancellation else posting.handed_over_at is not None,
    )
