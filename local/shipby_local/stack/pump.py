"""Reads the table's stream and invokes the stream's function the way an AWS event source mapping does.

ministack's own stream mapping drops partially failed records and forgets its place over a restart, so it is switched
off and this pump honours the mapping's settings instead: batch size, filters, partial batch responses (the checkpoint
moves to the first failed sequence number), bisecting, retry limit, and the on-failure queue. The checkpoint is a row
in the emulator's own DynamoDB, hence in the same journal as the stream and the queues, and behind what its function has
written and sent: after a crash records are delivered again, never lost.
Source: AWS Lambda developer guide, "Using Lambda with DynamoDB" (error handling, partial batch responses,
destinations).
"""

import datetime as dt
import json
import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from shipby_local.stack.emulation.snapshots import CHECKPOINT_TABLE
from shipby_local.stack.filters import matches

logger = logging.getLogger(__name__)

IDLE_SECONDS = 0.05
WOKEN_IDLE_SECONDS = 0.25
"""Where somebody looks who wakes the pump: see `is_at_end`."""
FIRST_RETRY_SECONDS = 0.1
LONGEST_RETRY_SECONDS = 2.0
UNAVAILABLE_SECONDS = 0.5
UNSAVED = 1_000
"""Records that a filter left out before the checkpoint is moved past them."""
Record = dict[str, Any]


def wall_clock() -> dt.datetime:
    """The machine's time, aware UTC."""
    return dt.datetime.now(dt.UTC)


