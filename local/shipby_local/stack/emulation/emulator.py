"""The emulated AWS services alone: ministack in a child process on 127.0.0.1, nothing deployed."""

import errno
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from shipby_local.stack.clients import isolated_clients
from shipby_local.stack.clock import VARIABLE as CLOCK_VARIABLE
from shipby_local.stack.datafolder import DataFolder
from shipby_local.stack.errors import (
    EXIT_BROKEN_DATA,
    EXIT_WRONG_VERSION,
    DataFolderBrokenError,
    EmulatorError,
    PortTakenError,
    PythonTooOldError,
)

HOST = "127.0.0.1"
REGION = "us-east-1"
ACCOUNT = "000000000000"
ADMIN_KEY = "test"
ADMIN_SECRET = "test"  # noqa: S105 - the emulator's fixed root pair, worth nothing anywhere else
OLDEST_PYTHON = (3, 11)
WORK_PATH = "/_shipby/work"
"""Where the emulator's process says what is under way."""
START_SECONDS = 120.0
STOP_SECONDS = 60.0
# The only variables of the caller's environment that reach the emulator and so the functions' workers.
INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR")


def require_python(version: tuple[int, ...]) -> None:
    """Raise PythonTooOldError below the oldest supported version."""
    if version < OLDEST_PYTHON:
        found, needed = (".".join(map(str, numbers)) for numbers in (version, OLDEST_PYTHON))
        raise PythonTooOldError(
            f"Python {found} is too old: the embedded stack needs {needed} or newer. "
            "Install it and run `make setup` again."
        )


