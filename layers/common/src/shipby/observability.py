"""Logs and metrics of the workers: ids, codes and counts. Never a body, a model or a value of one.

Not for the webhook: importing Powertools costs it a tenth of a second.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Final

from aws_lambda_powertools import Logger

from shipby.adapters.aws.clock import utc_now

MEASURED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "alarm_lag_seconds": "Seconds",
        "alarms_set_aside": "Count",
        "failures": "None",
        "key_rejected": "Count",
        "methods_ending": "Count",
        "proof_red": "Count",
        "push_url_unhealthy": "Count",
        "rate_limited": "None",
    }
)
"""Metric -> unit. Each is read by an alarm of infra/operations.yaml (a test compares); every other count stays a field
of its log line, which costs nothing a month and is found by a query.

`failures` and `rate_limited` are 0 or 1 per message, so that their average is a share."""


@cache
def logger() -> Logger:
    """One JSON line per call; service and level come from POWERTOOLS_SERVICE_NAME and POWERTOOLS_LOG_LEVEL."""
    return Logger(utc=True)


def publish(counts: Mapping[str, int], shares: Mapping[str, Sequence[int]] | None = None) -> None:
    """Write counts as one line; those that are measured become metrics of the deployment (no dimensions).

    Zeros are left out. `shares` has a number per message and keeps its zeros. Source: CloudWatch, "Specification:
    Embedded metric format" (a dimension set may be empty, a value may be a list of up to 100 numbers).
    """
    values: dict[str, int | list[int]] = {name: count for name, count in counts.items() if count}
    values.update({name: list(numbers) for name, numbers in (shares or {}).items() if numbers})
    if not values:
        return
    line: dict[str, object] = {"service": os.environ.get("POWERTOOLS_SERVICE_NAME", ""), **values}
    metrics = [{"Name": name, "Unit": MEASURED[name]} for name in values if name in MEASURED]
    if metrics:
        namespace = os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "Shipby")
        told = [{"Namespace": namespace, "Dimensions": [[]], "Metrics": metrics}]
        line["_aws"] = {"Timestamp": int(utc_now().timestamp() * 1000), "CloudWatchMetrics": told}
    sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")
