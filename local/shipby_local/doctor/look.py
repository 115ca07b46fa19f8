"""Reads of a deployment what the doctor judges: by the same calls on AWS and on the embedded stack. Writes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from shipby.application.proof.prove import REPORT
from shipby.domain.cases import watches
from shipby.domain.cases.watch import Watch
from shipby_local.deployment import Deployment
from shipby_local.doctor import verdicts
from shipby_local.doctor.verdicts import RUNS_WITHIN, Verdict
from shipby_local.stack.clock import SteppedClock
from shipby_local.stack.template import load

SCHEDULED = ("DeadlineSweep", "MarketplacePoll")
_GONE = frozenset({"ParameterNotFound"})


def examine(deployment: Deployment, template: Path) -> Iterator[Verdict]:
    """Every check, in the order in which trouble spreads. Raises NoDeploymentError if there is nothing to look at."""
    now = datetime.now(UTC)
    yield _template(deployment, template)
    yield _clock(deployment)
    for function in SCHEDULED:
        yield verdicts.of_schedule(function, _last_run(deployment, function, now), now)
    for output, url in sorted(deployment.outputs.items()):
        if output.endswith("QueueUrl"):
            name = output.removesuffix("Url")
            yield verdicts.of_queue(name, _count(deployment, url), _oldest(deployment, url, now))
    for output, url in sorted(deployment.outputs.items()):
        if output.endswith("DeadLettersUrl"):
            yield verdicts.of_dead_letters(output.removesuffix("Url"), _count(deployment, url))
    yield from verdicts.of_switch_offs(deployment.clock.now().date())
    for seller in deployment.store().sellers():
        yield from _seller(deployment, seller)


def _template(deployment: Deployment, template: Path) -> Verdict:
    outputs = set(deployment.outputs)  # first: it says so where there is no such stack
    stacks = deployment.client("cloudformation")
    [stack] = stacks.describe_stacks(StackName=deployment.name)["Stacks"]
    pages = stacks.get_paginator("list_stack_resources").paginate(StackName=deployment.name)
    there = {one["LogicalResourceId"] for page in pages for one in page["StackResourceSummaries"]}
    wanted, told = _declared(template, on_this_machine=deployment.endpoint is not None)
    lacking = {name for name, pattern in wanted.items() if not any(re.fullmatch(pattern, one) for one in there)}
    lacking |= {f"output {name}" for name in told - outputs}
    return verdicts.of_stack(stack["StackStatus"], lacking, {f"output {name}" for name in outputs - told})


def _declared(template: Path, *, on_this_machine: bool) -> tuple[dict[str, str], set[str]]:
    """Logical ids of this release's template, with the pattern that the deployed one has, and its outputs.

    SAM adds a hash to a layer's id. What the embedded stack goes without is not asked of it.
    """
    content = load(template)
    resources = {
        name: name + "([0-9a-f]{10})?" if resource["Type"] == "AWS::Serverless::LayerVersion" else name
        for name, resource in content["Resources"].items()
        if not (on_this_machine and resource.get("Condition") == "TlsOnly")
    }
    return resources, set(content["Outputs"])


def _clock(deployment: Deployment) -> Verdict:
    if isinstance(deployment.clock, SteppedClock):
        return Verdict("clock", "stepped", verdicts.State.WELL, f"stands at {deployment.clock.now():%d.%m.%Y %H:%M:%S}")
    answer = deployment.client("dynamodb").describe_table(TableName=deployment.outputs["TableName"])
    told = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    ours = datetime.now(UTC)
    theirs = parsedate_to_datetime(told) if told else None
    if theirs is not None and theirs.tzinfo is None:  # "-0000", as the emulator writes it: UTC (RFC 5322)
        theirs = theirs.replace(tzinfo=UTC)
    return verdicts.of_clock("this machine", ours, theirs)


def _last_run(deployment: Deployment, function: str, now: datetime) -> datetime | None:
    """When it last wrote into its log (Lambda itself writes at the begin and end of each run)."""
    found = deployment.client("cloudformation").describe_stack_resource(
        StackName=deployment.name, LogicalResourceId=f"{function}Logs"
    )
    pages = (
        deployment.client("logs")
        .get_paginator("filter_log_events")
        .paginate(
            logGroupName=found["StackResourceDetail"]["PhysicalResourceId"],
            startTime=int((now - 3 * RUNS_WITHIN).timestamp() * 1000),
        )
    )
    newest = max((one["timestamp"] for page in pages for one in page["events"]), default=None)
    return datetime.fromtimestamp(newest / 1000, UTC) if newest is not None else None


def _count(deployment: Deployment, url: str) -> int:
    attributes = deployment.client("sqs").get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
    )
    return int(attributes["Attributes"]["ApproximateNumberOfMessages"])


def _oldest(deployment: Deployment, url: str, now: datetime) -> timedelta | None:
    """SQS tells the age of its oldest message to CloudWatch alone, every minute while the queue is active."""
    if deployment.endpoint is not None:
        return None
    points = deployment.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SQS",
        MetricName="ApproximateAgeOfOldestMessage",
        Dimensions=[{"Name": "QueueName", "Value": url.rsplit("/", 1)[-1]}],
        StartTime=now - timedelta(minutes=15),
        EndTime=now,
        Period=60,
        Statistics=["Maximum"],
    )["Datapoints"]
    newest = max(points, key=lambda point: point["Timestamp"], default=None)
    return timedelta(seconds=newest["Maximum"]) if newest else timedelta(0)


def _seller(deployment: Deployment, seller: str) -> Iterator[Verdict]:
    store, now = deployment.store(), deployment.clock.now()
    yield _key(deployment, seller, store.watch(seller, watches.MARKETPLACE_KEY), now)
    pushes = store.watch(seller, watches.PUSH_HEALTH)
    yield verdicts.of_pushes(seller, pushes.state if pushes else "", watches.HEALTHY)
    days = (now.date(), now.date() - timedelta(days=1))
    report = next((found for day in days if (found := store.report(seller, REPORT, day))), None)
    yield verdicts.of_proof(seller, report, now)


def _key(deployment: Deployment, seller: str, watch: Watch | None, now: datetime) -> Verdict:
    told: Any = watch.data.get("expires_at") if watch else None
    try:
        # Without decryption: how old it is needs no right to read it.
        stored = deployment.client("ssm").get_parameter(Name=deployment.secret_name(seller, "ozon"))
        changed = stored["Parameter"]["LastModifiedDate"]
    except ClientError as error:
        if error.response["Error"]["Code"] not in _GONE:
            raise
        changed = None
    ends = datetime.fromisoformat(told) if told else None
    return verdicts.of_key(seller, watch.state if watch else "", ends, changed, now)
