"""Every case has the owner that the policy names: there is one place that says so, and no way past it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import shipby
from shipby.application.cases.opening import open_case, opening, report_case
from shipby.application.ports.writes import SavePosting
from shipby.domain import actors
from shipby.domain.cases.case import CaseKind
from shipby.domain.postings.posting import Stage
from shipby.domain.sellers.owners import owner_of
from shipby.domain.sellers.settings import SellerSettings
from tests.support import builders as a
from tests.unit.world_support import World

_SHIPBY = Path(shipby.__path__[0])
_READS_OWNERS = {"domain/sellers/owners.py", "domain/proof/open_orders.py", "application/sellers/change_settings.py"}
"""The one that resolves; the audit asks whether there are any; the last one shows them."""


def world(**owners: str) -> World:
    made = World()
    made.policy(owners={("*" if stage == "others" else stage): name for stage, name in owners.items()})
    return made


@pytest.mark.parametrize("kind", list(CaseKind))
def test_a_case_of_any_kind_has_the_owner_for_everything_else(kind: CaseKind) -> None:
    own = world(others="anna")
    identifier = open_case(
        own.store, seller=a.SELLER, kind=kind, subject="x", reason="why", now=a.NOW, actor=actors.STOCK
    )
    case = own.store.case(a.SELLER, identifier)
    assert case is not None
    assert case.owner == "anna"


def test_every_way_to_open_a_case_asks_the_policy_and_a_report_is_not_restated_for_it() -> None:
    own = world(others="anna")
    about = {"seller": a.SELLER, "kind": CaseKind.MONEY, "reason": "why", "now": a.NOW, "actor": actors.STOCK}
    _, writes = opening(own.store, subject="1", **about)  # type: ignore[arg-type]  # the same words for both
    own.store.commit(writes)
    assert report_case(own.store, subject="2", **about)  # type: ignore[arg-type]  # as above
    assert not report_case(own.store, subject="2", **about)  # type: ignore[arg-type]  # as above
    found = [own.store.case(a.SELLER, one) for one in own.store.cases_in(a.SELLER).items]
    assert [(case.owner, case.version) for case in found if case] == [("anna", 1), ("anna", 1)]


@pytest.mark.parametrize("subject", [a.NUMBER, f"POSTING {a.NUMBER}", f"INTENT p.{a.NUMBER}.cancel.1"])
def test_what_is_about_a_posting_goes_to_the_owner_of_its_stage(subject: str) -> None:
    own = world(others="anna", packed="boris")
    own.store.commit([SavePosting(a.posting(stage=Stage.PACKED))])
    kind = CaseKind.MONEY if subject == a.NUMBER else CaseKind.ALARM_SET_ASIDE
    identifier = open_case(
        own.store, seller=a.SELLER, kind=kind, subject=subject, reason="why", now=a.NOW, actor=actors.STOCK
    )
    case = own.store.case(a.SELLER, identifier)
    assert case is not None
    assert case.owner == "boris"


def test_nobody_is_named_where_the_policy_names_nobody() -> None:
    assert owner_of(a.posting(), SellerSettings(seller=a.SELLER)) == ""
    assert owner_of(None, SellerSettings(seller=a.SELLER, owners={"packed": "boris"})) == ""


def test_owners_are_read_in_one_place_and_no_case_is_opened_with_a_blank_one() -> None:
    readers, blanks = set(), []
    for path in sorted(_SHIPBY.rglob("*.py")):
        name = path.relative_to(_SHIPBY).as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr == "owners":
                readers.add(name)
            if isinstance(node, ast.keyword) and node.arg == "owner" and isinstance(node.value, ast.Constant):
                blanks += [f"{name}:{node.value.lineno}"] if node.value.value == "" else []
    assert readers <= _READS_OWNERS | {"application/cases/opening.py"}
    assert blanks == []
