"""The benches' engine refuses what it does not know and judges what the store asks as DynamoDB does."""

import pytest

from bench.parts.expressions import holds, key_range, updated

ITEM = {"PK": {"S": "p"}, "version": {"N": "3"}, "synced_at": {"N": "100"}, "target": {"S": "a"}}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("attribute_not_exists(PK)", False),
        ("attribute_exists(PK)", True),
        ("version = :three", True),
        ("version = :two", False),
        ("version = :text", False),
        ("missing = :three", False),
        ("version = :three AND synced_at <= :two", False),
        ("version = :three AND synced_at >= :two", True),
        ("version = :two OR target = :a", True),
        ("(version = :two) AND (attribute_not_exists(PK) OR target = :a)", False),
        ("version = :two OR version = :three AND target = :a", True),
    ],
)
def test_a_condition_is_judged_on_the_stored_item(condition: str, expected: bool) -> None:
    values = {":two": {"N": "2"}, ":three": {"N": "3.0"}, ":text": {"S": "3"}, ":a": {"S": "a"}}
    assert holds(condition, ITEM, {}, values) is expected


def test_no_item_has_no_attributes() -> None:
    assert holds("attribute_not_exists(PK)", {}, {}, {})
    assert not holds("version = :v", {}, {}, {":v": {"N": "1"}})


@pytest.mark.parametrize(
    "condition", ["contains(a, :v)", "size(a) > :v", "a = :v AND", "(a = :v", "a BETWEEN :v AND :w"]
)
def test_an_unknown_condition_is_refused_instead_of_guessed(condition: str) -> None:
    with pytest.raises((NotImplementedError, IndexError)):
        holds(condition, {"a": {"N": "1"}}, {}, {":v": {"N": "1"}, ":w": {"N": "2"}})


@pytest.mark.parametrize(
    ("condition", "low", "high"),
    [
        ("#p = :p AND #s < :b", "", "b"),
        ("#p = :p AND #s <= :b", "", "b\0"),
        ("#p = :p AND #s BETWEEN :a AND :b", "a", "b\0"),
    ],
)
def test_a_key_condition_becomes_a_range_of_sort_keys(condition: str, low: str, high: str) -> None:
    found = key_range(condition, {":p": {"S": "part"}, ":a": {"S": "a"}, ":b": {"S": "b"}})
    assert (found.partition, found.low, found.high) == ("part", low, high)


def test_a_prefix_covers_everything_that_begins_with_it() -> None:
    found = key_range("#p = :p AND begins_with(#s, :a)", {":p": {"S": "part"}, ":a": {"S": "EVENT#"}})
    inside = [key for key in ("EVENS", "EVENT#", "EVENT#99999999#99", "EVENU") if found.low <= key < found.high]
    assert inside == ["EVENT#", "EVENT#99999999#99"]


def test_an_update_sets_attributes_by_their_names() -> None:
    changed = updated("SET version = :v, #s = :s", ITEM, {"#s": "AS"}, {":v": {"N": "4"}, ":s": {"S": "x"}})
    assert changed == {**ITEM, "version": {"N": "4"}, "AS": {"S": "x"}}
    changed = updated("SET version = :v REMOVE #s, gone", ITEM, {"#s": "target"}, {":v": {"N": "4"}})
    assert changed == {"PK": {"S": "p"}, "version": {"N": "4"}, "synced_at": {"N": "100"}}
    with pytest.raises(NotImplementedError):
        updated("ADD used :v", ITEM, {}, {":v": {"N": "1"}})
