"""Every scene holds in the product as it is, and could fail: some seeded bug makes it."""

from __future__ import annotations

import pytest

from tests.simulation.bugs.mutations import MUTATIONS
from tests.simulation.scenes import doors, parcels, polling, races, router
from tests.simulation.scenes.stage import Scene

SCENES: tuple[Scene, ...] = (*races.SCENES, *router.SCENES, *polling.SCENES, *doors.SCENES, *parcels.SCENES)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_the_scene_holds(scene: Scene) -> None:
    scene()


def test_every_scene_is_made_to_fail_by_a_seeded_bug() -> None:
    failing = {mutation.scene for mutation in MUTATIONS if mutation.scene is not None}
    assert set(SCENES) == failing
