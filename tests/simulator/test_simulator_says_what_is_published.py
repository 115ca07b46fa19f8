"""The simulator never knows better than the marketplace: published codes and values, and what it invents is listed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from shipby.adapters.ozon import methods
from shipby_local import simulator as package
from shipby_local.simulator import Simulator, words
from shipby_local.simulator.api.registry import METHODS
from shipby_local.simulator.errors import INVENTED, PUBLISHED
from tests.simulator.sim_support import Caller, eventually

HOME = Path(package.__file__).parent
PRODUCT = Path(methods.__file__).parents[2]
_MAKERS = {"invalid", "not_found", "forbidden", "ApiError"}
_CODE = re.compile(r"([A-Z][A-Za-z]*(?:_[A-Za-z]+)+)(:.*)?")


def codes(tree: ast.AST, constants: dict[str, str]) -> Iterator[str]:
    """Codes within calls that make an error."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in _MAKERS:
            for argument in node.args:
                for part in ast.walk(argument):
                    text = part.value if isinstance(part, ast.Constant) else constants.get(getattr(part, "id", ""), "")
                    if isinstance(text, str) and (match := _CODE.match(text)):
                        yield match[1]


def raised() -> set[str]:
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in HOME.rglob("*.py")}
    constants = {
        target.id: node.value.value
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign)
        and isinstance(target := node.target, ast.Name)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }
    return {code for tree in trees.values() for code in codes(tree, constants)}


def test_every_code_that_is_raised_is_published_or_listed_as_invented() -> None:
    found = raised()
    assert {"POSTING_NOT_FOUND", "CARRIAGE_IS_NOT_NEW", "Incorrect_carriage_status"} <= found
    assert found - (PUBLISHED | INVENTED) == set()
    assert not PUBLISHED & INVENTED


def test_every_listed_code_is_said_somewhere() -> None:
    said = "".join(path.read_text(encoding="utf-8") for path in HOME.rglob("*.py") if path.name != "errors.py")
    assert [code for code in PUBLISHED | INVENTED if code not in said] == []


def test_the_product_matches_on_no_invented_code() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in PRODUCT.rglob("*.py"))
    assert [code for code in INVENTED if code in source] == []


def test_the_simulator_answers_every_path_that_the_client_calls() -> None:
    named = {one.path for one in vars(methods).values() if isinstance(one, methods.Method)}
    assert named ^ {one.path for one in methods.METHODS} == set()
    assert named - set(METHODS) == set()


@pytest.mark.parametrize("fails", [False, True])
def test_the_substatus_before_is_one_of_the_documented_ones(simulator: Simulator, call: Caller, fails: bool) -> None:
    number = simulator.add_posting(call.seller.client_id)
    if fails:
        call.control("faults", {"kind": "ship_fails", "posting_number": number, "times": 1})
        call.ship(number)
        eventually(lambda: call.posting(number)["substatus"] == "ship_failed")
    call.ship(number)
    call.wait_for(number, "awaiting_deliver")
    before = call.posting(number)["previous_substatus"]
    assert before in words.PREVIOUS_SUBSTATUSES | {""}
    assert before != "ship_failed"


def test_a_method_without_an_answer_answers_with_an_empty_object(simulator: Simulator, call: Caller) -> None:
    number = simulator.add_posting(call.seller.client_id, scheme="rFBS", integration="non_integrated")
    call.ship(number)
    call.wait_for(number, "awaiting_deliver")
    call.control(f"postings/{number}", {"act": "buyer_cancel"})
    listed = call("/v2/conditional-cancellation/list", {"limit": 5})["result"]
    assert call("/v2/conditional-cancellation/approve", {"cancellation_id": listed[0]["cancellation_id"]}) == {}
