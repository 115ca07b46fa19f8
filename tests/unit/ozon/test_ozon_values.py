"""Single values of the marketplace's answers as they may come: truth values, numbers, times."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shipby.adapters.ozon.reading.answers import Node
from shipby.domain.errors import UnreadableAnswerError


def utc(month: int, day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, second, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "told"),
    [(True, True), ("True", True), ("true", True), (1, True), ("1", True), (0, False), ("", False), (None, False)],
)
def test_a_truth_value_may_come_as_text_or_number(value: object, told: bool) -> None:
    assert Node({"flag": value}, "x").flag("flag") is told


@pytest.mark.parametrize("value", [2, "yes", 1.0, [], {}])
def test_what_is_neither_true_nor_false_is_not_guessed(value: object) -> None:
    with pytest.raises(UnreadableAnswerError, match=r"x\.flag is not true or false"):
        Node({"flag": value}, "x").flag("flag")


def test_a_number_that_no_table_takes_is_not_read() -> None:
    for value in (10**19, -(10**400), str(10**30)):
        with pytest.raises(UnreadableAnswerError, match=r"x\.pieces is not a whole number"):
            Node({"pieces": value}, "x").integer("pieces")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026-03-02t09:00:00z", datetime(2026, 3, 2, 9, tzinfo=UTC)),
        (" 2026-03-02T09:00:00Z\n", datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ("2026-03-02T23:59:60Z", datetime(2026, 3, 2, 23, 59, 59, tzinfo=UTC)),
        ("2026-03-02T23:59:60.5+03:00", datetime(2026, 3, 2, 20, 59, 59, 500000, tzinfo=UTC)),
    ],
)
def test_a_time_as_rfc_3339_allows_it(text: str, wanted: datetime) -> None:
    assert Node({"at": text}, "x").moment("at") == wanted
