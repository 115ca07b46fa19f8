"""Starts functions as Lambda does: the real runtime interface client, packages as they are shipped, and a runtime API.

A package folder is laid out as on Lambda: `task` (a function's own files), `opt/python` (the layer) and `ric` (the
runtime interface client, which is the image's own there). What a process has used of the processor is read from the
kernel at the very moment it asks for its first event, and again when it answers.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RUNTIME = "3.13"
CLIENT = "awslambdaric==4.2.2"
"""The runtime interface client of Lambda's own image, and what it imports."""
_ITS_LIBRARIES = ("simplejson", "snapshot-restore-py==1.0.0")
LOCKS = ("layers/common/src", "functions/label_generation", "functions/notifications")
BASELINE = """import boto3

client = boto3.client("dynamodb")


def handler(event, context):
    client.put_item(TableName="t", Item={"PK": {"S": "a"}, "SK": {"S": "b"}})
    return {}
"""
_SILENT = 60.0


class NotRunError(Exception):
    """Something that the bench needs is not on this machine; the message says what."""


def interpreter() -> Path:
    """The deployed runtime's Python: on PATH, or installed by pyenv. Raises NotRunError."""
    found = [shutil.which(f"python{RUNTIME}")]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found += [str(path) for path in sorted(pyenv.glob(f"{RUNTIME}.*/bin/python{RUNTIME}"), reverse=True)]
    for path in filter(None, reversed(found)):
        if subprocess.run([path, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0:
            return Path(path)
    raise NotRunError(f"python{RUNTIME} with pip is needed, the runtime that the functions are deployed on")


def build(folder: Path) -> dict[bool, Path]:
    """Packages with compiled files and the same without, by `compiled`. Libraries are installed once per lock.

    Raises NotRunError where the locked libraries cannot be had for this machine.
    """
    python = interpreter()
    libraries = folder / "libraries"
    locks = b"".join((ROOT / lock / "requirements.txt").read_bytes() for lock in LOCKS) + CLIENT.encode()
    mark = libraries / "locks"
    if not mark.is_file() or mark.read_bytes() != locks:
        shutil.rmtree(libraries, ignore_errors=True)
        for lock in LOCKS:
            locked = str(ROOT / lock / "requirements.txt")
            _install(python, libraries / Path(lock).name, "--require-hashes", "-r", locked)
        _install(python, libraries / "ric", CLIENT, *_ITS_LIBRARIES)
        mark.write_bytes(locks)
    kinds = {compiled: folder / ("compiled" if compiled else "source") for compiled in (True, False)}
    for compiled, place in kinds.items():
        shutil.rmtree(place, ignore_errors=True)
        _lay_out(libraries, place)
        # The client and its libraries are part of Lambda's image, compiled there in both cases.
        files = [place] if compiled else [place / "ric"]
        options = ["-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
        subprocess.run([str(python), *options, *map(str, files)], check=True)
        if compiled:
            # Isolated from this checkout, whose modules must not stand in for the package's own.
            keep = "import sys, pathlib; sys.path.append(sys.argv[2]); from tools import compile_packages as made; "
            keep += "made.keep_methods(pathlib.Path(sys.argv[1]))"
            subprocess.run([str(python), "-I", "-c", keep, str(place / "opt/python"), str(ROOT)], check=True)
    return kinds


def _install(python: Path, target: Path, *what: str) -> None:
    command = [
        str(python),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
        "--no-compile",
        "--no-deps",
    ]
    done = subprocess.run([*command, "--target", str(target), *what], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotRunError(f"{' '.join(what)} cannot be installed for Python {RUNTIME}: {done.stderr.strip()[-300:]}")


def _lay_out(libraries: Path, place: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(libraries / "src", place / "opt/python", ignore=ignored)
    shutil.copytree(ROOT / "layers/common/src/shipby", place / "opt/python/shipby", ignore=ignored)
    shutil.copytree(libraries / "ric", place / "ric", ignore=ignored)
    shutil.copytree(ROOT / "functions", place / "task/functions", ignore=ignored)
    for name in ("label_generation", "notifications"):
        shutil.copytree(libraries / name, place / "own" / name, ignore=ignored)
    (place / "task/baseline.py").write_text(BASELINE, "utf-8")
    (place / "task/empty.py").write_text("def handler(event, context):\n    return {}\n", "utf-8")


@dataclass(frozen=True, slots=True)
class Start:
    """What one process used, in milliseconds of CPU and of time, until it asked for an event and until it answered."""

    ready: float
    answered: float
    ready_wall: float
    modules: int = 0


def _cpu(pid: int) -> float:
    """Milliseconds that all threads of a process have run, to the nanosecond as the kernel counts them."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text(encoding="ascii").split()[0])
    return total / 1e6


class _Api:
    """Lambda's runtime API for one process, which gets one event, and AWS's services, which know nothing."""

    def __init__(self, event: Mapping[str, Any], items: Mapping[str, Mapping[str, Any]]) -> None:
        self._event, self._items = json.dumps(event).encode(), items
        self.pid = 0
        self.begun = 0.0
        self.ready: tuple[float, float] | None = None
        self.answered: float | None = None
        self.failed = ""
        self.done = threading.Event()

    def get(self, request: BaseHTTPRequestHandler) -> None:
        if self.ready is not None:
            self.done.set()
            request.close_connection = True
            return
        self.ready = (_cpu(self.pid), (time.perf_counter() - self.begun) * 1e3)
        headers = {
            "Lambda-Runtime-Aws-Request-Id": "00000000-0000-4000-8000-000000000001",
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + 60) * 1e3)),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:000000000000:function:f",
            "Lambda-Runtime-Trace-Id": "",
        }
        _answer(request, self._event, headers)

    def post(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        if "/runtime/" in request.path:
            if self.answered is None:
                self.answered = _cpu(self.pid)
            if request.path.endswith("/error"):
                self.failed = body.decode()[:600]
                self.done.set()
            _answer(request, b"{}", {})
            return
        wanted = request.headers.get("X-Amz-Target", "")
        found: Mapping[str, Any] = {}
        if wanted.endswith(".GetItem"):
            item = self._items.get(json.loads(body)["Key"]["PK"]["S"].partition("#")[0])
            found = {"Item": item} if item else {}
        elif wanted.endswith(".Query"):
            found = {"Items": [], "Count": 0}
        elif wanted.endswith(".SendMessageBatch"):
            entries = json.loads(body)["Entries"]
            found = {"Successful": [{"Id": each["Id"], "MessageId": "m", "MD5OfMessageBody": ""} for each in entries]}
        _answer(request, json.dumps(found).encode(), {})


def _answer(request: BaseHTTPRequestHandler, body: bytes, headers: Mapping[str, str]) -> None:
    request.send_response(200)
    for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(body)


@contextmanager
def _served(api: _Api) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            api.get(self)

        def do_POST(self) -> None:
            api.post(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def start(
    place: Path,
    handler: str,
    event: Mapping[str, Any],
    *,
    variables: Mapping[str, str],
    items: Mapping[str, Mapping[str, Any]],
    own: str = "",
) -> Start:
    """Start a function in a process of its own and give it one event.

    Raises RuntimeError where the function fails: what it says is in the message.
    """
    api = _Api(event, items)
    with _served(api) as port, tempfile.TemporaryFile() as said:
        paths = [place / "task", *([place / "own" / own] if own else []), place / "opt/python", place / "ric"]
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": ":".join(map(str, paths)),
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            "AWS_LAMBDA_FUNCTION_NAME": "f",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            **variables,
        }
        api.begun = time.perf_counter()
        process = subprocess.Popen(
            [str(interpreter()), "-m", "awslambdaric", handler],
            env=environment,
            cwd=place / "task",
            stdout=said,
            stderr=said,
        )
        api.pid = process.pid
        try:
            ended = not api.done.wait(_SILENT)
        finally:
            process.kill()
            process.wait()
        if api.failed or ended or api.ready is None or api.answered is None:
            said.seek(0)
            raise RuntimeError(f"{handler} did not answer: {api.failed or said.read().decode()[-600:]}")
    return Start(ready=api.ready[0], answered=api.answered, ready_wall=api.ready[1])
