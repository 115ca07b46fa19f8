"""What the tests of the embedded stack share: the test shop's settings and looks into it."""

from pathlib import Path
from typing import Any

from shipby_local.stack import Stack, StackSettings

SHOP = Path(__file__).parent / "shop"
SETTINGS: dict[str, Any] = {
    "api_port": 0,
    "sweep_function": "Sweep",
    "sweep_interval": 0.0,
    "poll_interval": 0.0,
    "parameters": {"Stage": "local"},
}


def shop_settings(folder: Path, **changes: Any) -> StackSettings:
    """Settings of a shop whose data lies in `folder`."""
    return StackSettings(**{"template": SHOP / "template.yaml", "data_dir": folder / "data", **SETTINGS, **changes})


def put_rows(stack: Stack, *names: str) -> None:
    """New rows that the shop's router sends to its worker."""
    for name in names:
        stack.client("dynamodb").put_item(
            TableName=stack.outputs["TableName"], Item={"PK": {"S": "ROW"}, "SK": {"S": name}}
        )


def times_done(stack: Stack, name: str) -> int:
    """How many messages of the row the shop's worker got; one that is delivered again is the same message."""
    key = {"PK": {"S": "DONE"}, "SK": {"S": f"done-{name}"}}
    row = stack.client("dynamodb").get_item(TableName=stack.outputs["TableName"], Key=key).get("Item")
    return len(row["messages"]["SS"]) if row else 0


def messages_in(stack: Stack, queue: str) -> list[str]:
    """Bodies of all visible messages, taken off the queue."""
    sqs, url = stack.client("sqs"), stack.resources[queue]
    bodies = []
    while batch := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in batch:
            bodies.append(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return bodies
