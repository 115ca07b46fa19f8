"""What does not fit of an order: each cause by its own code, with its severity, its source and what to do."""

from itertools import permutations
from typing import Any

import pytest

from shipby.domain.packing.cards import Exemplar, ExemplarSheet, ProductCard
from shipby.domain.postings.posting import NO_ADDRESS
from shipby.domain.sellers.check_rules import Check, CheckRule, Severity
from shipby.domain.validation.limits import DropOffLimits, limits_json, limits_of
from shipby.domain.validation.mismatch import MOST_TOLD, as_json
from shipby.domain.validation.validate import Known, validate
from tests.support import builders as a

SKU = "149123456"


def card(sku: str = SKU, **changes: Any) -> ProductCard:
    return ProductCard(seller=a.SELLER, sku=sku, version=1, **changes)


def rule(check: Check, **changes: Any) -> CheckRule:
    return CheckRule(**{"name": "r", "check": check, "severity": Severity.BLOCKING, **changes})


def found(*rules: CheckRule, cards: Any = (), limits: DropOffLimits | None = None, **facts: Any) -> list[str]:
    detail = a.detail(**{"requirements": {}, **facts})
    known = Known(cards={each.sku: each for each in cards}, limits=limits)
    return [each.code for each in validate(detail, rules, known).found]


ROOMY = DropOffLimits(most_grams=40_000, sides_cm=(50, 50, 50), most_roubles=500_000)
CUP = card(weight_g=400, sides_mm=(120, 90, 90), offer_id="TEA-CUP-02")
HEAVY = card(weight_g=20_001, sides_mm=(1, 1, 1))
CAUSES: list[tuple[CheckRule, dict[str, Any], list[str]]] = [
    (rule(Check.CARD), {}, ["unknown_product"]),
    (rule(Check.CARD), {"cards": [CUP]}, []),
    (rule(Check.CARD, skus=("other",)), {}, []),
    (rule(Check.VARIANT), {"cards": [card(offer_id="TEA-CUP-03")]}, ["wrong_variant"]),
    (rule(Check.VARIANT), {"cards": [CUP]}, []),
    (rule(Check.VARIANT), {"cards": [card()]}, []),
    (rule(Check.QUANTITY, most=1), {}, ["odd_quantity"]),
    (rule(Check.QUANTITY, least=3), {}, ["odd_quantity"]),
    (rule(Check.QUANTITY, least=2, most=2), {}, []),
    (rule(Check.QUANTITY, most=3), {"lines": (a.line(), a.line())}, ["odd_quantity"]),
    (rule(Check.PIECES, most=3), {"lines": (a.line(), a.line(sku="2"))}, ["odd_quantity"]),
    (rule(Check.QUANTITY, most=3), {"lines": (a.line(), a.line(sku="2"))}, []),
    (rule(Check.PRICE, most=12_499, currency="RUB"), {}, ["odd_price"]),
    (rule(Check.PRICE, least=12_501, currency="RUB"), {}, ["odd_price"]),
    (rule(Check.PRICE, least=12_500, most=12_500, currency="RUB"), {}, []),
    (rule(Check.PRICE, most=1, currency="CNY"), {}, []),
    (rule(Check.PRICE, most=1, currency="RUB"), {"lines": (a.line(price=None),)}, ["price_unknown"]),
    (rule(Check.WEIGHT, most=799), {"cards": [CUP]}, ["too_heavy"]),
    (rule(Check.WEIGHT, most=800), {"cards": [CUP]}, []),
    (rule(Check.WEIGHT, least=801), {"cards": [CUP]}, ["too_light"]),
    (rule(Check.WEIGHT, least=801), {"cards": [card()]}, ["weight_unknown"]),
    (rule(Check.SIDE, most=119), {"cards": [CUP]}, ["wrong_size"]),
    (rule(Check.SIDE, most=120), {"cards": [CUP]}, []),
    (rule(Check.SIDE, most=120), {"cards": [card()]}, ["size_unknown"]),
    (rule(Check.DROP_OFF), {"cards": [CUP], "limits": ROOMY}, []),
    (rule(Check.DROP_OFF), {"cards": [CUP]}, []),
    (
        rule(Check.DROP_OFF),
        {"cards": [card(weight_g=20_001, sides_mm=(1, 1, 1))], "limits": ROOMY},
        ["over_drop_off_weight"],
    ),
    (rule(Check.DROP_OFF), {"cards": [card(weight_g=20_000, sides_mm=(1, 1, 1))], "limits": ROOMY}, []),
    (
        rule(Check.DROP_OFF),
        {"cards": [CUP], "limits": DropOffLimits(least_grams=801)},
        ["under_drop_off_weight"],
    ),
    (
        rule(Check.DROP_OFF),
        {"cards": [card(weight_g=1, sides_mm=(501, 1, 1))], "limits": ROOMY},
        ["over_drop_off_size"],
    ),
    (rule(Check.DROP_OFF), {"cards": [card(weight_g=1, sides_mm=(500, 1, 1))], "limits": ROOMY}, []),
    (rule(Check.DROP_OFF), {"cards": [CUP], "limits": DropOffLimits(most_roubles=249)}, ["over_drop_off_price"]),
    (rule(Check.DROP_OFF), {"cards": [CUP], "limits": DropOffLimits(least_roubles=251)}, ["under_drop_off_price"]),
    (rule(Check.DROP_OFF), {"cards": [CUP], "limits": DropOffLimits(most_roubles=250)}, []),
    (rule(Check.ADDRESS), {"address": NO_ADDRESS}, ["address_missing"]),
    (rule(Check.ADDRESS), {"address": ""}, []),
    (rule(Check.ADDRESS), {"address": "1a2b"}, []),
    (rule(Check.POSSIBLE_MARK), {"optional_marks": (SKU,)}, ["mark_possible"]),
    (rule(Check.POSSIBLE_MARK), {}, []),
]


