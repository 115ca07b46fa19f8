"""What keeping webhooks takes; loaded when somebody asks for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from shipby.adapters.dynamodb.webhooks.rows import WebhookTable
from shipby.adapters.webhooks.addresses import refused_by_its_text
from shipby.adapters.webhooks.secrets import SsmSecretKeeper
from shipby.application.ports.webhooks.out import KeepsSecrets, WebhookRows


@dataclass(frozen=True, slots=True)
class WebhookDoor:
    """`refused` says of an address why it is never called."""

    rows: WebhookRows
    secrets: KeepsSecrets
    refused: Callable[[str], str]


def open_door(table_name: str, parameter_prefix: str, *, on_this_machine: bool) -> WebhookDoor:
    return WebhookDoor(
        rows=WebhookTable(table_name=table_name),
        secrets=SsmSecretKeeper(parameter_prefix),
        refused=partial(refused_by_its_text, on_this_machine=on_this_machine),
    )
