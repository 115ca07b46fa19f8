"""Inspecting and packing: who may skip the scans, what fails and what follows, how a parcel is packed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shipby.application.packing.inspect import Inspection, TakenOut, inspect_posting
from shipby.application.ports.writes import AppendEvidence, ClaimPointer, SaveAccess, SaveProductCard, SaveSettings
from shipby.domain.events import posting_ref
from shipby.domain.evidence.pieces import EvidenceItem, EvidenceKind
from shipby.domain.labels.options import HandlingMark
from shipby.domain.packing.cards import ProductCard
from shipby.domain.packing.quality import QualityFailure, find_inspection, is_sampled
from shipby.domain.postings.posting import Posting, Stage
from shipby.domain.sellers.keys import ApiKey, Role
from shipby.domain.sellers.settings import InspectionRule, PackagingRule
from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a

PATH = f"/v1/postings/{a.NUMBER}"
SKU, REASON = "149123456", {"reason": "the scanner is broken"}


def shop(api: Caller, stage: Stage = Stage.CONFIRMED, **policy: Any) -> None:
    """A posting of two fragile cups of one supplier, assembled at the marketplace."""
    api.has_posting(a.posting(stage=stage, assembled_at=a.NOW), a.detail(requirements={}))
    marks = (HandlingMark.FRAGILE,)
    card = ProductCard(seller=a.SELLER, sku=SKU, version=1, barcodes=("4601234567893",), marks=marks, supplier="cups")
    api.has(SaveProductCard(card), SaveSettings(replace(a.settings(), **policy)))


def scan_all(api: Caller) -> Any:
    return api.post(f"{PATH}/scans", {"code": SKU, "quantity": 2})


def last(api: Caller) -> Any:
    return api.store.events(a.SELLER, posting_ref(a.NUMBER))[-1].event


def person(api: Caller, key: str, name: str) -> Caller:
    made = ApiKey(id=key, seller=a.SELLER, role=Role.PACKER, sha256="0" * 64, created_at=a.NOW, name=name)
    api.has(SaveAccess(made))
    return Caller(api.store, api.clock, role="packer", key_id=key, papers=api.papers)


def photo(api: Caller, sequence: int = 1) -> None:
    item = EvidenceItem(
        seller=a.SELLER,
        posting_number=a.NUMBER,
        sequence=sequence,
        kind=EvidenceKind.PHOTO,
        at=api.clock.now(),
        actor="key:k1",
        sha256="0" * 64,
        previous="",
        hash=str(sequence),
    )
    api.has(AppendEvidence(item))


@pytest.mark.parametrize("role", ["owner", "manager", "integration"])
def test_packing_without_scans_needs_a_role_and_a_reason_and_is_told(api: Caller, role: str) -> None:
    shop(api, Stage.PICKED)
    refused = api.as_role("packer").post(f"{PATH}/pack", REASON)
    assert (refused.status, refused.code) == (403, "forbidden")
    for body in ({}, {"reason": "  "}):
        silent = api.as_role(role).post(f"{PATH}/pack", body)
        assert (silent.status, silent.fields) == (400, ["reason"])

    assert api.as_role(role).post(f"{PATH}/pack", REASON).body["stage"] == "packed"
    assert last(api).reason == REASON["reason"]
    assert {name: last(api).data[name] for name in ("without_scans", "scanned", "expected")} == {
        "without_scans": True,
        "scanned": 0,
        "expected": 2,
    }


def test_a_parcel_that_is_not_whole_is_short_for_whoever_may_not_skip_it(api: Caller) -> None:
    shop(api, Stage.PICKED)
    api.post(f"{PATH}/scans", {"code": SKU})
    for caller, body in ((api.as_role("packer"), REASON), (api, {})):
        short = caller.post(f"{PATH}/pack", body)
        assert (short.status, short.code, short.body["offered"]) == (409, "short", ["TEA-CUP-02"])

    assert api.post(f"{PATH}/pack", REASON).body["stage"] == "packed"
    assert last(api).data["scanned"] == 1


def test_what_failed_is_not_packed_by_unblocking_it_but_by_another_inspection(api: Caller) -> None:
    shop(api, Stage.PICKED)
    api.post(f"{PATH}/inspect", {"passed": False, "reason": "scratched"})
    api.post(f"{PATH}/unblock", {"reason": "it is nothing"})

    for reply in (api.post(f"{PATH}/pack", REASON), scan_all(api)):
        assert (reply.status, reply.code, reply.body["offered"][0] in ("inspect", "TEA-CUP-02")) == (
            409,
            "inspection_needed",
            True,
        )
    assert api.post(f"{PATH}/inspect", {"passed": True}).body["stage"] == "inspected"
    assert scan_all(api).body["stage"] == "packed"


def test_what_fails_after_it_was_inspected_is_inspected_anew(api: Caller) -> None:
    shop(api, Stage.INSPECTED)
    api.post(f"{PATH}/inspect", {"passed": False, "reason": "dropped"})
    assert api.post(f"{PATH}/unblock", {"reason": "another cup"}).body["stage"] == "picked"
    assert api.post(f"{PATH}/pack", REASON).code == "inspection_needed"


def test_units_that_fail_are_out_in_one_call_and_others_are_picked_and_inspected(api: Caller) -> None:
    shop(api, Stage.PICKED)
    api.post(f"{PATH}/scans", {"code": SKU})

    failed = api.post(f"{PATH}/inspect", {"passed": False, "reason": "cracked", "sku": SKU}, key="i-1")
    assert failed.body["stage"] == "confirmed"
    assert api.post(f"{PATH}/inspect", {"passed": False, "reason": "cracked", "sku": SKU}, key="i-1") == failed
    assert api.get(f"{PATH}/scans").body["scanned"] == 0
    assert last(api).type == "inspection.failed"
    assert last(api).data["supplier"] == "cups"

    listed = api.get("/v1/quality/failures", supplier="cups").body["items"]
    assert [(one["posting_number"], one["sku"], one["pieces"], one["reason"]) for one in listed] == [
        (a.NUMBER, SKU, 1, "cracked")
    ]
    assert api.get("/v1/quality/failures", supplier="others").body["items"] == []
    assert scan_all(api).code == "inspection_needed"
    api.post(f"{PATH}/pick")
    api.post(f"{PATH}/inspect", {"passed": True})
    assert scan_all(api).body["stage"] == "packed"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"sku": "7", "reason": "x"}, "sku"),
        ({"sku": SKU, "pieces": 3, "reason": "x"}, "pieces"),
        ({"sku": SKU, "pieces": 0, "reason": "x"}, "pieces"),
        ({"sku": SKU, "pieces": -1, "reason": "x"}, "pieces"),
        ({"sku": SKU, "pieces": 1.5, "reason": "x"}, "pieces"),
        ({"sku": SKU}, "reason"),
    ],
)
def test_a_failure_of_other_goods_of_too_many_or_without_a_reason_changes_nothing(
    api: Caller, body: dict[str, Any], field: str
) -> None:
    shop(api, Stage.PICKED)
    reply = api.post(f"{PATH}/inspect", {"passed": False, **body})

    assert (reply.status, reply.fields) == (400, [field])
    assert api.get(PATH).body["version"] == 1
    assert api.get("/v1/quality/failures").body["items"] == []


class Stock:
    """So many good units are left behind the one that failed; each movement is a row."""

    def __init__(self, left: int) -> None:
        self.left = left

    def take_out(self, failure: QualityFailure, *, posting: Posting) -> TakenOut:
        assert posting.number == failure.posting_number
        return TakenOut(self.left, (ClaimPointer(failure.seller, "quarantine", failure.sku, failure.posting_number),))


@pytest.mark.parametrize(("left", "stage"), [(0, "blocked"), (1, "blocked"), (2, "confirmed")])
def test_where_too_few_are_left_the_posting_is_short_with_a_case(api: Caller, left: int, stage: str) -> None:
    shop(api, Stage.PICKED)
    inspection = Inspection(
        seller=a.SELLER,
        number=a.NUMBER,
        actor="key:k1",
        passed=False,
        reason="cracked",
        sku=SKU,
        pieces=2,
        stock=Stock(left),
    )
    body = inspect_posting(inspection, lambda _: [], store=api.store, clock=api.clock).body

    assert body["stage"] == stage
    assert api.store.find(a.SELLER, "quarantine", SKU) == a.NUMBER
    cases = [case["kind"] for case in api.get("/v1/cases").body["items"]]
    assert cases == (["short"] if stage == "blocked" else [])
    if stage == "blocked":
        assert str(body["blocked_reason"]).startswith(f"short: {left} of SKU")
        assert api.post(f"{PATH}/unblock", {"reason": "found one"}).body["stage"] == "confirmed"


def test_a_rule_wants_an_inspection_before_packing(api: Caller) -> None:
    shop(api, Stage.PICKED, inspections=(InspectionRule(share=100, supplier="cups"),))

    assert api.get(f"{PATH}/scans").body["inspection"] == {"skus": [SKU], "photo": False, "passed": False}
    for reply in (scan_all(api), api.post(f"{PATH}/pack", REASON)):
        assert (reply.status, reply.code) == (409, "inspection_needed")
    api.post(f"{PATH}/inspect")
    assert scan_all(api).body["inspection"]["passed"] is True


def test_the_inspector_is_not_the_picker_whatever_key_they_take(api: Caller) -> None:
    shop(api, inspector_not_picker=True)
    picker, again, other = person(api, "p1", "Ann"), person(api, "p2", "ann"), person(api, "p3", "Bo")
    picker.post(f"{PATH}/pick")

    for same in (picker, again):
        assert same.post(f"{PATH}/inspect").code == "same_person"
        assert same.post(f"{PATH}/inspect", {"passed": False, "reason": "no", "sku": SKU}).code == "same_person"
    assert other.post(f"{PATH}/inspect").body["stage"] == "inspected"


def test_a_photo_is_wanted_of_the_goods_as_they_are_now(api: Caller) -> None:
    shop(api, inspections=(InspectionRule(share=100, photo=True),))
    photo(api)
    api.clock.time += (a.CUT_OFF - a.NOW) / 100
    api.post(f"{PATH}/pick")
    assert api.post(f"{PATH}/inspect").code == "photo_needed"
    photo(api, 2)
    assert api.post(f"{PATH}/inspect", {"passed": False, "reason": "cracked", "sku": SKU}).status == 200

    api.clock.time += (a.CUT_OFF - a.NOW) / 100
    api.post(f"{PATH}/pick")
    assert api.post(f"{PATH}/inspect").code == "photo_needed"
    photo(api, 3)
    assert api.post(f"{PATH}/inspect").body["stage"] == "inspected"


def test_the_first_rule_that_fits_decides_by_sku_supplier_and_score() -> None:
    detail = a.detail()
    card = ProductCard(seller=a.SELLER, sku=SKU, version=1, supplier="cups", product_type="tea")
    cases: list[tuple[tuple[InspectionRule, ...], int | None, bool]] = [
        ((), None, False),
        ((InspectionRule(share=0, sku=SKU), InspectionRule(share=100)), None, False),
        ((InspectionRule(share=100, sku="other"),), None, False),
        ((InspectionRule(share=100, product_type="tea"),), None, True),
        ((InspectionRule(share=100, below_score=80),), 79, True),
        ((InspectionRule(share=100, below_score=80),), 80, False),
        ((InspectionRule(share=100, below_score=80),), None, True),
    ]
    for rules, score, wanted in cases:
        found = find_inspection(a.NUMBER, detail, {SKU: card}, rules, lambda _, score=score: score)  # type: ignore[misc]  # bound now
        assert (found is not None) is wanted, rules
    assert find_inspection(a.NUMBER, detail, {}, cases[3][0]) is None


def test_a_share_of_postings_is_sampled_always_the_same_ones() -> None:
    numbers = [f"{number:08d}-0001-1" for number in range(2000)]
    first = [number for number in numbers if is_sampled(number, SKU, 20)]

    assert first == [number for number in numbers if is_sampled(number, SKU, 20)]
    assert 340 <= len(first) <= 460
    assert not any(is_sampled(number, SKU, 0) for number in numbers)
    assert all(is_sampled(number, SKU, 100) for number in numbers)


FRAGILE = PackagingRule(
    name="fragile",
    marks=(HandlingMark.FRAGILE,),
    box="M",
    material="bubble film",
    reinforcement=("two layers", "tape crosswise"),
    limits="5 kg",
)
PAIR = PackagingRule(name="pair", skus=(SKU,), pieces_from=2, box="double M")


def test_packaging_is_shown_before_and_confirmed_by_who_has_seen_just_that(api: Caller) -> None:
    far = PackagingRule(name="sets", skus=(SKU, "another"))
    shop(api, packaging=(FRAGILE, PAIR, far))
    before = api.get(f"{PATH}/scans").body["packaging"]
    assert (before["box"], [rule["name"] for rule in before["rules"]]) == ("double M", ["fragile", "pair"])
    assert before["rules"][0]["reinforcement"] == ["two layers", "tape crosswise"]

    scanned = scan_all(api).body
    assert (scanned["complete"], scanned["stage"], scanned["asks"]["what"]) == (True, "picked", "packaging_needed")
    for body in ({}, {"packaging": "0123"}):
        assert api.as_role("packer").post(f"{PATH}/pack", body).code == "packaging_needed"
    packed = api.as_role("packer").post(f"{PATH}/pack", {"packaging": before["token"]})
    assert packed.body["stage"] == "packed"
    assert (last(api).data["packaging"], last(api).data["box"]) == (["fragile", "pair"], "double M")
    assert api.get(f"{PATH}/scans").body["asks"] is None


def test_rules_of_the_settings_are_read_and_written_whole(api: Caller) -> None:
    shop(api)
    body = api.get("/v1/settings").body
    wanted = body | {
        "inspections": [{"share": 20, "supplier": "cups", "below_score": 80, "photo": True}],
        "inspector_not_picker": True,
        "packaging": [{"name": "fragile", "marks": ["fragile"], "reinforcement": ["two layers"]}],
    }
    for name in ("seller", "version"):
        wanted.pop(name, None)
    put = api.put("/v1/settings", wanted, if_match=f'"{body["version"]}"')

    assert put.status == 200, put.body
    assert put.body["inspections"][0] | {"sku": "", "product_type": ""} == put.body["inspections"][0]
    assert put.body["packaging"][0]["marks"] == ["fragile"]
    bad = wanted | {"inspections": [{"share": 101}]}
    assert api.put("/v1/settings", bad, if_match=f'"{put.body["version"]}"').status == 400


def test_inserts_are_those_of_the_buyer_s_language_and_hold_no_contact_data_in_any(api: Caller) -> None:
    shop(api)
    card = api.get(f"/v1/products/{SKU}").body
    wanted = card | {"inserts": ["памятка"], "inserts_in": {"en": ["care card"], "zh": []}}
    saved = api.put(f"/v1/products/{SKU}", wanted, if_match='"1"')
    assert saved.body["inserts_in"] == {"en": ["care card"], "zh": []}
    assert api.get(f"{PATH}/scans").body["inserts"] == ["памятка"]
    for version, (language, inserts) in enumerate({"en": ["care card"], "zh": []}.items(), 2):
        api.has(SaveSettings(replace(a.settings(), version=version, insert_language=language)))
        assert api.get(f"{PATH}/scans").body["inserts"] == inserts

    bad = wanted | {"inserts_in": {"en": ["care card", "write to shop@example.ru"]}}
    refused = api.put(f"/v1/products/{SKU}", bad, if_match='"2"')
    assert (refused.status, refused.fields) == (400, ["inserts_in/en/1"])
    assert api.put(f"/v1/products/{SKU}", wanted | {"inserts_in": {"fr": ["carte"]}}, if_match='"2"').status == 400
