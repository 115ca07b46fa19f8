"""What each function needs from its environment: one model per function, read once, in its wiring.

A field is the environment variable of the same name in capitals; a field with a value here may be missing. No
dataclasses: the webhook loads this module, and making ten of them costs it 15 ms of cold start.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NoReturn


class SettingsError(Exception):
    """The environment lacks a variable or has one that makes no sense; the message names it."""


class Settings:
    """Reads the environment when it is made.

    Raises SettingsError with the names of all variables that are missing or are no whole number.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        found = os.environ if environment is None else environment
        values: dict[str, str | int] = {}
        problems: list[str] = []
        for field, kind in type(self).__annotations__.items():
            name = field.upper()
            text = found.get(name, "").strip()
            if not text:
                if not hasattr(type(self), field):
                    problems.append(f"{name} is missing")
            elif kind != "int":
                values[field] = text
            elif text.isdecimal():
                values[field] = int(text)
            else:
                problems.append(f"{name} must be a whole number")
        if problems:
            model = type(self).__name__
            raise SettingsError(f"{', '.join(problems)} (for {model}); infra/template.yaml sets what a function needs")
        self.__dict__.update(values)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"settings are read once; {name} cannot be changed")


class OrderWebhookSettings(Settings):
    table_name: str
    sender_networks: str = ""
    """Networks that may send pushes, as CIDR with commas between; empty = any (the token decides alone)."""
    powertools_service_name: str = "order-webhook"


class StreamRouterSettings(Settings):
    sync_queue_url: str
    label_queue_url: str
    intent_queue_url: str
    tracking_queue_url: str
    notify_queue_url: str
    copy_queue_url: str
    webhook_queue_url: str
    table_name: str
    event_bus_name: str
    label_delay_seconds: int = 60


class PostingSyncSettings(Settings):
    table_name: str
    sync_queue_url: str
    parameter_prefix: str
    ozon_base_url: str


class MarketplacePollSettings(Settings):
    table_name: str
    sync_queue_url: str
    parameter_prefix: str
    ozon_base_url: str
    poll_look_back_hours: int = 14 * 24


class DeadlineSweepSettings(Settings):
    table_name: str
    alarm_queue_url: str
    sweep_look_ahead_seconds: int = 60


class LabelGenerationSettings(Settings):
    table_name: str
    label_queue_url: str
    document_bucket: str
    parameter_prefix: str
    ozon_base_url: str
    label_delay_seconds: int = 60
    carriage_compare_seconds: int = 3600


class RefundsSettings(Settings):
    table_name: str
    intent_queue_url: str
    parameter_prefix: str
    ozon_base_url: str


class TrackingSettings(Settings):
    table_name: str
    tracking_queue_url: str
    parameter_prefix: str
    ozon_base_url: str
    tracking_service_url: str = "https://api.17track.net"


class NotificationsSettings(Settings):
    table_name: str
    notify_queue_url: str
    alarm_queue_url: str
    parameter_prefix: str
    ozon_base_url: str
    stage: str = ""


class WebhooksSettings(Settings):
    table_name: str
    webhook_queue_url: str
    webhook_parameters: str
    stage: str = ""


ON_THIS_MACHINE = "local"
"""The stage of the embedded stack; infra/template.yaml keeps the name for it."""
POSTING_SYNC_RATE = 5.0
LABEL_GENERATION_RATE = 4.0
REFUNDS_RATE = 3.0
TRACKING_RATE = 2.0
MARKETPLACE_POLL_RATE = 5.0
NOTIFICATIONS_RATE = 0.5
"""Requests a second to the marketplace from ONE process of each function. Multiplied by the MaximumConcurrency of its
queue (5, 2, 2, 2, 1, 2) they stay below the 50 that a Client-Id has over everything; a test holds them against the
template."""

READ_WITHIN = 8.0
"""Seconds that one read of the marketplace may take, with its repeats, in functions that have little time (PostingSync,
Notifications): a message with two reads then ends before its function does. A slower one comes again."""
