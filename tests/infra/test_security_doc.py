"""docs/security.md says of each threat what covers it: a test that exists, or that nothing does."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.infra.sam_template import template

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "security.md"
STRIDE = (
    "Spoofing",
    "Tampering",
    "Repudiation",
    "Information disclosure",
    "Denial of service",
    "Elevation of privilege",
)
_NAMED = re.compile(r"`(tests/[\w/.]+\.py)::(\w+)`")
_XML_OR_PICKLE = re.compile(r"^\s*(?:import|from)\s+(xml|lxml|defusedxml|pickle|cPickle|marshal|shelve|dill)\b", re.M)
_OUR_OWN_BUILD = {"layers/common/src/shipby/kept_methods.py"}
"""Reads compiled methods that the build has put into the same read-only layer."""


def _chapters() -> Iterator[tuple[str, list[list[str]]]]:
    """(heading, rows of its table) of every chapter whose table has a last column `test`."""
    for chapter in re.split(r"^##+ ", DOCUMENT.read_text("utf-8"), flags=re.M)[1:]:
        heading, _, body = chapter.partition("\n")
        lines = [line for line in body.splitlines() if line.startswith("|")]
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
        if rows and rows[0][-1] == "test":
            yield heading, rows[2:]


def _tests_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def missing_tests(rows: list[list[str]]) -> list[str]:
    """What is wrong with the last column: a row without a test, or a test that there is not."""
    wrong = []
    for row in rows:
        named = _NAMED.findall(row[-1])
        if not named:
            wrong.append(f"{row[0]}: no test is named")
        for path, name in named:
            if not (ROOT / path).is_file() or name not in _tests_of(ROOT / path):
                wrong.append(f"{row[0]}: there is no {path}::{name}")
    return wrong


def test_each_row_of_the_threat_model_names_tests_that_exist() -> None:
    assert [wrong for _, rows in _chapters() for wrong in missing_tests(rows)] == []


def test_a_row_without_a_test_and_a_test_that_is_gone_are_found() -> None:
    rows = [["a", "b", "to do"], ["c", "d", "`tests/infra/test_security_doc.py::test_that_is_gone`"]]
    assert missing_tests(rows) == [
        "a: no test is named",
        "c: there is no tests/infra/test_security_doc.py::test_that_is_gone",
    ]


def test_every_flow_is_asked_every_letter_of_stride() -> None:
    flows = {heading: rows for heading, rows in _chapters() if rows[0][0] == "Spoofing"}
    assert len(flows) == 10
    assert {heading: tuple(row[0] for row in rows) for heading, rows in flows.items()} == dict.fromkeys(flows, STRIDE)


def test_both_lists_of_owasp_are_whole() -> None:
    risks = [row[0] for _, rows in _chapters() for row in rows]
    for number in range(1, 11):
        assert len([risk for risk in risks if risk.startswith(f"API{number}:2023 ")]) == 1
        assert len([risk for risk in risks if risk.startswith(f"S{number}:2017 ")]) == 1


def test_nothing_that_ships_parses_xml_or_unpickles() -> None:
    found = {
        str(path.relative_to(ROOT))
        for folder in ("layers/common/src", "functions")
        for path in (ROOT / folder).rglob("*.py")
        if _XML_OR_PICKLE.search(path.read_text("utf-8"))
    }
    assert found == _OUR_OWN_BUILD


def test_the_marketplaces_address_is_https_except_on_this_machine() -> None:
    pattern = re.compile(template()["Parameters"]["OzonBaseUrl"]["AllowedPattern"])
    assert pattern.search("https://api-seller.ozon.ru")
    assert pattern.search("http://127.0.0.1:8123")
    for other in ("http://api-seller.ozon.ru", "http://10.0.0.1:80", "https://u:p@api-seller.ozon.ru", "file:///etc"):
        assert not pattern.search(other), other
