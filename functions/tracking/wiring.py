"""What the tracking worker works with; the only place that reads its environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipby.adapters.aws import clients
from shipby.adapters.aws_lambda.initial import OncePerProcess, before_the_first_event
from shipby.adapters.aws_lambda.worker import Parts, queue_worker
from shipby.settings import TRACKING_RATE, TrackingSettings

if TYPE_CHECKING:
    from shipby.application.ports.following.services import TrackingServices


@OncePerProcess
def services() -> TrackingServices:
    """Accounts at the tracking service; made at the first number or push, for most sellers have none."""
    from shipby.adapters.aws.parameters import SellerParameters
    from shipby.adapters.seventeentrack.accounts import SeventeenTrackAccounts

    settings = TrackingSettings()
    return SeventeenTrackAccounts(SellerParameters(settings.parameter_prefix), base_url=settings.tracking_service_url)


@OncePerProcess
def parts() -> Parts:
    settings = TrackingSettings()
    return queue_worker(settings, settings.tracking_queue_url, requests_per_second=TRACKING_RATE)


before_the_first_event(parts, clients.dynamodb)
