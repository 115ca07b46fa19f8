"""A restart of the emulator gives back what its workers held, and only that."""

from __future__ import annotations

import pytest

from shipby_local.stack.emulation import private_time


def test_messages_that_dead_workers_held_are_there_again_and_delayed_ones_keep_their_delay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = {"visible_at": 9e9, "receive_count": 1}
    delayed = {"visible_at": 9e9, "receive_count": 0}
    waiting = {"visible_at": 5.0, "receive_count": 0}
    monkeypatch.setattr(private_time, "_fed_queues", lambda: [{"messages": [held, delayed]}, {"messages": [waiting]}])
    assert private_time.give_back_what_workers_held() == 1
    assert [message["visible_at"] for message in (held, delayed, waiting)] == [0.0, 9e9, 5.0]