@pytest.mark.parametrize(("checked", "world", "codes"), CAUSES)
def test_every_cause_is_named_by_its_own_code_and_what_fits_is_not_named(
    checked: CheckRule, world: dict[str, Any], codes: list[str]
) -> None:
    assert found(checked, **world) == codes


@pytest.mark.parametrize("sides", list(permutations((600, 300, 100))))
def test_a_parcel_may_be_turned_and_each_of_the_goods_has_to_fit(sides: tuple[int, ...]) -> None:
    box = card(weight_g=1, sides_mm=sides)
    assert found(rule(Check.DROP_OFF), cards=[box], limits=DropOffLimits(sides_cm=(10, 60, 30))) == []
    assert found(rule(Check.DROP_OFF), cards=[box], limits=DropOffLimits(sides_cm=(29, 60, 60))) == []
    assert found(rule(Check.DROP_OFF), cards=[box], limits=DropOffLimits(sides_cm=(29, 60, 29))) == [
        "over_drop_off_size"
    ]


def test_a_rule_of_one_warehouse_leaves_the_others_alone() -> None:
    heavy = rule(Check.QUANTITY, most=1, warehouses=("21321684811000",))
    assert found(heavy) == ["odd_quantity"]
    assert found(heavy, warehouse_id="other") == []


def test_a_rule_on_trial_and_one_that_cannot_be_held_against_the_goods_stop_nothing() -> None:
    detail = a.detail(requirements={})
    trial = validate(detail, (rule(Check.QUANTITY, most=1, severity=Severity.SHADOW),), Known())
    assert ([each.code for each in trial.found], trial.stops, trial.can_ship) == (["odd_quantity"], (), True)
    unknown = validate(detail, (rule(Check.WEIGHT, most=1),), Known(cards={SKU: card()}))
    assert [(each.code, each.severity) for each in unknown.found] == [("weight_unknown", Severity.WARNING)]
    assert unknown.stops == ()


@pytest.mark.parametrize(
    ("duty", "code", "severity"),
    [
        ("mandatory_mark", "mark_needed", Severity.AT_BENCH),
        ("imei", "imei_needed", Severity.AT_BENCH),
        ("jw_uin", "uin_needed", Severity.AT_BENCH),
        ("weight", "weight_needed", Severity.AT_BENCH),
        ("gtd", "gtd_needed", Severity.BLOCKING),
        ("rnpt", "rnpt_needed", Severity.BLOCKING),
        ("country", "country_needed", Severity.BLOCKING),
        ("change_country", "country_needed", Severity.BLOCKING),
        ("something_of_next_year", "exemplars_needed", Severity.BLOCKING),
    ],
)
def test_what_the_marketplace_wants_waits_for_the_bench_or_stops_the_work(
    duty: str, code: str, severity: Severity
) -> None:
    detail = a.detail(requirements={duty: (SKU,)})
    [mismatch] = validate(detail, (), Known()).found
    assert (mismatch.code, mismatch.severity, mismatch.source) == (code, severity, "marketplace")
    assert (mismatch.sku, mismatch.pieces) == (SKU, (1, 2))
    assert mismatch.todo
    assert validate(detail, (), Known(assembled=True)).found == ()


def test_pieces_that_are_entered_are_left_out() -> None:
    detail = a.detail(requirements={"gtd": (SKU,)})
    one = ExemplarSheet(seller=a.SELLER, posting_number=a.NUMBER, version=1, pieces={SKU: (Exemplar(gtd_absent=True),)})
    [mismatch] = validate(detail, (), Known(sheet=one)).found
    assert mismatch.pieces == (2,)


def test_a_verdict_has_one_mark_whatever_the_order_of_rules_and_another_one_for_another_figure() -> None:
    rules = (
        rule(Check.QUANTITY, name="a", most=1),
        rule(Check.CARD, name="b", severity=Severity.WARNING),
        rule(Check.PRICE, name="c", most=1, currency="RUB"),
    )
    verdicts = [validate(a.detail(), each, Known()) for each in permutations(rules)]
    assert len({verdict.mark for verdict in verdicts}) == 1
    assert [each.severity for each in verdicts[0].found] == sorted(
        (each.severity for each in verdicts[0].found), key=[*Severity][::-1].index
    )
    more = validate(a.detail(lines=(a.line(quantity=3),)), rules, Known())
    assert more.mark != verdicts[0].mark
    assert validate(a.detail(requirements={}), (), Known()).mark == ""


def test_an_order_of_very_many_lines_is_told_in_part_and_counted_whole() -> None:
    lines = tuple(a.line(sku=str(n)) for n in range(MOST_TOLD + 5))
    verdict = validate(a.detail(requirements={}, lines=lines), (rule(Check.CARD),), Known())
    assert (len(verdict.found), len(as_json(verdict.found))) == (MOST_TOLD + 5, MOST_TOLD)
    assert verdict.stops == ("unknown_product",)


def test_limits_are_read_back_as_they_were_kept_and_nonsense_is_no_limit() -> None:
    assert limits_of(limits_json(ROOMY)) == ROOMY
    for nonsense in ({}, {"grams": [1, 2]}, {"grams": 1, "roubles": [1, 2], "cm": []}, {"grams": ["x", 2]}):
        assert limits_of(nonsense) is None  # type: ignore[arg-type]  # whatever a row holds
