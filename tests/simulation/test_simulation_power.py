"""A harness that finds nothing proves nothing: each seeded bug has to be caught within a few seeds."""

import re

import pytest

from shipby.application.shared.retry import decide_anew
from tests.simulation.bugs.edits import edit
from tests.simulation.bugs.mutations import MUTATIONS, Mutation
from tests.simulation.bugs.power import BEGIN, DOCS, END, hunt


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_every_seeded_bug_is_caught(mutation: Mutation) -> None:
    # The seed that the table tells comes first: most of the others only take their time.
    caught = hunt(mutation, first=_told_seed(mutation.name))
    assert caught.invariant, f"{mutation.name} ({mutation.bug}) was not caught in {caught.seeds} seeds"


def _table() -> list[list[str]]:
    table = DOCS.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    return [line.split(" | ") for line in table.splitlines() if line.startswith("| ")][1:]


def _told_seed(name: str) -> int:
    took = next((row[4] for row in _table() if row[1] == f"`{name}`"), "")
    found = re.match(r"(\d+) seed", took)
    return int(found[1]) if found else 1


def test_there_are_bugs_over_the_whole_system_each_once() -> None:
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS) >= 100
    areas = {mutation.area for mutation in MUTATIONS}
    assert areas >= {"poll", "repair", "router", "batches", "alarms", "labels", "tokens", "caps", "roles", "races"}


def test_the_table_in_the_docs_names_every_bug_and_what_caught_it() -> None:
    """`python -m tests.simulation --power --write` writes it."""
    rows = _table()
    told = {(row[0].removeprefix("| "), row[1].strip("`"), row[2]) for row in rows}
    assert told == {(one.area, one.name, one.bug) for one in MUTATIONS}
    assert all(row[3] and row[3] != "**nothing**" for row in rows)


def test_a_seeded_bug_whose_place_is_gone_is_told() -> None:
    """Otherwise it would be an edit of nothing, and caught by nothing."""
    with pytest.raises(ValueError, match="must follow the product"):
        edit("shipby.application.shared.retry:decide_anew", "no such text", "x")()


def test_an_edit_is_taken_back() -> None:
    with edit(
        "shipby.application.shared.retry:decide_anew",
        "return decide_and_commit()\n        except",
        "return 7\n        except",
    )():
        assert decide_anew(lambda: 1) == 7
    assert decide_anew(lambda: 1) == 1
