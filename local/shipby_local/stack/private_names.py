"""The only module that touches names ministack does not publish; written for exactly one version.

`check` fails clearly on another version or when a name is gone, instead of losing data quietly later on.
"""

import ast
import contextlib
import copy
import importlib
import importlib.metadata
import json
from collections.abc import Iterator
from typing import Any

VERSION = "1.5.33"

_NAMES = {
    "ministack.app": ["app", "AUTH", "_build_persistence_save_dict", "_load_persisted_state", "save_all"],
    "ministack.core.persistence": ["STATE_DIR", "_json_default", "_json_object_hook", "_state_format_version"],
    "ministack.core.lambda_runtime": ["Worker", "execution_credentials", "reset"],
    "ministack.services.dynamodb": [
        "_lock",
        "_tables",
        "_stream_records",
        "_stream_trimmed",
        "_stream_seq_counter",
        "_next_stream_seq",
    ],
    "ministack.services.lambda_svc": ["CODE_BLOB_DIR", "_functions", "_poll_dynamodb_streams"],
}


class UnknownMinistackError(Exception):
    """The installed ministack is not the version this glue was written for."""


def check() -> None:
    """Raise UnknownMinistackError unless the version and every private name are as expected."""
    installed = importlib.metadata.version("ministack")
    if installed != VERSION:
        raise UnknownMinistackError(
            f"ministack {installed} is installed but the embedded stack was written for {VERSION}: install that version "
            "(`make setup`)."
        )
    for module_name, names in _NAMES.items():
        module = importlib.import_module(module_name)
        missing = [name for name in names if not hasattr(module, name)]
        if missing:
            raise UnknownMinistackError(f"{module_name} of ministack {installed} lacks {', '.join(missing)}.")
    worker = importlib.import_module("ministack.core.lambda_runtime").Worker
    if worker._drain_stderr_bounded.__defaults__ != (0.050, 0.005, 0.250):
        raise UnknownMinistackError(f"Worker._drain_stderr_bounded of ministack {installed} takes other arguments.")


def use_state_folders(generation: str, code_blobs: str) -> None:
    """Load state from `generation` and keep functions' code in `code_blobs`, which all generations share."""
    persistence = importlib.import_module("ministack.core.persistence")
    functions = importlib.import_module("ministack.services.lambda_svc")
    persistence.STATE_DIR = generation
    functions.CODE_BLOB_DIR = code_blobs


def disable_own_saving() -> None:
    """ministack's own save at shutdown would write a second, non-atomic copy."""
    importlib.import_module("ministack.app").save_all = lambda _states: None


def shorten_log_wait() -> None:
    """Wait 5 ms, not 50 ms, for a first log line of a handler that logs nothing (paid by every invocation)."""
    worker = importlib.import_module("ministack.core.lambda_runtime").Worker
    worker._drain_stderr_bounded.__defaults__ = (0.005, 0.002, 0.250)


def disable_stream_mappings() -> None:
    """The stream pump is the only reader: ministack's own stream mappings lose records."""
    importlib.import_module("ministack.services.lambda_svc")._poll_dynamodb_streams = lambda: False


def dynamodb_lock() -> contextlib.AbstractContextManager[Any]:
    """The lock of DynamoDB's background threads (expiry, exports)."""
    lock: contextlib.AbstractContextManager[Any] = importlib.import_module("ministack.services.dynamodb")._lock
    return lock


def collect_states() -> dict[str, Any]:
    """Deep copies of every loaded service's state by its file key.

    Background threads (queue mappings) may change a dictionary while it is copied; such a copy is repeated.
    """
    readers = importlib.import_module("ministack.app")._build_persistence_save_dict()
    states: dict[str, Any] = {}
    for name, read in readers.items():
        state = _repeat_while_changing(read)
        if state is not None:
            states[name] = state
    return states


def _repeat_while_changing(read: Any, attempts: int = 20) -> Any:
    for attempt in range(attempts):
        try:
            return read()
        except RuntimeError as error:
            if "changed size during iteration" not in str(error) or attempt == attempts - 1:
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")


def collect_streams() -> dict[str, Any]:
    """Stream records of all tables with the positions they were trimmed to."""
    dynamodb = importlib.import_module("ministack.services.dynamodb")
    return {
        "records": copy.deepcopy(dynamodb._stream_records),
        "trimmed": copy.deepcopy(dynamodb._stream_trimmed),
        "sequence": dynamodb._stream_seq_counter,
    }


def restore_streams(saved: dict[str, Any]) -> None:
    """Put back what `collect_streams` read."""
    dynamodb = importlib.import_module("ministack.services.dynamodb")
    dynamodb._stream_records._data.update(saved["records"]._data)
    dynamodb._stream_trimmed._data.update(saved["trimmed"]._data)
    dynamodb._stream_seq_counter = max(dynamodb._stream_seq_counter, int(saved["sequence"]))


def encode_state(name: str, state: Any) -> str:
    """A service's state in the file format that ministack's own loader reads."""
    persistence = importlib.import_module("ministack.core.persistence")
    wrapped = {"__ministack_format__": persistence._state_format_version(name), "payload": state}
    return json.dumps(wrapped, default=persistence._json_default)


def encode_plain(value: Any) -> str:
    """JSON text with ministack's encoding of its own container types."""
    return json.dumps(value, default=importlib.import_module("ministack.core.persistence")._json_default)


def decode_state(text: str) -> Any:
    """Reverse of `encode_plain`."""
    return json.loads(text, object_hook=importlib.import_module("ministack.core.persistence")._json_object_hook)
