"""Entry of the emulator's own process: ministack's application, our journal and snapshots and nothing else.

Started by `Emulator` as `python -m shipby_local.stack.emulation.process '<json>'` with a scrubbed environment and a
bound socket (`listen`). It ends, after a last snapshot, on SIGTERM or SIGINT and when the process that started it is
gone.
"""

import asyncio
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shipby_local.stack.errors import EXIT_BROKEN_DATA, EXIT_WRONG_VERSION

if TYPE_CHECKING:
    from shipby_local.stack.emulation.durability import Durability
    from shipby_local.stack.emulation.private_time import WorkUnderWay
    from shipby_local.stack.emulation.snapshots import Snapshots

_PARENT_CHECK_SECONDS = 1.0
JOURNAL_VARIABLE = "SHIPBY_LOCAL_JOURNAL"
"""`off` leaves the journal out, for the benches that show what it costs and what is lost without it."""


def main() -> int:
    """Serve until told to stop; the exit code says why it could not start."""
    logging.basicConfig(level=os.environ["LOG_LEVEL"], format="%(asctime)s %(levelname)s %(name)s %(message)s")
    arguments = json.loads(sys.argv[1])
    from shipby_local.stack.clock import SteppedClock
    from shipby_local.stack.emulation import private_calls, private_changes, private_code, private_names
    from shipby_local.stack.emulation.durability import CODE, Durability
    from shipby_local.stack.emulation.private_time import WorkUnderWay, follow_clock
    from shipby_local.stack.emulation.snapshots import SnapshotError, Snapshots

    try:
        for names in (private_calls.NAMES, private_changes.NAMES, private_code.NAMES):
            private_names.check(names)
    except private_names.UnknownMinistackError as error:
        print(error, file=sys.stderr)
        return EXIT_WRONG_VERSION
    private_names.shorten_log_wait()
    private_names.disable_stream_mappings()
    private_names.hurry_queue_mappings()
    private_names.serialise_queue_mappings()
    private_code.share_unpacked_code()
    work = WorkUnderWay()
    work.install()
    if arguments["clock"]:
        follow_clock(SteppedClock(Path(arguments["clock"])).now)
    keeper: Durability | Snapshots | None = None
    if arguments["state"]:
        state = Path(arguments["state"])
        private_names.keep_code_blobs_in(str(state / CODE))
        try:
            if os.environ.get(JOURNAL_VARIABLE) == "off":
                keeper = Snapshots(state)
                keeper.restore()
            else:
                keeper = Durability(state)
                keeper.restore(arguments["expected"])
                keeper.start()
        except SnapshotError as error:
            print(error, file=sys.stderr)
            return EXIT_BROKEN_DATA
    asyncio.run(_serve(int(arguments["listen"]), int(arguments["parent"]), keeper, work, arguments["work_path"]))
    private_names.stop_workers()
    return 0


async def _serve(
    listen: int, parent: int, keeper: "Durability | Snapshots | None", work: "WorkUnderWay", work_path: str
) -> None:
    from ministack.app import app
    from uvicorn import Config, Server

    # A handler that still runs must not hold up the stop: its message or record is delivered again later.
    config = Config(
        _reporting(app, work, work_path),
        http="httptools",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )
    server = Server(config)
    # Its own handlers would raise the signal once more when it has ended, before the last snapshot.
    server.capture_signals = nullcontext  # type: ignore[assignment]  # takes no signals

    def stop() -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    tasks = [asyncio.create_task(_stop_when_orphaned(parent, stop))]
    if keeper is not None:
        tasks.append(asyncio.create_task(keeper.run()))
    await server.serve([socket.socket(fileno=listen)])
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    if keeper is not None:
        await keeper.close()


def _reporting(app: Any, work: "WorkUnderWay", path: str) -> Any:
    """The emulator's application with one more address, for the stepper: what is under way."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] != path:
            await app(scope, receive, send)
            return
        body = json.dumps(await work.at_rest()).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return answer


async def _stop_when_orphaned(parent: int, stop: Callable[[], None]) -> None:
    while os.getppid() == parent:
        await asyncio.sleep(_PARENT_CHECK_SECONDS)
    stop()


if __name__ == "__main__":
    code = main()
    # All is saved and no worker is left. An orderly end would wait for threads whose event loop is gone.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
