"""With the other `private_…` modules of this folder the only code that touches names ministack does not publish.

Written for exactly one version: `check` fails clearly on another version or when a name is gone, instead of losing data
quietly later on.
"""

import asyncio
import contextlib
import functools
import importlib
import importlib.metadata
import json
import types
from collections.abc import Callable, Iterator
from typing import Any

VERSION = "1.5.33"

_NAMES = {
    "ministack.app": ["app", "_MAIN_LOOP", "_build_persistence_save_dict", "_get_module", "_state_map"],
    "ministack.core.persistence": ["_json_default", "_json_object_hook", "_state_format_version"],
    "ministack.core.concurrency": ["esm_wake"],
    "ministack.core.lambda_runtime": ["Worker", "execution_credentials", "reset"],
    "ministack.services.dynamodb": [
        "_lock",
        "_tables",
        "_stream_records",
        "_stream_trimmed",
        "_stream_seq_counter",
        "_next_stream_seq",
        "copy",
        "time",
    ],
    "ministack.services.cloudformation": ["_stacks"],
    "ministack.services.scheduler": ["_tick_schedules"],
    "ministack.services.sqs": [
        "_act_receive_message",
        "_receive_messages_for_esm",
        "_delete_messages_for_esm",
        "_queues",
        "copy",
        "time",
    ],
    "ministack.services.lambda_svc": [
        "CODE_BLOB_DIR",
        "_ESM_IDLE_WAKE_GAP_SECONDS",
        "_functions",
        "_iter_all_esms",
        "_poll_dynamodb_streams",
        "_run_sqs_batch",
    ],
}


class UnknownMinistackError(Exception):
    """The installed ministack is not the version this glue was written for."""


def check(further: dict[str, list[str]] | None = None) -> None:
    """Raise UnknownMinistackError unless the version and every private name, `further` too, are as expected."""
    installed = importlib.metadata.version("ministack")
    if installed != VERSION:
        raise UnknownMinistackError(
            f"ministack {installed} is installed but the embedded stack was written for {VERSION}: "
            "install that version (`make setup`)."
        )
    for module_name, names in [*_NAMES.items(), *(further or {}).items()]:
        missing = [name for name in names if not hasattr(module(module_name), name)]
        if missing:
            raise UnknownMinistackError(f"{module_name} of ministack {installed} lacks {', '.join(missing)}.")
    worker = module("ministack.core.lambda_runtime").Worker
    if worker._drain_stderr_bounded.__defaults__ != (0.050, 0.005, 0.250):
        raise UnknownMinistackError(f"Worker._drain_stderr_bounded of ministack {installed} takes other arguments.")


def module(name: str) -> Any:
    """One of the emulator's modules, untyped as its private names are."""
    return importlib.import_module(name)


def keep_code_blobs_in(folder: str) -> None:
    """Functions' code lies beside the snapshots, named by its hash and shared by all generations."""
    module("ministack.services.lambda_svc").CODE_BLOB_DIR = folder


def shorten_log_wait() -> None:
    """Wait 5 ms, not 50 ms, for a first log line of a handler that logs nothing (paid by every invocation)."""
    worker = module("ministack.core.lambda_runtime").Worker
    worker._drain_stderr_bounded.__defaults__ = (0.005, 0.002, 0.250)


def disable_stream_mappings() -> None:
    """The stream pump is the only reader: ministack's own stream mappings lose records."""
    module("ministack.services.lambda_svc")._poll_dynamodb_streams = lambda: False


def hurry_queue_mappings() -> None:
    """Look at the queues 5 ms, not 50 ms, after a wake that found nothing: every write to a table is such a wake."""
    module("ministack.services.lambda_svc")._ESM_IDLE_WAKE_GAP_SECONDS = 0.005


def serialise_queue_mappings() -> None:
    """Let queue mappings touch a queue on the event loop only, where every other queue operation runs.

    ministack's mapping threads rebuild a queue's message list while the event loop appends to it: a message sent at
    that moment is lost. (Their lock does not help, senders do not take it.)
    """
    queues = module("ministack.services.sqs")
    app = module("ministack.app")

    def on_loop(function: Callable[..., Any]) -> Callable[..., Any]:
        async def run(*arguments: Any) -> Any:
            return function(*arguments)

        def call(*arguments: Any) -> Any:
            return asyncio.run_coroutine_threadsafe(run(*arguments), app._MAIN_LOOP).result()

        return call

    receive, delete = on_loop(queues._receive_messages_for_esm), on_loop(queues._delete_messages_for_esm)

    def receive_unless_empty(url: str, number: int) -> Any:
        # The hop to the loop costs more than this look, and most looks find nothing.
        queue = queues._queues.get(url)
        serving = app._MAIN_LOOP is not None
        return receive(url, number) if serving and queue is not None and queue["messages"] else []

    queues._receive_messages_for_esm = receive_unless_empty
    queues._delete_messages_for_esm = delete


def dynamodb_lock() -> contextlib.AbstractContextManager[Any]:
    """The lock of DynamoDB's background threads (expiry, exports)."""
    lock: contextlib.AbstractContextManager[Any] = module("ministack.services.dynamodb")._lock
    return lock


