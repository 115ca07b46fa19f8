"""Fixtures: an owner's key at an empty store in memory."""

from __future__ import annotations

import pytest

from tests.functions.seller_api.api_support import Caller, new_caller


@pytest.fixture
def api() -> Caller:
    return new_caller()
