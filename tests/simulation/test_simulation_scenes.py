"""Every scene holds in the product as it is, and could fail: some seeded bug makes it."""

from __future__ import annotations

import pytest

from tests.simulation.bugs.mutations import MUTATIONS
from tests.simulation.scenes import changes, doors, parcels, polling, races, router, stock
from tests.simulation.scenes.stage import Scene

PARTS = (races, router, polling, doors, stock, changes, parcels)
SCENES: tuple[Scene, ...] = tuple(scene for part in PARTS for scene in part.SCENES)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_the_scene_holds(scene: Scene) -> None:
    scene()


def test_every_scene_is_made_to_fail_by_a_seeded_bug() -> None:
    failing = {mutation.scene for mutation in MUTATIONS if mutation.scene is not None}
    assert set(SCENES) == failing
