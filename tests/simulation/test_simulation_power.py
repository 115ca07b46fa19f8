"""A harness that finds nothing proves nothing: each seeded bug has to be caught within a few seeds."""

import pytest

from tests.simulation.bugs.mutations import MUTATIONS, Mutation
from tests.simulation.bugs.power import hunt


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_every_seeded_bug_is_caught(mutation: Mutation) -> None:
    caught = hunt(mutation)
    assert caught.invariant, f"{mutation.name} ({mutation.bug}) was not caught in {caught.seeds} seeds"


def test_there_are_at_least_twelve_seeded_bugs() -> None:
    assert len({mutation.name for mutation in MUTATIONS}) >= 12