class Clients(Protocol):
    """Where the pump gets its AWS clients from."""

    def client(self, service: str) -> Any:
        """A boto3 client with the administrator's credentials."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """What the template asks of the stream's event source mapping; -1 means without limit, as on AWS."""

    stream_arn: str
    function_arn: str
    starting_position: str = "TRIM_HORIZON"
    batch_size: int = 100
    bisect: bool = False
    partial_responses: bool = False
    maximum_retries: int = -1
    maximum_age_seconds: int = -1
    failure_queue_arn: str | None = None
    filters: tuple[dict[str, Any], ...] = ()

    @classmethod
    def from_api(cls, mapping: dict[str, Any]) -> "Mapping":
        """From an entry of ListEventSourceMappings."""
        criteria = (mapping.get("FilterCriteria") or {}).get("Filters") or []
        destination = ((mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
        return cls(
            stream_arn=mapping["EventSourceArn"],
            function_arn=mapping["FunctionArn"],
            starting_position=mapping.get("StartingPosition", "TRIM_HORIZON"),
            batch_size=int(mapping.get("BatchSize", 100)),
            bisect=bool(mapping.get("BisectBatchOnFunctionError", False)),
            partial_responses="ReportBatchItemFailures" in (mapping.get("FunctionResponseTypes") or []),
            maximum_retries=int(mapping.get("MaximumRetryAttempts", -1)),
            maximum_age_seconds=int(mapping.get("MaximumRecordAgeInSeconds", -1)),
            failure_queue_arn=destination,
            filters=tuple(json.loads(entry["Pattern"]) for entry in criteria),
        )


@dataclass(slots=True)
class _Batch:
    records: list[Record]
    retries: int = 0


@dataclass(frozen=True, slots=True)
class _Outcome:
    """`failed_from` is the index of the first record to deliver again; None when all succeeded."""

    failed_from: int | None = None
    function_error: str | None = None
    request_id: str = ""
    throttled: bool = False


class StreamPump:
    """One stream, one function, one thread. `start`, then `stop`; `idle_passes` counts empty reads of the stream."""

    def __init__(
        self,
        clients: Clients,
        mapping: Mapping,
        now: Callable[[], dt.datetime] = wall_clock,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._mapping = mapping
        self._idle_seconds = idle_seconds
        self._now = now
        self._streams = clients.client("dynamodbstreams")
        self._dynamodb = clients.client("dynamodb")
        self._functions = clients.client("lambda")
        self._queues = clients.client("sqs")
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stream-pump", daemon=True)
        self._shard = ""
        self.idle_passes = 0
        self.delivered = 0
        self.invocations = 0
        self.given_up = 0
        self.retrying: str | None = None
        self._unsaved = 0
        self.position = ""
        """Sequence number of the last record that was dealt with; empty before the first."""
        self.seen = 0
        """Records that were dealt with, those that a filter left out too."""
        self.touched: dict[str, int] = {}
        """Partition key -> `seen` when a record of it was last dealt with: who waits for an item looks here."""

    def start(self) -> None:
        """Create the checkpoint table if needed and begin to read."""
        try:
            self._dynamodb.create_table(
                TableName=CHECKPOINT_TABLE,
                KeySchema=[{"AttributeName": "stream", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "stream", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
        except self._dynamodb.exceptions.ResourceInUseException:
            logger.debug("The checkpoint table exists: the pump continues where it stopped.")
        self._thread.start()

    def is_at_end(self, newest: dict[str, str]) -> bool:
        """Whether all is dealt with up to the newest record; `newest` is by stream ARN. If not, reads on at once."""
        if self.position >= newest.get(self._mapping.stream_arn, ""):
            return True
        self._woken.set()
        return False

    def stop(self, timeout: float = 10.0) -> None:
        """End after the invocation under way; records not yet checkpointed are delivered again after a restart."""
        self._stopping.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _run(self) -> None:
        iterator: str | None = None
        while not self._stopping.is_set():
            try:
                if iterator is None:
                    iterator = self._open()
                page = self._streams.get_records(ShardIterator=iterator, Limit=max(self._mapping.batch_size, 100))
                if page["Records"]:
                    self._deliver(page["Records"])
                    iterator = page.get("NextShardIterator")
                else:
                    iterator = page.get("NextShardIterator")
                    self.idle_passes += 1
                    self._woken.wait(self._idle_seconds)
                    self._woken.clear()
            except (BotoCoreError, ClientError) as error:
                if self._stopping.is_set():
                    return
                logger.warning("Stream pump: %s; reading again from the checkpoint.", error)
                iterator = None
                self._stopping.wait(UNAVAILABLE_SECONDS)

    def _open(self) -> str:
        description = self._streams.describe_stream(StreamArn=self._mapping.stream_arn)["StreamDescription"]
        self._shard = description["Shards"][0]["ShardId"]
        where = {"StreamArn": self._mapping.stream_arn, "ShardId": self._shard}
        row = self._dynamodb.get_item(
            TableName=CHECKPOINT_TABLE, Key={"stream": {"S": self._mapping.stream_arn}}, ConsistentRead=True
        ).get("Item")
        self.position = row["sequence"]["S"] if row is not None else ""
        if row is None:
            return str(
                self._streams.get_shard_iterator(**where, ShardIteratorType=self._mapping.starting_position)[
                    "ShardIterator"
                ]
            )
        try:
            answer = self._streams.get_shard_iterator(
                **where, ShardIteratorType="AFTER_SEQUENCE_NUMBER", SequenceNumber=row["sequence"]["S"]
            )
        except self._streams.exceptions.TrimmedDataAccessException:
            logger.warning("The stream no longer holds the checkpoint: every record it still holds is delivered again.")
            answer = self._streams.get_shard_iterator(**where, ShardIteratorType="TRIM_HORIZON")
        return str(answer["ShardIterator"])

    def _deliver(self, records: list[Record]) -> None:
        size = self._mapping.batch_size
        wanted = [record for record in records if self._wanted(record)]
        pending = deque(_Batch(wanted[start : start + size]) for start in range(0, len(wanted), size))
        while pending and not self._stopping.is_set():
            batch = pending.popleft()
            outcome = self._invoke(batch.records)
            if outcome.failed_from is None:
                self._done(batch.records)
                self.retrying = None
                continue
            for follow_up in reversed(self._after_failure(batch, outcome)):
                pending.appendleft(follow_up)
        if not pending:
            # Records that a filter left out need no second look either.
            self._note([record for record in records if not self._wanted(record)])
            self._pass(records)

    def _wanted(self, record: Record) -> bool:
        return not self._mapping.filters or any(matches(pattern, record) for pattern in self._mapping.filters)

    def _after_failure(self, batch: _Batch, outcome: _Outcome) -> list[_Batch]:
        """What is still to deliver, in order."""
        self.retrying = f"{len(batch.records)} record(s): {outcome.function_error or 'reported as failed'}"
        if outcome.throttled:
            self._pause(batch.retries)
            return [batch]
        index = outcome.failed_from or 0
        if index:
            self._done(batch.records[:index])
        rest = batch.records[index:]
        partial = outcome.function_error is None
        if self._mapping.bisect and len(rest) > 1 and (partial or index == 0):
            # A split costs no retry. A reported record is parted from those behind it, an error halves the batch.
            middle = 1 if partial else len(rest) // 2
            self._pause(0)
            return [_Batch(rest[:middle], batch.retries if partial and not index else 0), _Batch(rest[middle:])]
        retries = batch.retries + 1
        expired = self._expired(rest[0])
        if expired or 0 <= self._mapping.maximum_retries < retries:
            self._give_up(rest, retries, "RecordAgeExceeded" if expired else "RetryAttemptsExhausted", outcome)
            return []
        self._pause(retries)
        return [_Batch(rest, retries)]

    def _invoke(self, records: list[Record]) -> _Outcome:
        event = {"Records": [_as_lambda_record(record, self._mapping.stream_arn) for record in records]}
        self.invocations += 1
        try:
            answer = self._functions.invoke(FunctionName=self._mapping.function_arn, Payload=json.dumps(event).encode())
        except self._functions.exceptions.TooManyRequestsException:
            return _Outcome(failed_from=0, function_error="throttled", throttled=True)
        payload = json.loads(answer["Payload"].read() or b"null")
        request_id = answer["ResponseMetadata"].get("RequestId", "")
        if answer.get("FunctionError"):
            logger.warning("Stream pump: %s failed: %s", self._mapping.function_arn.split(":")[-1], payload)
            return _Outcome(0, str(answer["FunctionError"]), request_id)
        failures = (
            payload.get("batchItemFailures") if isinstance(payload, dict) and self._mapping.partial_responses else None
        )
        if not failures:
            return _Outcome(request_id=request_id)
        positions = {record["dynamodb"]["SequenceNumber"]: index for index, record in enumerate(records)}
        indexes = [positions.get(failure.get("itemIdentifier")) for failure in failures]
        # An empty or unknown identifier makes AWS treat the whole batch as failed.
        known = [index for index in indexes if index is not None]
        return _Outcome(failed_from=min(known) if len(known) == len(indexes) else 0, request_id=request_id)

    def _pass(self, records: list[Record]) -> None:
        """All of a page is dealt with. What a filter left out at its end is filtered anew after a restart, which costs
        less than a write for every page of it."""
        self.position = records[-1]["dynamodb"]["SequenceNumber"]
        self._unsaved += len(records)
        if self._unsaved >= UNSAVED:
            self._checkpoint(records[-1])

    def _done(self, records: list[Record]) -> None:
        self.delivered += len(records)
        self._note(records)
        self._checkpoint(records[-1])

    def _note(self, records: list[Record]) -> None:
        for record in records:
            self.seen += 1
            for value in record["dynamodb"]["Keys"].get("PK", {}).values():
                self.touched[value] = self.seen

    def _checkpoint(self, record: Record) -> None:
        self._dynamodb.put_item(
            TableName=CHECKPOINT_TABLE,
            Item={
                "stream": {"S": self._mapping.stream_arn},
                "sequence": {"S": record["dynamodb"]["SequenceNumber"]},
            },
        )
        self.position, self._unsaved = record["dynamodb"]["SequenceNumber"], 0

    def _expired(self, record: Record) -> bool:
        limit = self._mapping.maximum_age_seconds
        created: dt.datetime = record["dynamodb"]["ApproximateCreationDateTime"]
        return limit >= 0 and (self._now() - created).total_seconds() > limit

    def _give_up(self, records: list[Record], attempts: int, condition: str, outcome: _Outcome) -> None:
        first, last = records[0]["dynamodb"], records[-1]["dynamodb"]
        self.given_up += len(records)
        logger.warning(
            "Stream pump gives up %d record(s) from %s (%s).", len(records), first["SequenceNumber"], condition
        )
        if self._mapping.failure_queue_arn:
            now = self._now()
            body = {
                "requestContext": {
                    "requestId": outcome.request_id or str(uuid.uuid4()),
                    "functionArn": self._mapping.function_arn,
                    "condition": condition,
                    "approximateInvokeCount": attempts,
                },
                "responseContext": {
                    "statusCode": 200,
                    "executedVersion": "$LATEST",
                    "functionError": outcome.function_error,
                },
                "version": "1.0",
                "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "DDBStreamBatchInfo": {
                    "shardId": self._shard,
                    "startSequenceNumber": first["SequenceNumber"],
                    "endSequenceNumber": last["SequenceNumber"],
                    "approximateArrivalOfFirstRecord": first["ApproximateCreationDateTime"].isoformat(),
                    "approximateArrivalOfLastRecord": last["ApproximateCreationDateTime"].isoformat(),
                    "batchSize": len(records),
                    "streamArn": self._mapping.stream_arn,
                },
            }
            name = self._mapping.failure_queue_arn.split(":")[-1]
            url = self._queues.get_queue_url(QueueName=name)["QueueUrl"]
            self._queues.send_message(QueueUrl=url, MessageBody=json.dumps(body))
        self._checkpoint(records[-1])
        self.retrying = None

    def _pause(self, retries: int) -> None:
        self._stopping.wait(min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2 ** min(retries, 10)))


def _as_lambda_record(record: Record, stream_arn: str) -> Record:
    """A record as Lambda receives it: with its source, times in whole seconds, binary values in base64."""
    return {**_plain(record), "eventSourceARN": stream_arn}


def _plain(value: Any) -> Any:
    import base64

    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(entry) for entry in value]
    if isinstance(value, dt.datetime):
        return int(value.timestamp())
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(bytes(value)).decode("ascii")
    return value


def wait_until_idle(pump: StreamPump, deadline: float) -> bool:
    """Whether the stream was read to its end, at least once from now on, before `deadline` (monotonic seconds)."""
    seen = pump.idle_passes
    while time.monotonic() < deadline:
        # The pass under way may have begun before the caller's last write; the second one has not.
        if pump.idle_passes >= seen + 2:
            return True
        time.sleep(IDLE_SECONDS / 2)
    return False
