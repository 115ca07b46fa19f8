"""What the webhook works with; the only place that reads its environment. Nothing heavy: this is a cold start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shipby.adapters.aws import clients
from shipby.adapters.aws_lambda.initial import OncePerProcess, before_the_first_event
from shipby.adapters.dynamodb.inbox import PushInbox
from shipby.application.intake.receive_push import TokenCache
from shipby.settings import OrderWebhookSettings


@dataclass(frozen=True, slots=True)
class Parts:
    inbox: PushInbox
    tokens: TokenCache
    may_send: Callable[[str], bool]
    """Whether pushes may come from an address."""
    service: str


@OncePerProcess
def parts() -> Parts:
    settings = OrderWebhookSettings()
    return Parts(
        inbox=PushInbox(table_name=settings.table_name),
        tokens=TokenCache({}),
        may_send=_only_from(settings.sender_networks) if settings.sender_networks else lambda _: True,
        service=settings.powertools_service_name,
    )


def _only_from(cidrs: str) -> Callable[[str], bool]:
    from ipaddress import ip_address, ip_network

    # 10.0.0.1/8 means 10.0.0.0/8: refusing it would refuse every push.
    networks = [ip_network(cidr.strip(), strict=False) for cidr in cidrs.split(",") if cidr.strip()]

    def may_send(address: str) -> bool:
        try:
            sender = ip_address(address)
        except ValueError:
            return False
        return any(sender in network for network in networks)

    return may_send


before_the_first_event(parts, clients.dynamodb)
