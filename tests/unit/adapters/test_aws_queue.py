"""The work queue sends many batches at once, tries all of them, and says if one was refused."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from shipby.adapters.aws.queue import SqsWorkQueue
from shipby.application.ports.messages import QueueMessage
from shipby.domain.errors import InvalidInputError, StoreUnavailableError
from tests.support.waiting import LONGEST


class Sqs:
    """Answers SendMessageBatch; `refuse` names messages that are never taken, `away` those that break the call,
    and no call is answered before `together` are under way."""

    def __init__(self, *, refuse: Sequence[int] = (), away: Sequence[int] = (), together: int = 1) -> None:
        self._refuse, self._away = set(refuse), set(away)
        self._meeting = threading.Barrier(together, timeout=LONGEST)
        self._lock = threading.Lock()
        self._now = 0
        self.taken: list[int] = []
        self.sizes: list[int] = []
        self.most_at_once = 0
        self.threads: set[str] = set()

    def send_message_batch(self, *, QueueUrl: str, Entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's names
        assert QueueUrl == "https://queue"
        numbers = {entry["Id"]: int(json.loads(entry["MessageBody"])["n"]) for entry in Entries}
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
            self.sizes.append(len(Entries))
            self.threads.add(threading.current_thread().name)
        self._meeting.wait()
        with self._lock:
            self._now -= 1
            if self._away.intersection(numbers.values()):
                raise EndpointConnectionError(endpoint_url="https://queue")
            self.taken += [number for number in numbers.values() if number not in self._refuse]
        failed = [{"Id": key, "Code": "InternalError"} for key, number in numbers.items() if number in self._refuse]
        return {"Failed": failed}


def queue(sqs: Sqs) -> SqsWorkQueue:
    return SqsWorkQueue("https://queue", client=sqs)  # type: ignore[arg-type]  # as much of a client as is used


def messages(count: int) -> list[QueueMessage]:
    return [QueueMessage(body={"n": number}, group="s") for number in range(count)]


def test_nothing_is_sent_for_no_messages() -> None:
    sqs = Sqs()
    queue(sqs).send(iter(()))
    assert sqs.sizes == []


def test_one_batch_is_sent_without_another_thread() -> None:
    sqs = Sqs()
    queue(sqs).send(messages(10))
    assert (sqs.sizes, sqs.threads) == ([10], {threading.current_thread().name})


def test_many_batches_are_on_their_way_at_once_and_every_message_goes_once() -> None:
    sqs = Sqs(together=3)
    queue(sqs).send(messages(205))
    assert sorted(sqs.taken) == list(range(205))
    assert sorted(sqs.sizes) == [5] + [10] * 20
    assert 3 <= sqs.most_at_once <= 8


def test_a_refused_message_is_told_after_all_other_batches_were_tried() -> None:
    sqs = Sqs(refuse=[3])
    with pytest.raises(StoreUnavailableError, match="refused 1 of 10"):
        queue(sqs).send(messages(100))
    assert set(range(100)) - set(sqs.taken) == {3}


def test_an_endpoint_that_is_away_is_told_after_all_other_batches_were_tried() -> None:
    sqs = Sqs(away=[15])
    with pytest.raises(StoreUnavailableError, match="did not take 10"):
        queue(sqs).send(messages(100))
    assert set(range(100)) - set(sqs.taken) == set(range(10, 20))


def test_an_impossible_message_is_found_before_anything_is_sent() -> None:
    sqs = Sqs()
    with pytest.raises(InvalidInputError):
        queue(sqs).send([*messages(50), QueueMessage(body={"n": 50}, group="s", delay_seconds=901)])
    assert sqs.taken == []
