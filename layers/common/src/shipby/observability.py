"""Logs and metrics of the workers, by Powertools: ids, codes and counts. Never a body, a model or a value of one.

Not for the webhook: importing Powertools costs it a tenth of a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit


@cache
def logger() -> Logger:
    """One JSON line per call; service and level come from POWERTOOLS_SERVICE_NAME and POWERTOOLS_LOG_LEVEL."""
    return Logger(utc=True)


@cache
def _metrics() -> Metrics:
    return Metrics()


def publish(counts: Mapping[str, int]) -> None:
    """Write counts as one embedded metric line (dimension: service)."""
    named = {name: count for name, count in counts.items() if count}
    if not named:
        return
    for name, count in named.items():
        _metrics().add_metric(name=name, unit=MetricUnit.Count, value=count)
    _metrics().flush_metrics()
