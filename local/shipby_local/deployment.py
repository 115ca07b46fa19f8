"""A running deployment as an operator sees it: the embedded stack on this machine, or a stack on AWS."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from shipby.adapters.aws.queue import SqsWorkQueue
from shipby.adapters.dynamodb import DynamoDBStore
from shipby.adapters.dynamodb.webhooks.listening import listening
from shipby.application.alarms.route_events import Destination, Routed
from shipby.application.ports.store import Store
from shipby_local.stack.clients import isolated_clients
from shipby_local.stack.clock import Clock, WallClock, clock_of
from shipby_local.stack.datafolder import DataFolder
from shipby_local.stack.emulation.emulator import ADMIN_KEY, ADMIN_SECRET, REGION
from shipby_local.stack.errors import StackError

STACK_NAME = "shipby"
_QUEUES: Mapping[Destination, str] = {
    Destination.SYNC: "SyncQueueUrl",
    Destination.LABELS: "LabelQueueUrl",
    Destination.INTENTS: "IntentQueueUrl",
    Destination.TRACKING: "TrackingQueueUrl",
    Destination.NOTIFY: "NotifyQueueUrl",
    Destination.WEBHOOKS: "WebhookQueueUrl",
}


class NoDeploymentError(StackError):
    """There is nothing to talk to: no stack runs here, or none of that name exists."""


@dataclass
class Deployment:
    """Clients and names of one deployment. `endpoint` is None on AWS."""

    name: str = STACK_NAME
    endpoint: str | None = None
    front_door: str = ""
    """Base address of the HTTP API on this machine; on AWS the template's output tells it."""
    clock: Clock = field(default_factory=WallClock)
    """The time that this deployment goes by."""
    _clients: dict[str, Any] = field(default_factory=dict)
    _outputs: Mapping[str, str] | None = None

    @classmethod
    def local(cls, data_dir: Path) -> Deployment:
        """The embedded stack that runs in `data_dir`. Raises NoDeploymentError if none does."""
        folder = DataFolder(data_dir)
        facts = folder.read_running()
        if not facts or not folder.is_locked():
            raise NoDeploymentError(f"No stack runs in {data_dir}. Start one with `shipby up`, or name one with --aws.")
        return cls(endpoint=str(facts["aws"]), front_door=str(facts.get("api", "")), clock=clock_of(data_dir))

    def client(self, service: str) -> Any:
        """A boto3 client: the administrator's here, your own credentials' on AWS."""
        if service not in self._clients:
            self._clients[service] = self._make(service)
        return self._clients[service]

    def _make(self, service: str) -> Any:
        if self.endpoint is None:
            # A proof over many sellers takes minutes, and boto3 would repeat the call after one.
            patient = Config(read_timeout=300, retries={"total_max_attempts": 1}) if service == "lambda" else None
            return boto3.Session().client(service, config=patient)  # type: ignore[call-overload]  # one method for all
        return isolated_clients(REGION)(
            service,
            aws_access_key_id=ADMIN_KEY,
            aws_secret_access_key=ADMIN_SECRET,
            endpoint_url=self.endpoint,
        )

    @property
    def outputs(self) -> Mapping[str, str]:
        """The template's outputs."""
        if self._outputs is None:
            try:
                [stack] = self.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
            except self.client("cloudformation").exceptions.ClientError as error:
                raise NoDeploymentError(f"There is no stack named {self.name}: {error}") from error
            self._outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        return self._outputs

    @property
    def api_url(self) -> str:
        """Base address of pushes and API."""
        return self.front_door or self.outputs["ApiUrl"]

    def store(self) -> Store:
        """The deployment's store."""
        return DynamoDBStore(self.client("dynamodb"), table_name=self.outputs["TableName"], clock=self.clock)

    def listening(self) -> frozenset[str]:
        """Sellers who have webhooks."""
        return listening(self.client("dynamodb"), self.outputs["TableName"])

    def secret_name(self, seller: str, name: str) -> str:
        """The name of one of a seller's parameters: `ozon` (keys) or `channels` (messengers)."""
        return f"{self.outputs['ParameterPrefix']}/sellers/{seller}/{name}"

    def put_secret(self, seller: str, name: str, value: object) -> None:
        """Write one of a seller's parameters as a SecureString."""
        self.client("ssm").put_parameter(
            Name=self.secret_name(seller, name),
            Value=json.dumps(value),
            Type="SecureString",
            Overwrite=True,
        )

    def invoke(self, logical_id: str, payload: Mapping[str, object]) -> Any:
        """Run a function of the template and give its answer. Raises StackError with the function's own error."""
        found = self.client("cloudformation").describe_stack_resource(StackName=self.name, LogicalResourceId=logical_id)
        function = found["StackResourceDetail"]["PhysicalResourceId"]
        answer = self.client("lambda").invoke(FunctionName=function, Payload=json.dumps(payload).encode())
        result = json.loads(answer["Payload"].read() or b"null")
        if answer.get("FunctionError"):
            said = result.get("errorMessage", result) if isinstance(result, dict) else result
            raise StackError(f"{logical_id} failed: {said}")
        return result

    def publish(self, routed: Sequence[Routed]) -> None:
        """Send messages to the work queues, as the stream router does."""
        for destination, output in _QUEUES.items():
            messages = [item.message for item in routed if item.destination is destination]
            if messages:
                SqsWorkQueue(self.outputs[output], client=self.client("sqs")).send(messages)
