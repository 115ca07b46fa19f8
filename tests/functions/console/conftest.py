"""Fixtures: a browser of a shop in memory, in which nobody is signed in yet."""

from __future__ import annotations

import pytest

from tests.functions.console.console_support import Browser, new_browser


@pytest.fixture
def browser() -> Browser:
    return new_browser()
