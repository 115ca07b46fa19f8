"""What a cold start costs: each function in a fresh process, by the real runtime interface client, against a handler
that only makes a boto3 client, shipped the same way.

Run: `.venv/bin/python -m bench.cold_start`. Needs the deployed runtime's Python (3.13, on PATH or in pyenv) and, the
first time, a package index: the locked libraries are installed into .shipby/cold-start. Without them it says NOT RUN
and ends with 2. "Ready" is all CPU until the process asks for its first event: imports, and the client; on Lambda that
is INIT. "Answered" has the first invocation in it. Rounds are interleaved, so that a busy machine slows all alike.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.parts import cold, machine, report
from bench.parts.cold import NotRunError, Start
from shipby.application.intake.receive_push import token_hash

_EVENTS = cold.ROOT / "tests" / "events"
_SECRET = "0123456789abcdef0123456789abcdef"  # noqa: S105 - of nobody
_QUEUE = "https://sqs.eu-central-1.amazonaws.com/000000000000/q"
ITEMS: Mapping[str, Mapping[str, Any]] = {
    "PUSHTOKEN": {
        "PK": {"S": f"PUSHTOKEN#{token_hash(_SECRET)}"},
        "SK": {"S": "PUSHTOKEN"},
        "schema": {"N": "1"},
        "sha256": {"S": token_hash(_SECRET)},
        "seller": {"S": "700001"},
        "created_at": {"N": "1794580000000000"},
    }
}


@dataclass(frozen=True, slots=True)
class Started:
    """A function of the table. `most`: its goal, CPU until ready against that of the baseline."""

    name: str
    handler: str
    most: float | None
    event: Mapping[str, Any] = field(default_factory=dict)
    own: str = ""


def _said(name: str, **more: object) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((_EVENTS / name).read_text("utf-8"))
    return {**event, **more}


def _push() -> dict[str, Any]:
    body = {
        "message_type": "TYPE_STATE_CHANGED",
        "posting_number": "24219509-0020-2",
        "new_state": "posting_received",
        "changed_state_date": "2026-11-13T14:43:59Z",
        "seller_id": 700001,
    }
    return _said("http_push.json", body=json.dumps(body), pathParameters={"token": f"700001.{_SECRET}"})


def _message(**body: object) -> dict[str, Any]:
    event = _said("sqs_batch.json")
    event["Records"][0]["body"] = json.dumps(body)
    return event


def _call(path: str) -> dict[str, Any]:
    event = _said("http_push.json", rawPath=path, routeKey="$default", pathParameters={}, body="")
    event["headers"]["authorization"] = "Bearer shipby_aaaaaaaa_" + "b" * 43
    context = event["requestContext"]
    context["http"] |= {"method": "GET", "path": path}
    context["authorizer"] = {"lambda": {"seller": "700001", "role": "owner", "key_id": "aaaaaaaa"}}
    return event


def _inserted() -> dict[str, Any]:
    event = _said("stream_batch.json")
    row = {
        "PK": "SELLER#700001#INBOX#20261113", "SK": "PUSH#TYPE_STATE_CHANGED#0123456789abcdef#1", "seller": "700001",
        "type": "TYPE_STATE_CHANGED", "digest": "0" * 64, "state": "received", "posting_number": "24219509-0020-2",
    }  # fmt: skip
    numbers = {"schema": 1, "window": 1, "received_at": 1794580000000000}
    event["Records"][0]["dynamodb"]["NewImage"] = {name: {"S": value} for name, value in row.items()} | {
        name: {"N": str(value)} for name, value in numbers.items()
    }
    return event


_POSTING = {"seller": "700001", "posting": "24219509-0020-2"}
FUNCTIONS = (
    Started("order_webhook", "functions.order_webhook.handler.handler", 1.0, _push()),
    Started("authorizer", "functions.authorizer.handler.handler", 1.0, _call("/v1/postings")),
    Started("deadline_sweep", "functions.deadline_sweep.handler.handler", 1.0, _said("schedule.json")),
    Started(
        "alarm worker",
        "functions.deadline_sweep.worker.handler",
        1.2,
        _message(seller="700001", kind="POSTING", id="24219509-0020-2", intent="", due="2026-11-13T14:43:59+00:00"),
    ),
    Started("stream_router", "functions.stream_router.handler.handler", 1.2, _inserted()),
    Started("posting_sync", "functions.posting_sync.handler.handler", 1.2, _message(**_POSTING)),
    Started("marketplace_poll", "functions.marketplace_poll.handler.handler", 1.2, _said("schedule.json")),
    Started("tracking", "functions.tracking.handler.handler", 1.2, _message(seller="700001", intent="i")),
    Started("refunds", "functions.refunds.handler.handler", 1.2, _message(seller="700001", intent="i")),
    Started("notifications", "functions.notifications.handler.handler", 1.2, _message(task="none"), "notifications"),
    Started(
        "label_generation",
        "functions.label_generation.handler.handler",
        1.5,
        _message(seller="700001", task="none"),
        "label_generation",
    ),
    Started("seller_api", "functions.seller_api.handler.handler", 1.6, _call("/v1/postings")),
)
BASELINE = Started("a handler that makes a boto3 client and puts an item", "baseline.handler", None)
EMPTY = Started("an empty handler", "empty.handler", None)
_QUEUES = ("SYNC", "LABEL", "INTENT", "TRACKING", "NOTIFY", "ALARM", "COPY", "WEBHOOK")
VARIABLES = {
    "TABLE_NAME": "t", "PARAMETER_PREFIX": "/shipby", "OZON_BASE_URL": "http://127.0.0.1:9", "EVENT_BUS_NAME": "b",
    "WEBHOOK_PARAMETERS": "/b", "DOCUMENT_BUCKET": "d",
    "POWERTOOLS_METRICS_NAMESPACE": "Shipby", "POWERTOOLS_SERVICE_NAME": "f",
    **{f"{queue}_QUEUE_URL": _QUEUE for queue in _QUEUES},
}  # fmt: skip


Found = dict[tuple[str, bool], list[Start]]
"""Starts by the function's name and whether its package holds compiled files."""


