"""What a cold start loads: the webhook nothing heavy, and no function what only another one needs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

HEAVY = {
    "pydantic",
    "aws_lambda_powertools",
    "boto3",
    "urllib3",
    "requests",
    "apprise",
    "pikepdf",
    "pypdfium2",
    "zxingcpp",
    "asyncio",
    "ipaddress",
}
ALLOWED = {
    "order_webhook.handler": set[str](),
    "stream_router.handler": {"boto3", "aws_lambda_powertools", "urllib3", "asyncio", "ipaddress"},
    "posting_sync.handler": {"boto3", "aws_lambda_powertools", "urllib3", "asyncio", "ipaddress"},
    "marketplace_poll.handler": {"boto3", "aws_lambda_powertools", "urllib3", "asyncio", "ipaddress"},
    "deadline_sweep.handler": {"boto3", "aws_lambda_powertools", "urllib3", "asyncio", "ipaddress"},
    "deadline_sweep.worker": {"boto3", "aws_lambda_powertools", "urllib3", "asyncio", "ipaddress"},
    "label_generation.handler": {"boto3", "aws_lambda_powertools", "urllib3", "asyncio", "ipaddress"},
    "refunds.handler": {"boto3", "aws_lambda_powertools", "urllib3", "asyncio", "ipaddress"},
    "tracking.handler": {"boto3", "aws_lambda_powertools", "urllib3", "asyncio", "ipaddress"},
    "notifications.handler": {"boto3", "aws_lambda_powertools", "urllib3", "asyncio", "ipaddress"},
}


@pytest.mark.parametrize("module", ALLOWED)
def test_importing_a_handler_loads_nothing_that_it_does_not_need(module: str) -> None:
    code = f"import sys, functions.{module}; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]}
    )
    loaded = set(done.stdout.split()) & HEAVY
    assert loaded <= ALLOWED[module]


def test_importing_a_handler_needs_no_environment_and_says_what_is_missing_when_it_runs() -> None:
    code = "import functions.posting_sync.handler as f; f.parts()"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]}
    )
    assert done.returncode != 0
    assert "TABLE_NAME is missing, SYNC_QUEUE_URL is missing" in done.stderr
