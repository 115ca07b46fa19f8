"""What the DynamoDB adapter makes of every way the database can refuse or stay silent."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

from shipby.adapters.dynamodb import DynamoDBStore, PushInbox
from shipby.adapters.dynamodb.client import dynamodb_client
from shipby.adapters.dynamodb.rows import postings as posting_rows
from shipby.application.ports.writes import (
    AppendEvents,
    AppendTracking,
    ClaimPointer,
    ReleasePointer,
    RememberResponse,
    RequireAutomation,
    SaveAccess,
    SaveMoney,
    SavePosting,
    SaveReturn,
    SpendCap,
    Write,
)
from shipby.domain.errors import (
    InvalidInputError,
    KillSwitchOnError,
    ShipbyError,
    StoreUnavailableError,
    VersionConflictError,
)
from shipby.domain.events import posting_ref
from shipby.domain.postings.posting import Stage
from tests.support import builders as a

CHANGE: list[Write] = [
    SavePosting(a.posting()),
    AppendEvents(a.SELLER, posting_ref(a.NUMBER), 1, (a.event(),)),
    RequireAutomation(a.SELLER),
]
URL = "http://127.0.0.1:1"


class FakeClient:
    """Answers every call with the next of its answers, the last one for ever."""

    def __init__(self, *answers: Exception | dict[str, Any]) -> None:
        self._answers = list(answers)
        self.calls: list[dict[str, Any]] = []

    def __getattr__(self, operation: str) -> Callable[..., dict[str, Any]]:
        def answer(**arguments: Any) -> dict[str, Any]:
            self.calls.append(arguments)
            given = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
            if isinstance(given, Exception):
                raise given
            return given

        return answer


def refused(code: str, *reasons: str) -> ClientError:
    response: dict[str, Any] = {"Error": {"Code": code, "Message": "told by a test"}}
    if reasons:
        response["CancellationReasons"] = [{"Code": reason} for reason in reasons]
    return ClientError(response, "TransactWriteItems")  # type: ignore[arg-type]  # the stubs know no CancellationReasons


def cancelled(*reasons: str) -> ClientError:
    return refused("TransactionCanceledException", *reasons)


def store_over(*answers: Exception | dict[str, Any]) -> tuple[DynamoDBStore, FakeClient, list[float]]:
    client, pauses = FakeClient(*answers), list[float]()
    store = DynamoDBStore(client, "table", clock=a.FixedClock(), sleep=pauses.append)  # type: ignore[arg-type]  # a fake client
    return store, client, pauses


COLLISIONS = [
    cancelled("None", "TransactionConflict", "None"),
    refused("TransactionConflictException"),
    refused("TransactionInProgressException"),
]


@pytest.mark.parametrize("collision", COLLISIONS)
def test_colliding_transactions_are_tried_again_after_a_pause(collision: ClientError) -> None:
    store, client, pauses = store_over(collision, collision, {})
    store.commit(CHANGE)
    assert len(client.calls) == 3
    assert client.calls[0] == client.calls[2]
    assert len(pauses) == 2
    assert all(0 <= pause <= 0.5 for pause in pauses)


@pytest.mark.parametrize("collision", COLLISIONS)
def test_endless_collisions_end_as_a_version_conflict(collision: ClientError) -> None:
    store, client, _ = store_over(collision)
    with pytest.raises(VersionConflictError):
        store.commit(CHANGE)
    assert len(client.calls) == 6


@pytest.mark.parametrize("reason", ["ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_throttled_transaction_is_tried_again_and_ends_as_unavailable(reason: str) -> None:
    store, client, _ = store_over(cancelled("None", reason, "None"))
    with pytest.raises(StoreUnavailableError):
        store.commit(CHANGE)
    assert len(client.calls) == 6
    store, client, _ = store_over(cancelled("None", reason, "None"), {})
    store.commit(CHANGE)
    assert len(client.calls) == 2


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        (("ConditionalCheckFailed", "None", "TransactionConflict"), VersionConflictError),
        (("ConditionalCheckFailed", "ConditionalCheckFailed", "ConditionalCheckFailed"), VersionConflictError),
        (("None", "None", "ConditionalCheckFailed"), KillSwitchOnError),
        (("None", "TransactionConflict", "ConditionalCheckFailed"), KillSwitchOnError),
        (("None", "ValidationError", "None"), InvalidInputError),
        (("ItemCollectionSizeLimitExceeded", "None", "None"), InvalidInputError),
    ],
)
def test_a_decided_refusal_is_told_at_once(reasons: tuple[str, ...], expected: type[ShipbyError]) -> None:
    store, client, _ = store_over(cancelled(*reasons))
    with pytest.raises(expected):
        store.commit(CHANGE)
    assert len(client.calls) == 1


UNAVAILABLE = [
    ConnectTimeoutError(endpoint_url=URL),
    ReadTimeoutError(endpoint_url=URL),
    EndpointConnectionError(endpoint_url=URL),
    refused("ThrottlingException"),
    refused("ProvisionedThroughputExceededException"),
    refused("RequestLimitExceeded"),
    refused("InternalServerError"),
    refused("ServiceUnavailable"),
]


@pytest.mark.parametrize("error", UNAVAILABLE, ids=range(len(UNAVAILABLE)))
def test_a_silent_or_overloaded_database_is_unavailable_for_every_call(error: Exception) -> None:
    store, _, _ = store_over(error)
    calls: list[Callable[[], object]] = [
        lambda: store.commit(CHANGE),
        lambda: store.commit([SaveMoney(a.ledger())]),
        lambda: store.posting(a.SELLER, a.NUMBER),
        lambda: store.events(a.SELLER, posting_ref(a.NUMBER)),
        lambda: store.worklist(a.SELLER, Stage.RECEIVED),
        lambda: store.mark_synced(a.SELLER, a.NUMBER, a.NOW),
        lambda: store.put_push(a.push()),
        lambda: store.push_token("hash"),
        lambda: store.commit([SaveAccess(a.api_key())]),
        store.try_write,
        lambda: store.save_report(a.SELLER, "proof", a.NOW.date(), {}),
    ]
    for call in calls:
        with pytest.raises(StoreUnavailableError):
            call()


def test_what_the_adapter_does_not_understand_is_not_hidden() -> None:
    store, _, _ = store_over(refused("AccessDeniedException"))
    for call in (
        lambda: store.commit(CHANGE),
        lambda: store.commit([SaveMoney(a.ledger())]),
        lambda: store.put_push(a.push()),
        lambda: store.mark_synced(a.SELLER, a.NUMBER, a.NOW),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            call()


def test_no_expression_uses_a_reserved_word() -> None:
    """Emulators accept some of them; DynamoDB refuses every one."""
    store, client, _ = store_over({"Items": []})
    changes: list[Write] = [
        SavePosting(a.posting(version=2)),
        SaveReturn(a.return_case(version=2)),
        SaveMoney(a.ledger()),
        SpendCap(a.SELLER, "cancel", a.NOW.date(), 3),
        RequireAutomation(a.SELLER),
        RememberResponse(a.response()),
        ClaimPointer(a.SELLER, "tracking", "1", "p"),
        ReleasePointer(a.SELLER, "tracking", "1", "q"),
        ReleasePointer(a.SELLER, "tracking", "2", "q"),
        AppendTracking(a.tracking_change()),
    ]
    store.commit(changes)
    store.mark_synced(a.SELLER, a.NUMBER, a.NOW)
    store.put_push(a.push())
    store.quarantine_push(a.push(), "why")
    store.commit([SaveAccess(a.api_key())])
    store.worklist(a.SELLER, Stage.RECEIVED, due_before=a.NOW)
    store.due_alarms(0, until=a.NOW)
    store.events(a.SELLER, posting_ref(a.NUMBER))
    store.documents(a.SELLER, a.NUMBER)
    entries = [entry for call in client.calls for entry in call.get("TransactItems", [])]
    calls = client.calls + [operation for entry in entries for operation in entry.values()]
    expressions = [text for call in calls for name, text in call.items() if name.endswith("Expression")]
    assert len(expressions) >= 17
    words = {word for text in expressions for word in re.findall(r"(?<![:#\w])[A-Za-z_]\w*", text)}
    syntax = {"AND", "OR", "ADD", "SET", "BETWEEN"}
    assert {"version", "used", "target"} <= words
    assert {word for word in words - syntax if word.upper() in ReservedKeywords.get_reserved_keywords()} == set()


def test_a_cursor_the_database_refuses_is_the_callers_mistake() -> None:
    store, _, _ = store_over({"Items": _board(3)}, refused("ValidationException"))
    cursor = store.worklist(a.SELLER, Stage.RECEIVED, limit=1).cursor
    with pytest.raises(InvalidInputError):
        store.worklist(a.SELLER, Stage.RECEIVED, cursor=cursor)
    with pytest.raises(ClientError):
        store.worklist(a.SELLER, Stage.RECEIVED)


def _board(count: int) -> list[dict[str, Any]]:

    return [posting_rows.posting_item(a.posting(number=f"p{n}"), 4) for n in range(count)]


def test_a_listing_reads_on_when_dynamodb_cuts_its_answer_short() -> None:
    rows = _board(5)
    part = {"LastEvaluatedKey": {"PK": {"S": "x"}}}
    store, client, _ = store_over({"Items": rows[:2], **part}, {"Items": [], **part}, {"Items": rows[2:]})
    page = store.worklist(a.SELLER, Stage.RECEIVED, limit=5)
    assert [item.number for item in page.items] == ["p0", "p1", "p2", "p3", "p4"]
    assert page.cursor is None
    assert len(client.calls) == 3


def test_a_change_is_one_transaction_and_carries_its_token() -> None:
    store, client, _ = store_over({})
    store.commit([*CHANGE, SpendCap(a.SELLER, "cancel", a.NOW.date(), 3)], token="t-1")
    (call,) = client.calls
    assert call["ClientRequestToken"] == "t-1"
    assert [next(iter(entry)) for entry in call["TransactItems"]] == ["Put", "Put", "ConditionCheck", "Update"]
    assert all(next(iter(entry.values()))["TableName"] == "table" for entry in call["TransactItems"])


def test_a_single_write_costs_no_transaction() -> None:
    store, client, _ = store_over({})
    store.commit([SaveMoney(a.ledger())])
    (call,) = client.calls
    assert "TransactItems" not in call
    assert call["ConditionExpression"] == "attribute_not_exists(PK)"


def test_single_items_and_parts_of_an_aggregate_are_read_consistently() -> None:
    store, client, _ = store_over({"Items": []})
    store.posting(a.SELLER, a.NUMBER)
    store.push_token("hash")
    store.events(a.SELLER, posting_ref(a.NUMBER))
    store.tracking_history(a.SELLER, a.NUMBER)
    store.intents(a.SELLER, posting_ref(a.NUMBER))
    store.documents(a.SELLER, a.NUMBER)
    store.sellers()
    store.pushes_on(a.SELLER, a.NOW.date())
    assert [call["ConsistentRead"] for call in client.calls] == [True] * 8


def test_an_item_too_large_for_dynamodb_is_refused_before_it_is_sent() -> None:
    store, client, _ = store_over({})
    huge = a.event(data={"text": "x" * 410_000})
    with pytest.raises(InvalidInputError, match="409600 fit"):
        store.commit([AppendEvents(a.SELLER, posting_ref(a.NUMBER), 1, (huge,))])
    large = a.event(data={"text": "x" * 390_000})
    with pytest.raises(InvalidInputError, match="split it"):
        store.commit([AppendEvents(a.SELLER, posting_ref(a.NUMBER), 1, (large,) * 11)])
    assert client.calls == []


def test_the_processes_client_is_made_once_with_short_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    dynamodb_client.cache_clear()
    try:
        client = dynamodb_client()
        assert dynamodb_client() is client
        config: Any = client.meta.config
        assert (config.connect_timeout, config.read_timeout, config.tcp_keepalive) == (1, 3, True)
        assert config.retries == {"mode": "standard", "total_max_attempts": 3}
        assert PushInbox(table_name="table")._client is client
    finally:
        dynamodb_client.cache_clear()
