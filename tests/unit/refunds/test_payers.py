"""The table of who pays: every combination has a row, and what nobody says is marked uncertain."""

import itertools

import pytest

from shipby.domain.postings.posting import Cancellation, Scheme
from shipby.domain.refunds.ledger import CostBorneBy, EntryKind, ExecutedBy
from shipby.domain.refunds.payers import PAYER_RULES, Circumstances, circumstances, who_pays
from tests.support import builders as a

INTEGRATIONS = ("ozon", "3pl_tracking", "non_integrated", "aggregator", "hybryd", "hybrid", "")
WHO = ("seller", "client", "customer", "ozon", "system", "delivery", "unknown", "")


def test_every_combination_has_a_row_and_every_row_is_reached() -> None:
    reached = set()
    flags = (False, True)
    for kind, scheme, integration, by, assembled, after in itertools.product(
        EntryKind, Scheme, INTEGRATIONS, WHO, flags, flags
    ):
        facts = Circumstances(
            kind=kind, scheme=scheme, integration=integration, cancelled_by=by, assembled=assembled, after_ship=after
        )
        reached.add(who_pays(facts).id)
    assert reached == {rule.id for rule in PAYER_RULES}
    assert len(reached) == len(PAYER_RULES)


@pytest.mark.parametrize("rule", PAYER_RULES, ids=lambda rule: rule.id)
def test_a_row_has_its_source_and_is_uncertain_where_nobody_says_who_bears_it(rule: object) -> None:
    assert rule in PAYER_RULES
    for each in PAYER_RULES:
        if each is rule:
            assert each.source
            assert each.certain == (each.cost_borne_by is not CostBorneBy.UNCERTAIN)


@pytest.mark.parametrize("by", WHO)
def test_the_marketplace_itself_pays_back_after_every_cancel(by: str) -> None:
    rule = who_pays(Circumstances(kind=EntryKind.OBSERVED, scheme=Scheme.RFBS, cancelled_by=by))
    assert rule.executed_by is ExecutedBy.MARKETPLACE


@pytest.mark.parametrize(
    ("kind", "integration", "row"),
    [
        (EntryKind.REFUND, "non_integrated", "rfbs.refund.own_carrier"),
        (EntryKind.REFUND, "aggregator", "rfbs.refund.integrated"),
        (EntryKind.COMPENSATION, "aggregator", "rfbs.compensation"),
        (EntryKind.POSTAGE, "3pl_tracking", "rfbs.postage"),
    ],
)
def test_what_our_own_call_moves_is_executed_by_the_seller(kind: EntryKind, integration: str, row: str) -> None:
    rule = who_pays(Circumstances(kind=kind, scheme=Scheme.RFBS, integration=integration))
    assert (rule.id, rule.executed_by) == (row, ExecutedBy.SELLER)


def test_the_circumstances_of_a_cancel_come_from_the_marketplaces_own_block() -> None:
    gone = Cancellation(reason_id=665, reason="x", type="delivery", after_ship=True, affects_rating=False)
    posting = a.posting(scheme=Scheme.RFBS, integration="non_integrated", assembled_at=a.NOW)
    facts = circumstances(EntryKind.OBSERVED, posting, a.detail(cancellation=gone))
    assert (facts.cancelled_by, facts.after_ship, facts.assembled) == ("delivery", True, True)
    assert who_pays(facts).id == "cancel.delivery.own_carrier"
    assert not circumstances(EntryKind.OBSERVED, posting).after_ship
