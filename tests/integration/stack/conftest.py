"""One running stack of the test shop for all read-mostly tests, and a template copy for tests that change it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from shipby_local.stack import Stack
from tests.integration.stack.shop_help import SHOP, shop_settings


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The shared shop; its sweep runs every half second. It is started in surroundings it must neither use nor pass
    on.
    """
    folder = tmp_path_factory.mktemp("shop")
    stack = Stack(shop_settings(folder, sweep_interval=0.5, extra_environment={"GIVEN": "on purpose"}))
    with pytest.MonkeyPatch.context() as surroundings:
        surroundings.setenv("COMPANY_SECRET", "hunter2")
        surroundings.setenv("AWS_PROFILE", "production")
        surroundings.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        stack.start()
    try:
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def own_template(tmp_path: Path) -> Path:
    """A copy of the shop's template and code that a test may change."""
    shutil.copytree(SHOP, tmp_path / "own", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "own" / "template.yaml"