def listen_on(port: int, what: str) -> socket.socket:
    """A listening socket on 127.0.0.1; port 0 takes a free one. Raises PortTakenError."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # Without it a port stays blocked for a minute after its connections closed.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(256)
    except OSError as error:
        listener.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            reason = "in use by another program" if error.errno == errno.EADDRINUSE else "not open to this user"
            raise PortTakenError(
                f"Port {port} on {HOST} ({what}) is {reason}. Stop that program or choose another port."
            ) from error
        raise
    return listener


class Emulator:
    """ministack on 127.0.0.1 in its own process.

    `data_dir` None keeps nothing after `stop`; otherwise what a call was answered is on the disk there (docs/adr/0028).
    `auth` switches IAM on: a call is then checked against the policies of the role whose credentials signed it;
    `client` always signs as the account's root. `port` 0 takes a free port. `environment` is added to the scrubbed
    environment of the process and of every function's worker. `folder` hands over an already acquired data folder.
    `clock_file`: the stepped clock that queues and workers go by.
    """

    def __init__(
        self,
        data_dir: Path | None = None,
        auth: bool = False,
        port: int = 0,
        *,
        environment: Mapping[str, str] | None = None,
        folder: DataFolder | None = None,
        clock_file: Path | None = None,
    ) -> None:
        self._persistent = data_dir is not None or folder is not None
        self._data_dir = data_dir
        self._given_folder = folder
        self._folder: DataFolder | None = folder
        self._auth = auth
        self._wanted_port = port
        self._environment = dict(environment or {})
        self._clock_file = clock_file
        self._process: subprocess.Popen[bytes] | None = None
        self._log: Path | None = None
        self._asking = threading.Lock()
        self._work: http.client.HTTPConnection | None = None
        self._create_client: Callable[..., Any] | None = None
        self.port = 0

    @property
    def endpoint(self) -> str:
        """Base address of all services, for example http://127.0.0.1:41234."""
        return f"http://{HOST}:{self.port}"

    @property
    def pid(self) -> int:
        """Process id of the running emulator. Raises EmulatorError if it does not run."""
        if self._process is None:
            raise EmulatorError("The emulator does not run.")
        return self._process.pid

    def start(self) -> Self:
        """Start and wait until it answers. Raises a StackError that says what is in the way."""
        require_python(sys.version_info[:2])
        if self._process is not None:
            raise EmulatorError("The emulator runs already.")
        listener = listen_on(self._wanted_port, "the emulated AWS services")
        try:
            if self._given_folder is None:
                self._folder = DataFolder(self._data_dir or Path(tempfile.mkdtemp(prefix="shipby-emulator-")))
                self._folder.acquire()
            self.port = listener.getsockname()[1]
            self._spawn(listener)
        except BaseException:
            self._give_up_folder()
            raise
        finally:
            listener.close()
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Save, stop the process and its workers; a second call does nothing."""
        self._hang_up()
        if self._process is not None:
            if self._process.poll() is None:
                self._process.terminate()
                try:
                    self._process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    self._process.kill()
                    self._process.wait()
            self._process = None
        self._give_up_folder()

    def kill(self) -> None:
        """End the process at once, as a power cut would (kill -9)."""
        self._hang_up()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        self._give_up_folder()

    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self._process is not None and self._process.poll() is None

    def work(self) -> dict[str, Any]:
        """What is under way, once nothing is or a moment has passed: see `private_time.WorkUnderWay`. Raises
        EmulatorError without an answer."""
        with self._asking:
            if self._work is not None:
                try:
                    return self._asked(self._work)
                except (ConnectionError, http.client.HTTPException):
                    # It ends what nothing was asked over for a while: that says nothing of what it does.
                    self._hang_up()
            try:
                self._work = http.client.HTTPConnection(HOST, self.port, timeout=300)
                return self._asked(self._work)
            except (OSError, http.client.HTTPException) as error:
                self._hang_up()
                raise EmulatorError(f"The emulator does not say what it is doing: {error}. See {self._log}.") from error

    @staticmethod
    def _asked(connection: http.client.HTTPConnection) -> dict[str, Any]:
        connection.request("GET", WORK_PATH)
        found: dict[str, Any] = json.loads(connection.getresponse().read())
        return found

    def _hang_up(self) -> None:
        if self._work is not None:
            self._work.close()
            self._work = None

    def log_text(self) -> str:
        """What the emulator has written to its log so far."""
        return self._log.read_text("utf-8", "replace") if self._log is not None and self._log.exists() else ""

    def client(
        self, service: str, *, key: str = ADMIN_KEY, secret: str = ADMIN_SECRET, token: str | None = None
    ) -> Any:
        """A boto3 client of this emulator, with the root's credentials unless others are given.

        The caller's own AWS profile, configuration files and proxies play no part.
        """
        if self._create_client is None:
            self._create_client = isolated_clients(REGION)
        return self._create_client(
            service,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            endpoint_url=self.endpoint,
        )

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _spawn(self, listener: socket.socket) -> None:
        folder = self._folder
        if folder is None or folder.lock_descriptor is None:
            raise EmulatorError("The data folder must be acquired before the emulator starts.")
        arguments = {
            "listen": listener.fileno(),
            "parent": os.getpid(),
            "state": str(folder.state) if self._persistent else "",
            "clock": str(self._clock_file or ""),
            "work_path": WORK_PATH,
            "expected": folder.read_deployment().get("state") or {},
        }
        self._log = folder.root / "emulator.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "shipby_local.stack.emulation.process", json.dumps(arguments)],
                env=self._scrubbed_environment(folder),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=(listener.fileno(), folder.lock_descriptor),
                cwd=folder.root,
                # Ctrl-C at the terminal must reach only the owner, which stops things in order.
                start_new_session=True,
            )

    def _scrubbed_environment(self, folder: DataFolder) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        return inherited | {
            "AUTH": "true" if self._auth else "false",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            # No container engine is ever wanted, even where one runs.
            "DOCKER_HOST": f"unix://{folder.temporary}/no-docker",
            "GATEWAY_PORT": str(self.port),
            "HOME": str(folder.temporary),
            "IOT_MTLS_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_HOST": HOST,
            "MINISTACK_REGION": REGION,
            # Snapshots are ours; ministack's own saving stays off.
            "PERSIST_STATE": "0",
            "S3_DATA_DIR": str(folder.objects),
            "S3_PERSIST": "1" if self._persistent else "0",
            "SFTP_ENABLED": "0",
            "TMPDIR": str(folder.temporary),
            **self._environment,
            **({CLOCK_VARIABLE: str(self._clock_file)} if self._clock_file else {}),
        }

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process is not None and self._process.poll() is not None:
                self._raise_start_failure(self._process.returncode)
            if self._answers():
                return
            time.sleep(0.05)
        raise EmulatorError(
            f"The emulator did not answer within {START_SECONDS:.0f} s. Its log:\n{self.log_text()[-2000:]}"
        )

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=2)
        try:
            connection.request("GET", "/_ministack/health")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def _raise_start_failure(self, code: int) -> None:
        text = self.log_text().strip()
        if code == EXIT_BROKEN_DATA and self._folder is not None:
            raise DataFolderBrokenError(
                f"The data folder is broken, saved state cannot be read back: {text.splitlines()[-1]}. "
                f"Restore the folder {self._folder.root} from a copy, or remove it to start with no data."
            )
        if code == EXIT_WRONG_VERSION:
            raise EmulatorError(text.splitlines()[-1])
        raise EmulatorError(f"The emulator ended at once (exit code {code}). Its log:\n{text[-2000:]}")

    def _give_up_folder(self) -> None:
        if self._given_folder is None and self._folder is not None:
            self._folder.release()
            if not self._persistent:
                shutil.rmtree(self._folder.root, ignore_errors=True)
            self._folder = None
