"""For every test: no judging of the machine's speed; calls of AWS are checked before they are sent; tests that share a
running stack share a process."""

import pytest
from hypothesis import HealthCheck, settings

from shipby.adapters.aws import clients

settings.register_profile("shipby", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shipby")
clients.CHECK_REQUESTS = True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With `--dist loadgroup` each folder of tests of the embedded stack runs in one process, one after the other."""
    for item in items:
        if item.get_closest_marker("stack") is not None:
            item.add_marker(pytest.mark.xdist_group(item.path.parent.name))
