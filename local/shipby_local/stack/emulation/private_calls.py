"""No answer of an emulated service leaves before everything it could have seen is on the disk.

Every call of a service passes `guard`. By what it may change a call is one of four kinds. A read waits for what others
have changed before it. Rows, messages and objects are on the disk before their call is answered: rows and messages in
the journal, objects in files of their own. Everything else is answered after a snapshot that holds it. What is not kept
(invocations under way, temporary credentials, logs and metrics) passes freely.
"""

import asyncio
import contextvars
import enum
import functools
import json
import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

from shipby_local.stack.emulation import private_names as ministack
from shipby_local.stack.emulation.journal import sync_folder

NAMES = {
    "ministack.app": ["SERVICE_HANDLERS"],
    "ministack.services.s3": [
        "DATA_DIR",
        "_atomic_write",
        "_remove_key_files",
        "_load_persisted_bucket",
        "_buckets",
        "_object_versions",
    ],
    "ministack.services.lambda_svc": ["_prune_orphan_code_blobs"],
}
Answer = tuple[int, dict[str, str], bytes]
Handler = Callable[[str, str, dict[str, str], bytes, dict[str, list[str]]], Awaitable[Answer]]

_NOT_KEPT = {"sts", "logs", "monitoring", "ecs-metadata", "imds"}
_READING = re.compile(
    r"(Get|List|Describe|Head|BatchGet|TransactGet|Query|Scan|Search|Filter|Lookup|Validate|Simulate)"
)
_ROWS_AND_MESSAGES = {
    "dynamodb": {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"},
    "sqs": {
        "SendMessage",
        "SendMessageBatch",
        "ReceiveMessage",
        "DeleteMessage",
        "DeleteMessageBatch",
        "ChangeMessageVisibility",
        "ChangeMessageVisibilityBatch",
        "PurgeQueue",
    },
    "events": {"PutEvents"},
    "sns": {"Publish", "PublishBatch"},
}
_DEPLOYING_LOOK_SECONDS = 0.05


class Kind(enum.Enum):
    """What a call may change."""

    FREE = enum.auto()
    READ = enum.auto()
    KEPT = enum.auto()
    REST = enum.auto()


class NotDurableError(Exception):
    """A change could not be brought to the disk and was taken back; the text says why and what to do."""


class Keeper(Protocol):
    """What brings changes to the disk."""

    def refusal(self, size: int) -> str | None:
        """Why nothing can be changed at the moment, or None. `size` is what the call brings along, in bytes."""

    def touched(self) -> None:
        """A call may have changed queues."""

    async def settle(self, *, changed: bool = False) -> None:
        """Wait until everything changed so far is on the disk. Raises NotDurableError."""

    async def settle_rest(self) -> None:
        """Wait for a snapshot that holds everything changed so far. Raises NotDurableError."""


def kind_of(service: str, method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Kind:
    """What the call may change; what is not known for a read counts as a change."""
    if service in _NOT_KEPT or (service == "lambda" and "/invocations" in path):
        return Kind.FREE
    action = _action(headers, body, query)
    if (_READING.match(action) if action else method in ("GET", "HEAD", "OPTIONS")) or service == "dynamodbstreams":
        return Kind.READ
    # Several objects are deleted by a call of their bucket.
    an_object = service == "s3" and (bool(path.strip("/").partition("/")[2]) or "delete" in query)
    return Kind.KEPT if an_object or action in _ROWS_AND_MESSAGES.get(service, ()) else Kind.REST


def guard(keeper: Keeper) -> None:
    """Let every call of every service pass here from now on."""
    handlers: dict[str, Handler] = ministack.module("ministack.app").SERVICE_HANDLERS
    deployment = _Deployment(keeper)
    for service, handler in list(handlers.items()):
        handlers[service] = functools.partial(_call, service, handler, keeper, deployment)
    _keep_objects()
    _guard_queue_mappings(keeper)


def keep_code_until_saved() -> Callable[[], set[str]]:
    """Functions' code is deleted only by `prune_code`; what is given tells the names of the code in use.

    ministack deletes code as soon as it reads its own state, when the last snapshot still needs it.
    """
    lambdas, used = ministack.module("ministack.services.lambda_svc"), set[str]()

    def remember(referenced: set[str]) -> None:
        used.clear()
        used.update(referenced)

    lambdas._prune_orphan_code_blobs = remember
    return lambda: set(used)


def missing_resources() -> list[str]:
    """Deployed tables, queues and functions that the restored state lacks, as `logical id (type)`."""
    found = {
        "AWS::DynamoDB::Table": _names("dynamodb", "_tables"),
        "AWS::SQS::Queue": _names("sqs", "_queues"),
        "AWS::Lambda::Function": _names("lambda_svc", "_functions"),
    }
    stacks = ministack.module("ministack.services.cloudformation")._stacks.all_values()
    return [
        f"{logical} ({resource['ResourceType']})"
        for stack in stacks
        for logical, resource in stack.get("_resources", {}).items()
        if resource.get("ResourceType") in found
        and resource.get("ResourceStatus", "").endswith("_COMPLETE")
        and resource.get("ResourceStatus") != "DELETE_COMPLETE"
        and resource.get("PhysicalResourceId", "").rsplit("/", 1)[-1] not in found[resource["ResourceType"]]
    ]


def _names(service: str, store: str) -> set[str]:
    entries = getattr(ministack.module(f"ministack.services.{service}"), store)._data
    return {str(key[-1]).rsplit("/", 1)[-1] for key in entries}


class _Deployment:
    """Answers nothing about a finished deployment before a snapshot holds it."""

    _CHANGING = re.compile(r"(Create|Update|Delete|Execute|Rollback|Continue)")

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._begun = False

    async def settle(self, action: str) -> None:
        self._begun = self._begun or bool(self._CHANGING.match(action))
        if self._begun and not ministack.deploying():
            await self._keeper.settle_rest()
            self._begun = False


async def _call(
    service: str,
    handler: Handler,
    keeper: Keeper,
    deployment: _Deployment,
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    query: dict[str, list[str]],
) -> Answer:
    kind = kind_of(service, method, path, headers, body, query)
    if kind is Kind.FREE:
        return await handler(method, path, headers, body, query)
    changing = kind is not Kind.READ
    if changing and (refusal := keeper.refusal(len(body))) is not None:
        return _refused(service, headers, refusal)
    unwritten: list[str] = []
    _unwritten.set(unwritten)
    answer = await handler(method, path, headers, body, query)
    try:
        if service == "cloudformation":
            await deployment.settle(_action(headers, body, query))
            return answer
        if changing:
            keeper.touched()
        await keeper.settle(changed=changing)
        if kind is Kind.REST:
            while ministack.deploying():
                await asyncio.sleep(_DEPLOYING_LOOK_SECONDS)
            await keeper.settle_rest()
        if unwritten:
            _forget_unwritten(unwritten)
            raise NotDurableError(f"The object could not be written: {unwritten[0]}")
    except NotDurableError as error:
        return _refused(service, headers, str(error))
    return answer


def _action(headers: dict[str, str], body: bytes, query: dict[str, Any]) -> str:
    """The operation's name where the protocol has one: JSON in a header, the query protocol in the form."""
    if target := headers.get("x-amz-target", ""):
        return target.rpartition(".")[2]
    if given := query.get("Action"):
        return str(given[0])
    form = headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    named = re.search(rb"(?:^|&)Action=(\w+)", body) if form else None
    return named[1].decode() if named else ""


def _refused(service: str, headers: dict[str, str], reason: str) -> Answer:
    """An error of the server's that the AWS clients know and repeat, in the protocol of the call."""
    if "x-amz-target" in headers:
        code = "InternalServerError" if service == "dynamodb" else "InternalError"
        return (
            500,
            {"Content-Type": "application/x-amz-json-1.0", "x-amzn-errortype": code},
            json.dumps({"__type": code, "message": reason}).encode(),
        )
    escaped = reason.replace("&", "&amp;").replace("<", "&lt;")
    error = f"<Error><Code>InternalError</Code><Message>{escaped}</Message></Error>"
    text = error if service == "s3" else f"<ErrorResponse>{error}</ErrorResponse>"
    return 500, {"Content-Type": "application/xml"}, text.encode()


# Objects: ministack writes each into a file of its own, and only logs what it could not write.

_unwritten: contextvars.ContextVar[list[str] | None] = contextvars.ContextVar("unwritten", default=None)
"""Where the call under way notes `reason: path` of every file that it could not write."""


def _keep_objects() -> None:
    objects = ministack.module("ministack.services.s3")
    remove = objects._remove_key_files

    def write(path: str, data: bytes | str, *, text: bool = False) -> None:  # noqa: ARG001 - its caller's
        temporary = Path(path + ".tmp")
        content = data.encode() if isinstance(data, str) else data
        try:
            with open(temporary, "wb", opener=functools.partial(os.open, mode=0o600)) as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
            sync_folder(temporary.parent)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            if (noted := _unwritten.get()) is not None:
                noted.append(f"{error.strerror}: {path}")
            raise

    def remove_and_sync(path: str | None) -> None:
        remove(path)
        if path and os.path.isdir(os.path.dirname(path)):
            sync_folder(Path(path).parent)

    objects._atomic_write, objects._remove_key_files = write, remove_and_sync


def _forget_unwritten(unwritten: list[str]) -> None:
    """Give the buckets of unwritten files what lies on the disk: the refused object must not be read back."""
    objects = ministack.module("ministack.services.s3")
    root = Path(objects.DATA_DIR)
    for account, name in {Path(note.split(": ", 1)[1]).relative_to(root).parts[:2] for note in unwritten}:
        bucket = objects._buckets._data.get((account, name))
        if bucket is not None:
            bucket["objects"].clear()
            for key in [key for key in objects._object_versions._data if key[0] == account and key[1][0] == name]:
                del objects._object_versions._data[key]
            objects._load_persisted_bucket(account, name, str(root / account / name))


# Queues that feed functions: read and emptied by ministack's own threads, past every handler.


def _guard_queue_mappings(keeper: Keeper) -> None:
    queues, app = ministack.module("ministack.services.sqs"), ministack.module("ministack.app")
    receive, delete = queues._receive_messages_for_esm, queues._delete_messages_for_esm

    async def settled() -> bool:
        keeper.touched()
        try:
            await keeper.settle(changed=True)
        except NotDurableError:
            return False
        return True

    def settle() -> bool:
        return asyncio.run_coroutine_threadsafe(settled(), app._MAIN_LOOP).result()

    def receive_durable(url: str, number: int) -> Any:
        # A function whose writes would be refused only wears its message's attempts out.
        if keeper.refusal(0) is not None:
            return []
        messages = receive(url, number)
        return messages if not messages or settle() else []

    def delete_durable(url: str, handles: set[str]) -> None:
        delete(url, handles)
        settle()

    queues._receive_messages_for_esm, queues._delete_messages_for_esm = receive_durable, delete_durable