def encode_states() -> dict[str, str]:
    """Every loaded service's state as text by its file key. Call on the event loop with `dynamodb_lock` held.

    Services copy their whole state before they hand it out, which takes 25 times longer than encoding it. The two big
    ones change on the event loop only, where this runs, so for the moment of the call they hand out what they have.
    Background threads may change another service's dictionary while it is copied; such a copy is repeated.
    """
    readers = module("ministack.app")._build_persistence_save_dict()
    texts: dict[str, str] = {}
    for name, read in readers.items():
        copied = name not in ("dynamodb", "sqs")
        with contextlib.nullcontext() if copied else _uncopied(module(f"ministack.services.{name}")):
            text = _repeat_while_changing(functools.partial(_encode_state, name, read))
        if text is not None:
            texts[name] = text
    return texts


@contextlib.contextmanager
def _uncopied(service: Any) -> Iterator[None]:
    original = service.copy
    service.copy = types.SimpleNamespace(deepcopy=lambda value: value)
    try:
        yield
    finally:
        service.copy = original


def _encode_state(name: str, read: Callable[[], Any]) -> str | None:
    """In the file format of ministack's own loader; None for a service that failed to load and so has no state."""
    state = read()
    if state is None:
        return None
    persistence = module("ministack.core.persistence")
    wrapped = {"__ministack_format__": persistence._state_format_version(name), "payload": state}
    return json.dumps(wrapped, default=persistence._json_default)


def encode(value: Any) -> str:
    """A value as text that `decode_state` reads."""
    return json.dumps(value, default=module("ministack.core.persistence")._json_default, separators=(",", ":"))


def _repeat_while_changing(encode: Callable[[], str | None], attempts: int = 20) -> str | None:
    for attempt in range(attempts):
        try:
            return encode()
        except RuntimeError as error:
            if "changed size during iteration" not in str(error) or attempt == attempts - 1:
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")


def encode_streams(checkpoint_table: str) -> str:
    """Stream records of all tables from their checkpoint on; what lies before it needs no second delivery."""
    dynamodb = module("ministack.services.dynamodb")
    rows = [row for table in _tables_named(checkpoint_table) for row in table["items"].values()]
    done = {item["stream"]["S"]: item["sequence"]["S"] for row in rows for item in row.values()}
    records, trimmed = type(dynamodb._stream_records)(), type(dynamodb._stream_trimmed)()
    for key, entries in dynamodb._stream_records._data.items():
        kept = [
            entry for entry in entries if entry["dynamodb"]["SequenceNumber"] >= done.get(entry["eventSourceARN"], "")
        ]
        records._data[key] = kept
        trimmed._data[key] = dynamodb._stream_trimmed._data.get(key, 0) + len(entries) - len(kept)
    streams = {"records": records, "trimmed": trimmed, "sequence": dynamodb._stream_seq_counter}
    return json.dumps(streams, default=module("ministack.core.persistence")._json_default)


def deploying() -> bool:
    """Whether CloudFormation is at work; a state saved now could neither be finished nor undone after a restart."""
    stacks = module("ministack.services.cloudformation")._stacks.all_values()
    return any(str(stack.get("StackStatus", "")).endswith("_IN_PROGRESS") for stack in list(stacks))


def count_rows(sort_key: str) -> int:
    """Rows with this sort key in all tables."""
    tables = module("ministack.services.dynamodb")._tables.all_values()
    return sum(1 for table in tables for rows in table["items"].values() if sort_key in rows)


def _tables_named(name: str) -> list[Any]:
    items = module("ministack.services.dynamodb")._tables.all_items()
    return [table for (_account, _region, table_name), table in items if table_name == name]


def restore_states(texts: dict[str, str]) -> None:
    """Give every service its saved state. Raises whatever a service raises: ministack itself would start without it."""
    app = module("ministack.app")
    for name, module_name in app._state_map.items():
        text = texts.get(name)
        state = decode_state(text)["payload"] if text is not None else None
        if state:
            app._get_module(module_name).load_persisted_state(state)


def restore_streams(saved: dict[str, Any]) -> None:
    """Put back what `encode_streams` wrote."""
    dynamodb = module("ministack.services.dynamodb")
    dynamodb._stream_records._data.update(saved["records"]._data)
    dynamodb._stream_trimmed._data.update(saved["trimmed"]._data)
    dynamodb._stream_seq_counter = max(dynamodb._stream_seq_counter, int(saved["sequence"]))


def decode_state(text: str) -> Any:
    """What a saved text stands for."""
    return json.loads(text, object_hook=module("ministack.core.persistence")._json_object_hook)


def stop_workers() -> None:
    """End every function's worker process. Their unpacked code, thousands of files, is left to the data folder's owner:
    removing it here took longer on a busy machine than the owner waits before it kills this process.
    """
    runtime = module("ministack.core.lambda_runtime")
    runtime.Worker._discard_tmpdir = lambda _: None
    runtime.reset()
