"""One message of an SQS batch, as its handler wants it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shipby.domain.errors import InvalidInputError
from shipby.domain.json_types import Json

_ID_FIELDS = ("seller", "posting", "intent", "job", "task", "kind", "id", "version", "index", "why", "due")
"""What of a message's body may be logged."""
_ID = re.compile(r"[0-9A-Za-z_.:#+-]{1,64}")


@dataclass(frozen=True, slots=True)
class Message:
    """`body` is what one of our own functions sent; `attempt` counts deliveries, from 1."""

    id: str
    receipt: str
    body: Mapping[str, Json]
    attempt: int

    @property
    def seller(self) -> str:
        """Raises InvalidInputError if the message names none."""
        return self.text("seller")

    def text(self, name: str) -> str:
        """A field that must be a text. Raises InvalidInputError if it is not."""
        value = self.body.get(name)
        if not isinstance(value, str) or not value:
            raise InvalidInputError(f"message {self.id} is not one of ours: {name} is missing")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A field that must be a list of texts. Raises InvalidInputError if it is not."""
        value = self.body.get(name)
        if isinstance(value, str) or not isinstance(value, Sequence) or not all(isinstance(one, str) for one in value):
            raise InvalidInputError(f"message {self.id} is not one of ours: {name} is no list of texts")
        return tuple(str(one) for one in value)

    @property
    def ids(self) -> dict[str, str]:
        """What may be logged of it; a value that cannot be an id is shown as ?."""
        found = {name: str(self.body[name]) for name in _ID_FIELDS if self.body.get(name) not in (None, "")}
        return {name: value if _ID.fullmatch(value) else "?" for name, value in found.items()}


def read_message(record: Mapping[str, Any]) -> Message:
    """The message of an SQS record; a body that is no JSON object becomes an empty one, which no handler accepts."""
    try:
        body = json.loads(record["body"])
    except (ValueError, RecursionError):
        body = None
    return Message(
        id=str(record["messageId"]),
        receipt=str(record["receiptHandle"]),
        body=body if isinstance(body, dict) else {},
        attempt=int(record.get("attributes", {}).get("ApproximateReceiveCount", 1)),
    )
