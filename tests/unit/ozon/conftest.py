from __future__ import annotations

from collections.abc import Iterator

import pytest

from shipby.adapters.ozon import OzonClient
from tests.unit.ozon.stub_marketplace import StubMarketplace, client_of


@pytest.fixture
def marketplace() -> Iterator[StubMarketplace]:
    stub = StubMarketplace()
    yield stub
    stub.close()


@pytest.fixture
def client(marketplace: StubMarketplace) -> OzonClient:
    return client_of(marketplace.base_url)
