"""The environment of each function: complete, named when it is not, and as the template gives it."""

from __future__ import annotations

import inspect

import pytest

from shipby import settings
from shipby.adapters.ozon.assumptions import REQUESTS_PER_SECOND
from shipby.settings import DeadlineSweepSettings, PostingSyncSettings, Settings, SettingsError
from tests.infra.sam_template import functions

FULL = {
    "TABLE_NAME": "t",
    "SYNC_QUEUE_URL": "https://q",
    "PARAMETER_PREFIX": "/shipby/prod",
    "OZON_BASE_URL": "https://api-seller.ozon.ru",
}
MODELS = {
    name.removesuffix("Settings"): model
    for name, model in inspect.getmembers(settings, inspect.isclass)
    if issubclass(model, Settings) and model is not Settings
}
RATES = {
    "PostingSync": settings.POSTING_SYNC_RATE,
    "LabelGeneration": settings.LABEL_GENERATION_RATE,
    "Refunds": settings.REFUNDS_RATE,
    "Tracking": settings.TRACKING_RATE,
    "Notifications": settings.NOTIFICATIONS_RATE,
    "MarketplacePoll": settings.MARKETPLACE_POLL_RATE,
}


def test_settings_are_read_from_variables_of_the_same_name() -> None:
    assert PostingSyncSettings(FULL).parameter_prefix == "/shipby/prod"


def test_all_missing_variables_are_named_at_once() -> None:
    with pytest.raises(SettingsError, match="SYNC_QUEUE_URL is missing, OZON_BASE_URL is missing"):
        PostingSyncSettings({"TABLE_NAME": "t", "PARAMETER_PREFIX": "/p", "OZON_BASE_URL": "  "})


def test_a_number_that_is_none_is_named() -> None:
    environment = {"TABLE_NAME": "t", "ALARM_QUEUE_URL": "https://q", "SWEEP_LOOK_AHEAD_SECONDS": "soon"}
    with pytest.raises(SettingsError, match="SWEEP_LOOK_AHEAD_SECONDS must be a whole number"):
        DeadlineSweepSettings(environment)


def test_what_may_be_missing_has_a_default() -> None:
    assert DeadlineSweepSettings({"TABLE_NAME": "t", "ALARM_QUEUE_URL": "https://q"}).sweep_look_ahead_seconds == 60


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        PostingSyncSettings(FULL).table_name = "other"


@pytest.mark.parametrize("name", MODELS)
def test_the_template_gives_each_function_what_it_needs(name: str) -> None:
    model = MODELS[name]
    needed = {field.upper() for field in model.__annotations__ if not hasattr(model, field)}
    assert needed <= set(functions()[name]["Environment"]["Variables"])


def test_all_processes_together_stay_below_the_marketplaces_limit() -> None:
    total = 0.0
    for name, rate in RATES.items():
        sources = functions()[name]["Events"].values()
        concurrency = [
            source["Properties"]["ScalingConfig"]["MaximumConcurrency"] for source in sources if source["Type"] == "SQS"
        ]
        total += rate * (sum(concurrency) or 1)
    assert total <= REQUESTS_PER_SECOND
