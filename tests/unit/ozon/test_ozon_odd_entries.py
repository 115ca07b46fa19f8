"""One odd entry of any list takes no other with it: it is kept as far as it can be, or set aside and noted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipby.application.cases.odd_entries import noting
from shipby.domain.errors import MarketplaceUnavailableError, OutcomeUnknownError
from tests.unit.ozon.cases.odd_lists import LISTS, Entry, OddList, scripted

NAMES = [one.name for one in LISTS]
ODD: tuple[Any, ...] = (
    None,
    "",
    " ",
    0,
    -1,
    1.5,
    10**30,
    True,
    [],
    ["x"],
    [None],
    [[]],
    {},
    {"x": 1},
    "x" * 5000,
    "1 234,50",
    "1079.9965",
    "NaN",
    "1e999999999",
    "soon",
    "2026-05-01 10:00:00 +0000 UTC",
    "2026-13-45T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-03:00",
    "\ud83d",
    "UNKNOWN_VALUE",
)
"""What a field may hold that it should not, or should but rarely does."""


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of an entry, the entry itself included."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(path for key, item in inner for path in paths(item, (*at, key)))]


def spoilt(entry: Entry, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    place: Any = entry
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return entry


def good_of(listed: OddList) -> Entry:
    raw = {"fbs-11": 11, "/v1/good": ["/v1/good"], "https://good.example.test/***": "https://good.example.test/x"}
    if listed.name == "methods with carriages":
        return listed.of([{"id": 11, "status": "new"}])
    return listed.of(raw.get(listed.good) or (listed.good if isinstance(listed.good, int) else str(listed.good)))


@pytest.mark.parametrize("listed", LISTS, ids=NAMES)
def test_every_list_is_read_whole_where_nothing_is_odd(listed: OddList) -> None:
    with noting() as odd:
        found = listed.ids(scripted(listed.wrap([listed.of(listed.bad), good_of(listed)])))
    assert listed.good in found
    assert list(odd) == []


@pytest.mark.parametrize("bad_first", [True, False])
@pytest.mark.parametrize("listed", LISTS, ids=NAMES)
def test_an_entry_that_is_no_object_takes_nothing_with_it(listed: OddList, bad_first: bool) -> None:
    entries = ["no object", good_of(listed)]
    with noting() as odd:
        found = listed.ids(scripted(listed.wrap(entries if bad_first else entries[::-1])))
    assert listed.good in found
    assert [(entry.id, entry.problem, entry.kept) for entry in odd] == [("", "the entry is not an object", False)]


@pytest.mark.parametrize("listed", LISTS, ids=NAMES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_whatever_one_field_of_one_entry_holds_its_neighbour_survives(listed: OddList, data: st.DataObject) -> None:
    bad = listed.of(listed.bad)
    path = data.draw(st.sampled_from(paths(bad)))
    entry = spoilt(bad, path, data.draw(st.sampled_from(ODD) | st.text(max_size=5) | st.integers()))
    entries = data.draw(st.permutations([entry, good_of(listed)]))
    with noting() as odd:
        found = listed.ids(scripted(listed.wrap(list(entries))))
    assert listed.good in found
    # Nothing is left out in silence, and no note holds a value.
    assert all(entry.problem and entry.method.startswith("/v") for entry in odd)
    assert "x" * 101 not in str(odd)


ESSENTIAL: dict[str, list[tuple[tuple[Any, ...], Any]]] = {
    "postings": [(("status",), None), (("shipment_date",), "soon")],
    "unfulfilled": [(("status",), {}), (("tpl_integration_type",), [])],
    "returns": [(("available_actions",), "x"), (("created_at",), "soon")],
    "goods returns": [(("visual", "change_moment"), "soon"), (("visual", "status", "sys_name"), [])],
    "cancel requests": [(("auto_approve_date",), "soon"), (("cancellation_initiator",), {})],
    "chats": [(("chat", "chat_type"), {})],
    "chat messages": [(("created_at",), "soon"), (("data",), "x")],
    "accruals": [(("accruals", 0, "accrued", "amount"), None)],
    "accrual types": [(("id",), "x")],
    "index errors": [(("charge_price",), "free"), (("error_at",), None)],
    "days of the index": [(("date",), "yesterday")],
    "ratings": [],
    "roles": [(("methods",), "x")],
    "push addresses": [],
    "carriages": [(("status",), [])],
    "methods with carriages": [(("delivery_method_id",), {})],
    "postings of a carriage": [(("status",), {})],
    "cargo places": [(("status",), {})],
    "states of cargo places": [(("status",), {})],
    "cancel reasons": [(("id",), "x")],
    "label tasks": [(("task_id",), None)],
    "postings without a label": [(("message",), {})],
    "tracking results": [(("result",), "maybe")],
    "stocks": [(("present",), None), (("reserved",), -1), (("warehouse_id",), "x")],
    "results of stocks": [(("updated",), None), (("updated",), "maybe")],
    "warehouses": [],
}


def test_every_list_has_its_essentials_named() -> None:
    assert list(ESSENTIAL) == NAMES


@pytest.mark.parametrize(
    ("listed", "path", "value"),
    [(listed, path, value) for listed in LISTS for path, value in ESSENTIAL[listed.name]],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_an_entry_without_an_essential_field_is_set_aside_by_its_name(
    listed: OddList, path: tuple[Any, ...], value: Any
) -> None:
    bad = spoilt(listed.of(listed.bad), path, value)
    with noting() as odd:
        found = listed.ids(scripted(listed.wrap([bad, good_of(listed)])))
    assert listed.good in found
    (entry,) = odd
    assert not entry.kept
    assert str(path[-1]) in entry.problem
    if path[-1] not in listed.id_at and listed.name != "methods with carriages":
        assert str(listed.bad if not isinstance(listed.bad, list) else "") in entry.id


@pytest.mark.parametrize("name", ["postings", "returns", "goods returns", "cancel requests", "chats", "index errors"])
def test_a_page_whose_cursor_makes_no_sense_gives_what_is_on_it(name: str) -> None:
    listed = next(one for one in LISTS if one.name == name)
    answer = listed.wrap([good_of(listed)]) | {"has_next": "maybe", "last_id": "x"}
    with noting() as odd:
        assert listed.good in listed.ids(scripted(answer))
    assert name == "returns" or [(entry.id, entry.kept) for entry in odd] == [("", False)]


@pytest.mark.parametrize("listed", LISTS, ids=NAMES)
def test_a_list_that_is_none_is_unknown_and_never_empty(listed: OddList) -> None:
    answer = listed.wrap([])
    key = next(key for key, value in answer.items() if isinstance(value, list | dict))
    with pytest.raises((MarketplaceUnavailableError, OutcomeUnknownError)):
        listed.ids(scripted(answer | {key: "none"}))
