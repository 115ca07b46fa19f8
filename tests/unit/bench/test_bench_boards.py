"""The bench of the boards: what it holds, and that what they read does not grow with what is open."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from bench import boards
from bench.boards import Answer, Caller, Shop
from bench.parts import busy_seller
from shipby.adapters.aws import clients
from shipby.domain.postings.posting import BEFORE_HAND_OVER, Stage

ENVIRONMENT = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_DEFAULT_REGION",
    "AWS_EC2_METADATA_DISABLED",
    "POWERTOOLS_SERVICE_NAME",
)


@pytest.fixture
def caller(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ENVIRONMENT:
        monkeypatch.setenv(name, "")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    clients.dynamodb.cache_clear()
    yield Caller()
    clients.dynamodb.cache_clear()


def test_the_seller_has_late_ones_discounts_and_every_stage_before_hand_over() -> None:
    rows = list(busy_seller.rows_of(200))
    postings = [row for row in rows if row["SK"]["S"] == "POSTING"]
    stages = Counter(Stage(row["stage"]["S"]) for row in postings)
    assert (len(postings), frozenset(stages)) == (200, BEFORE_HAND_OVER)
    assert sum("late" in row for row in postings) == 10
    assert sum(row["SK"]["S"].startswith("OUTCOME#") for row in rows) == 900
    assert len({(row["PK"]["S"], row["SK"]["S"]) for row in rows}) == len(rows)


def test_answers_are_whole_and_their_requests_do_not_grow_with_what_is_open(caller: Caller) -> None:
    small, large = Shop(200), Shop(800)
    found = {path: [caller.get(shop, path) for shop in (small, large)] for path in boards.GATES}
    risk, due, picking = (json.loads(found[path][1].body) for path in boards.GATES)
    assert sum(at["postings"] for house in risk["warehouses"] for at in house["cut_offs"]) == 560
    assert (due["due"], len(due["items"]), due["totals"][0]["lost_today"]["amount"]) == (283, 50, "250.00")
    assert len(picking["posting_numbers"]) == 50
    for path, (few, many) in found.items():
        assert many.requests <= few.requests + 6, path
        assert many.requests <= 20, path


@pytest.mark.parametrize(
    ("before", "last", "good"), [(0.1, 0.2, True), (0.11, 0.201, False), (0.05, 0.101, False), (0.05, 0.1, True)]
)
def test_an_answer_keeps_its_gate_and_its_growth(before: float, last: float, good: bool) -> None:
    answers = [Answer(seconds, 1, 1.0, "") for seconds in (before, last)]
    assert boards.met("/v1/risk", *answers) is good


def test_the_first_answer_has_a_gate_and_no_bound_of_growth() -> None:
    assert boards.met(boards.FIRST, Answer(0.05, 1, 1.0, ""), Answer(0.2, 1, 1.0, "")) is True
    assert boards.met(boards.FIRST, Answer(0.19, 1, 1.0, ""), Answer(0.201, 1, 1.0, "")) is False


def test_a_page_of_rows_is_one_request_however_many_are_open() -> None:
    answer = Caller().get(Shop(400), boards.PAGE, stage="packed", limit="50")
    rows = json.loads(answer.body)["items"]
    assert (len(rows), answer.requests, answer.units <= boards.PAGE_UNITS) == (50, 1, True)
    assert all(row["goods"] and row["version"] and row["next"]["clock"] for row in rows)


@pytest.mark.parametrize(
    ("page", "bare", "kept"),
    [
        (Answer(0.003, 1, 4.0, ""), 0.001, True),
        (Answer(0.0031, 1, 4.0, ""), 0.001, False),
        (Answer(0.003, 1, 4.5, ""), 0.001, False),
        (Answer(0.061, 1, 4.0, ""), 1.0, False),
    ],
)
def test_a_page_is_held_to_time_units_and_a_bare_query(page: Answer, bare: float, *, kept: bool) -> None:
    assert boards.page_kept(page, bare) is kept
