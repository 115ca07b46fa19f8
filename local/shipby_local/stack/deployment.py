"""Brings the template into the emulator through CloudFormation, once per change of template, code or parameters."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from shipby_local.stack import sam, template
from shipby_local.stack.emulation.iam_actions import widen
from shipby_local.stack.errors import TemplateError
from shipby_local.stack.patience import patient, stepped_workers
from shipby_local.stack.settings import Progress

CODE_BUCKET = "shipby-local-code"
_FINGERPRINT_TAG = "shipby-fingerprint"
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
_GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
_TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Deployed:
    """The stack as it stands. `existed`: it was there before, so this start is a restart on existing data."""

    resources: Mapping[str, str]
    outputs: Mapping[str, str]
    existed: bool
    changed: bool


class Deployment:
    """Deploys one template. `clients` hands out boto3 clients with administrator credentials.

    `replaced`: files of the layer, by their path in its archive, that others stand in for on this machine.
    """

    def __init__(
        self,
        clients: Any,
        stack_name: str,
        endpoint: str,
        progress: Progress,
        *,
        stepped: bool = False,
    ) -> None:
        self._cloudformation = clients.client("cloudformation")
        self._objects = clients.client("s3")
        self._stack_name = stack_name
        self._endpoint = endpoint
        self._progress = progress
        self._stepped = stepped

    def deploy(self, path: Path, parameters: Mapping[str, str]) -> Deployed:
        """Create, update or leave alone. Raises TemplateError with CloudFormation's own reason."""
        source = template.load(path)
        unknown = sorted(set(parameters) - set(source.get("Parameters") or {}))
        if unknown:
            raise TemplateError(f"The template {path.name} has no parameter {', '.join(unknown)}.")
        archives = sam.archives_for(path, CODE_BUCKET, stepped_workers() if self._stepped else {})
        plain = widen(sam.expand(source, archives))
        if self._stepped:
            plain = patient(plain)
        mark = template.fingerprint(plain, dict(parameters))
        current = self._describe()
        existed = current is not None
        if current is not None and current["StackStatus"] in _GOOD and _fingerprint_of(current) == mark:
            self._progress("The deployed stack is up to date.")
            return self._result(current, existed=True, changed=False)
        if current is not None and current["StackStatus"] in ("ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED"):
            self._progress("Removing what a failed first deployment left behind.")
            self._cloudformation.delete_stack(StackName=self._stack_name)
            self._wait(("DELETE_COMPLETE",))
            current, existed = None, False
        self._progress(f"Uploading {len(archives.sources)} code archives.")
        self._upload(archives, plain)
        request = {
            "StackName": self._stack_name,
            "TemplateURL": f"{self._endpoint}/{CODE_BUCKET}/template.json",
            "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            "Capabilities": _CAPABILITIES,
            "Tags": [{"Key": _FINGERPRINT_TAG, "Value": mark}],
        }
        verb = "Updating" if existed else "Creating"
        self._progress(f"{verb} {len(plain['Resources'])} resources through CloudFormation.")
        try:
            self._cloudformation.update_stack(**request) if existed else self._cloudformation.create_stack(**request)
        except ClientError as error:
            raise TemplateError(f"{path.name} is refused: {error.response['Error']['Message']}") from error
        return self._result(self._wait(_GOOD), existed=existed, changed=True)

    def _describe(self) -> dict[str, Any] | None:
        try:
            stacks = self._cloudformation.describe_stacks(StackName=self._stack_name)["Stacks"]
        except ClientError as error:
            if "does not exist" in error.response["Error"]["Message"]:
                return None
            raise
        found: dict[str, Any] | None = stacks[0] if stacks else None
        return found

    def _upload(self, archives: template.Archives, plain: dict[str, Any]) -> None:
        self._objects.create_bucket(Bucket=CODE_BUCKET)
        for key in archives.sources:
            self._objects.put_object(Bucket=CODE_BUCKET, Key=key, Body=archives.zipped(key))
        self._objects.put_object(Bucket=CODE_BUCKET, Key="template.json", Body=json.dumps(plain, default=str).encode())

    def _wait(self, good: tuple[str, ...]) -> dict[str, Any]:
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            current = self._describe()
            status = current["StackStatus"] if current is not None else "DELETE_COMPLETE"
            if status in good:
                return current or {}
            if not status.endswith("_IN_PROGRESS"):
                raise TemplateError(f"CloudFormation ended with {status}: {self._reasons()}")
            time.sleep(0.1)
        raise TemplateError(f"CloudFormation did not finish within {_TIMEOUT_SECONDS:.0f} s.")

    def _reasons(self) -> str:
        events = self._cloudformation.describe_stack_events(StackName=self._stack_name)["StackEvents"]
        failed = [event for event in reversed(events) if event["ResourceStatus"].endswith("_FAILED")]
        lines = [f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}" for event in failed]
        return "; ".join(lines) or "no reason given"

    def _result(self, described: dict[str, Any], *, existed: bool, changed: bool) -> Deployed:
        outputs = {entry["OutputKey"]: entry["OutputValue"] for entry in described.get("Outputs") or []}
        pages = self._cloudformation.get_paginator("list_stack_resources").paginate(StackName=self._stack_name)
        resources = {
            entry["LogicalResourceId"]: entry["PhysicalResourceId"]
            for page in pages
            for entry in page["StackResourceSummaries"]
        }
        return Deployed(resources, outputs, existed, changed)


def _fingerprint_of(described: dict[str, Any]) -> str | None:
    tags = {tag["Key"]: tag["Value"] for tag in described.get("Tags") or []}
    return tags.get(_FINGERPRINT_TAG)