def measure(places: Mapping[bool, Path], functions: Sequence[Started], rounds: int) -> Found:
    found: Found = {}
    for turn in range(rounds + 1):
        for compiled, place in places.items():
            for each in functions:
                done = cold.start(place, each.handler, each.event, variables=VARIABLES, items=ITEMS, own=each.own)
                if turn:  # the first round fills the disk's cache
                    found.setdefault((each.name, compiled), []).append(done)
    return found


def _ratio(these: Sequence[float], those: Sequence[float]) -> float:
    """The median of the rounds' own ratios."""
    return statistics.median(one / other for one, other in zip(these, those, strict=True))


def rows(found: Found, functions: Sequence[Started]) -> tuple[list[list[str]], bool]:
    """The table's rows, and whether every goal is met."""
    base = found[BASELINE.name, True]
    lines, met = [], True
    for each in functions:
        starts, bare = found[each.name, True], found.get((each.name, False))
        ready = _ratio([one.ready for one in starts], [one.ready for one in base])
        answered = _ratio([one.answered for one in starts], [one.answered for one in base])
        without = f"× {_ratio([one.ready for one in bare], [one.ready for one in starts]):.1f}" if bare else ""
        goal = ""
        if each.most is not None:
            met &= ready <= each.most
            goal = f"≤ {each.most:.1f}, " + ("met" if ready <= each.most else "**NOT MET**")
        cpu = f"{statistics.median(one.ready for one in starts):.0f} ms"
        lines.append([each.name, cpu, f"{ready:.2f}", f"{answered:.2f}", without, goal])
    return lines, met


def main() -> int:
    parser = report.arguments(__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="interleaved rounds (9)")
    parser.add_argument("--only", nargs="*", default=[], help="names of functions; none means all")
    parser.add_argument("--compiled-only", action="store_true", help="leave out the packages without compiled files")
    wanted = parser.parse_args()
    functions = (EMPTY, BASELINE, *(each for each in FUNCTIONS if not wanted.only or each.name in wanted.only))
    try:
        places = cold.build(cold.ROOT / ".shipby" / "cold-start")
    except NotRunError as error:
        print(f"NOT RUN: {error}", file=sys.stderr)
        return 2
    if wanted.compiled_only:
        places = {True: places[True]}
    lines, met = rows(measure(places, functions, wanted.rounds), functions)
    head = (
        "function",
        "CPU until ready",
        "against the client",
        "until the first answer",
        "without compiled files",
        "goal",
    )
    about = machine.describe(runtime=f"Python {cold.RUNTIME}", client=cold.CLIENT, rounds=str(wanted.rounds))
    report.publish("cold_start", [about, report.table(head, lines)], write=wanted.write)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
