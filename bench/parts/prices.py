"""What AWS asks for, in US dollars: us-east-1, on demand, as read in November 2026.

Other regions differ: eu-central-1 asks 10 to 25 percent more for most lines. AWS's own pages show their numbers by
script; where a number could not be read there, it was taken from the page that is named second.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_DYNAMODB = "aws.amazon.com/dynamodb/pricing/on-demand, airbyte.com (DynamoDB pricing, July 2025)"
_LAMBDA = "aws.amazon.com/lambda/pricing, cloudchipr.com/blog/aws-lambda-pricing"
_GATEWAY = "docs.aws.amazon.com/whitepapers: best practices for API Gateway, cost optimization"
_SQS = "aws.amazon.com/sqs/pricing, okulbida.com/posts/aws-sqs-cost-surprises-short-polling"
_EVENTS = "aws.amazon.com/eventbridge/pricing, cloudburn.io/blog/amazon-eventbridge-pricing (March 2026)"
_CLOUDWATCH = "aws.amazon.com/cloudwatch/pricing, factualminds.com/blog/amazon-cloudwatch-pricing (June 2026)"
_XRAY = "aws.amazon.com/xray/pricing"
_S3 = "aws.amazon.com/s3/pricing"

PRICES: Final[Mapping[str, tuple[float, str]]] = MappingProxyType(
    {
        "write units, million": (0.625, _DYNAMODB),
        "read units, million": (0.125, _DYNAMODB),
        "table, GB a month": (0.25, _DYNAMODB),
        "table's recovery, GB a month": (0.20, _DYNAMODB),
        "function calls, million": (0.20, _LAMBDA),
        "function time (arm64), GB s": (0.0000133334, _LAMBDA),
        "HTTP API calls, million": (1.00, _GATEWAY),
        "queue requests, million": (0.40, _SQS),
        "events on the bus, million": (1.00, _EVENTS),
        "schedule ticks, million": (1.00, _EVENTS),
        "log lines, GB": (0.50, _CLOUDWATCH),
        "metrics, each a month": (0.30, _CLOUDWATCH),
        "alarms, each metric a month": (0.10, _CLOUDWATCH),
        "dashboard": (3.00, _CLOUDWATCH),
        "traces, million": (5.00, _XRAY),
        "files written, thousand": (0.005, _S3),
        "files read, thousand": (0.0004, _S3),
        "files, GB a month": (0.023, _S3),
    }
)
"""Line of a bill -> (price, where it was read)."""

FREE: Final[Mapping[str, float]] = MappingProxyType(
    {
        "table, GB a month": 25,
        "function calls, million": 1,
        "function time (arm64), GB s": 400_000,
        "queue requests, million": 1,
        "schedule ticks, million": 14,
        "log lines, GB": 5,
        "metrics, each a month": 10,
        "alarms, each metric a month": 10,
        "dashboard": 3,
        "traces, million": 0.1,
    }
)
"""What every account has each month without an end of time, for all that runs in it together (the same pages)."""
