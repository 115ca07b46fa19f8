from collections.abc import Iterator
from pathlib import Path

import pytest

from shipby.adapters.sqlite.database import Database
from tests.support import builders as a


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "shipby.db", flush=False)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> a.FixedClock:
    return a.FixedClock()
