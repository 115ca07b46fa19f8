"""The question what the emulator is doing outlives a connection that nobody used for a while."""

from __future__ import annotations

import socket
import threading

import pytest

from shipby_local.stack.emulation.emulator import Emulator
from shipby_local.stack.errors import EmulatorError

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{"busy":0}'


def emulator_that(answers: list[bytes]) -> tuple[Emulator, threading.Thread]:
    """Gives one of `answers` per connection, and ends the connection as an idle one is ended."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener:
            for answer in answers:
                connection, _ = listener.accept()
                with connection:
                    if answer:
                        connection.recv(4096)
                        connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    emulator = Emulator()
    emulator.port = listener.getsockname()[1]
    return emulator, thread


def test_a_connection_that_was_ended_meanwhile_is_made_anew() -> None:
    emulator, serving = emulator_that([ANSWER, ANSWER])
    assert emulator.work() == {"busy": 0}
    assert emulator.work() == {"busy": 0}
    emulator.kill()
    serving.join(10)
    assert not serving.is_alive()


def test_an_emulator_that_ends_a_new_connection_does_not_work() -> None:
    emulator, serving = emulator_that([ANSWER, b""])
    assert emulator.work() == {"busy": 0}
    with pytest.raises(EmulatorError, match="does not say what it is doing"):
        emulator.work()
    serving.join(10)
