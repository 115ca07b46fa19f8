"""SQS batches: one bad message fails alone, and how long it waits depends on why."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from shipby.adapters.aws_lambda.batch import CREDENTIALS_WAIT, NOT_BEGUN, Outcome, SqsBatch, TimeLeft, wait_seconds
from shipby.adapters.aws_lambda.messages import Message
from shipby.domain.errors import (
    CredentialsRejectedError,
    InvalidInputError,
    MarketplaceUnavailableError,
    NotFoundError,
    RateLimitedError,
    ShipbyError,
    StoreUnavailableError,
    VersionConflictError,
)
from tests.functions.shop_support import LambdaContext, Shop, failed_ids, sqs_event


class Held:
    """Remembers what was held back."""

    def __init__(self, problem: ShipbyError | None = None) -> None:
        self.held: dict[str, int] = {}
        self._problem = problem

    def hold(self, receipt: str, seconds: int) -> None:
        if self._problem:
            raise self._problem
        self.held[receipt] = seconds


ERRORS: Mapping[str, Exception] = {
    "limited": RateLimitedError("429", retry_after=7),
    "rejected": CredentialsRejectedError("key"),
    "gone": NotFoundError("gone"),
    "bug": KeyError("Иван Петров"),
}


def work(message: Message) -> str:
    name = message.text("posting")
    if name in ERRORS:
        raise ERRORS[name]
    return "done"


def test_each_message_fails_for_itself(shop: Shop) -> None:
    held = Held()
    bodies = [{"seller": "1", "posting": name} for name in ("fine", "limited", "rejected", "gone", "bug")]
    response = SqsBatch(held).each(sqs_event(*bodies, "no json", "[1]"), LambdaContext(), work)
    assert failed_ids(response) == ["m1", "m2", "m3", "m4", "m5", "m6"]
    assert held.held == {"r1": 7} | dict.fromkeys(("r2", "r3", "r4", "r5", "r6"), 10)


def test_every_message_leaves_a_log_line_with_ids_and_outcome_but_no_values(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    bodies = [{"seller": "1", "posting": name, "secret": "top secret"} for name in ("fine", "gone", "bug")]
    SqsBatch(Held()).each(sqs_event(*bodies), LambdaContext(), work)
    lines = shop.logged()
    assert [line.get("outcome") or line["code"] for line in lines] == ["done", "not_found", "unexpected"]
    assert [line["posting"] for line in lines] == ["fine", "gone", "bug"]
    assert lines[2]["error"] == "KeyError"
    assert "work" in lines[2]["place"]
    text = shop.log.getvalue() + capsys.readouterr().out
    assert "top secret" not in text
    assert "Петров" not in text


def test_outcomes_are_counted(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    bodies = [{"seller": "1", "posting": name} for name in ("fine", "fine", "gone")]
    SqsBatch(Held()).each(sqs_event(*bodies), LambdaContext(), work)
    line = json.loads(capsys.readouterr().out)
    counted = {name: line[name] for name in ("done", "failed", "failed_not_found")}
    assert counted == {"done": 2, "failed": 1, "failed_not_found": 1}
    (measured,) = line["_aws"]["CloudWatchMetrics"]
    assert (measured["Namespace"], measured["Dimensions"]) == ("Shipby", [[]])
    assert [metric["Name"] for metric in measured["Metrics"]] == ["failures", "rate_limited"]
    assert (line["failures"], line["rate_limited"]) == ([0, 0, 1], [0, 0, 0])


def test_a_429_of_the_marketplace_counts_into_both_shares_and_what_was_not_begun_into_none(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    def limited(message: Message) -> str:
        raise RateLimitedError("slow down", retry_after=1)

    bodies = [{"seller": "1", "posting": name} for name in ("a", "b")]
    SqsBatch(Held()).each(sqs_event(*bodies), LambdaContext(), limited)
    line = json.loads(capsys.readouterr().out)
    assert (line["failures"], line["rate_limited"]) == ([1, 1], [1, 1])
    SqsBatch(Held()).each(sqs_event(*bodies), LambdaContext(millis=500), work)
    assert "failures" not in json.loads(capsys.readouterr().out)


def test_what_is_not_an_id_is_not_logged(shop: Shop) -> None:
    SqsBatch(Held()).each(sqs_event({"seller": "Иван Петров", "posting": "1-1"}), LambdaContext(), work)
    assert shop.logged()[0]["seller"] == "?"


def test_a_group_fails_together_and_alone(shop: Shop) -> None:
    def together(seller: str, messages: Sequence[Message]) -> Mapping[str, Outcome]:
        if seller == "2":
            raise MarketplaceUnavailableError("away")
        return {message.id: str(len(messages)) for message in messages}

    batch = SqsBatch(Held())
    event = sqs_event(*({"seller": seller} for seller in ("1", "2", "1", "2", "3")), {"no": "seller"})
    response = batch.grouped(event, LambdaContext(), lambda message: message.seller, together)
    assert sorted(failed_ids(response)) == ["m1", "m3", "m5"]
    assert sorted(line["outcome"] for line in shop.logged() if "outcome" in line) == ["1", "2", "2"]


def test_nothing_is_begun_when_the_functions_time_is_nearly_up(shop: Shop) -> None:
    held = Held()
    event = sqs_event({"seller": "1", "posting": "fine"})
    response = SqsBatch(held).each(event, LambdaContext(millis=500), work)
    assert failed_ids(response) == ["m0"]
    assert held.held == {"r0": 0}


@dataclass
class Hours:
    """A function's time that work uses up; `wall` is the clock that the context counts by."""

    limit: float = 30.0
    passed: float = 0.0
    wall: bool = True
    began: list[str] = field(default_factory=list)

    def get_remaining_time_in_millis(self) -> int:
        return int(1000 * (self.limit - self.passed * self.wall))

    def monotonic(self) -> float:
        return 1_000.0 + self.passed

    def work(self, message: Message) -> str:
        """Takes as many seconds as the message says."""
        self.began.append(message.text("posting"))
        self.passed += float(str(message.body["seconds"]))
        if message.body.get("fails"):
            raise MarketplaceUnavailableError("away")
        return "done"


def task(name: str, seconds: float, *, fails: bool = False) -> dict[str, object]:
    return {"seller": "1", "posting": name, "seconds": seconds, "fails": fails}


def test_when_time_runs_short_what_is_done_is_kept_what_failed_backs_off_and_the_rest_comes_again_at_once(
    shop: Shop,
) -> None:
    held, hours = Held(), Hours()
    event = sqs_event(task("a", 1), task("b", 9, fails=True), task("c", 6), task("d", 1), task("e", 1))
    response = SqsBatch(held, monotonic=hours.monotonic).each(event, hours, hours.work)
    assert hours.began == ["a", "b", "c"]
    assert failed_ids(response) == ["m1", "m3", "m4"]
    assert held.held == {"r1": 10, "r3": 0, "r4": 0}
    assert [line["code"] for line in shop.logged() if "code" in line] == [
        "marketplace_unavailable",
        "not_begun",
        "not_begun",
    ]


def test_the_time_is_counted_even_where_the_wall_clock_stands_still(shop: Shop) -> None:
    held, hours = Held(), Hours(wall=False)
    event = sqs_event(task("a", 16), task("b", 1))
    response = SqsBatch(held, monotonic=hours.monotonic).each(event, hours, hours.work)
    assert (hours.began, failed_ids(response), held.held) == (["a"], ["m1"], {"r1": 0})


def test_a_clock_that_is_set_back_gives_a_function_no_more_time_than_it_had() -> None:
    hours = Hours(limit=30)
    left = TimeLeft(hours, hours.monotonic)
    hours.passed, hours.limit = 20, 3_600
    assert left() == 10_000
    hours.limit = 22
    assert left() == 2_000
    assert left.short


def test_what_came_again_is_begun_first_so_that_nothing_is_a_dead_letter_untried(shop: Shop) -> None:
    hours = Hours()
    event = sqs_event(task("fresh", 16), task("tried", 16))
    event["Records"][1]["attributes"]["ApproximateReceiveCount"] = "3"
    response = SqsBatch(Held(), monotonic=hours.monotonic).each(event, hours, hours.work)
    assert (hours.began, failed_ids(response)) == (["tried"], ["m0"])


def test_a_group_is_begun_as_a_whole_or_not_at_all(shop: Shop) -> None:
    held, hours = Held(), Hours()

    def together(seller: str, messages: Sequence[Message]) -> Mapping[str, Outcome]:
        return {message.id: hours.work(message) for message in messages}

    bodies = [task("a", 8) | {"seller": "1"}, task("b", 1) | {"seller": "2"}, task("c", 8) | {"seller": "1"}]
    batch = SqsBatch(held, monotonic=hours.monotonic)
    response = batch.grouped(sqs_event(*bodies), hours, lambda message: message.seller, together)
    assert (hours.began, failed_ids(response), held.held) == (["a", "c"], ["m1"], {"r1": 0})


def test_if_the_wait_cannot_be_set_the_queues_own_applies_and_the_log_says_so(shop: Shop) -> None:
    event = sqs_event({"seller": "1", "posting": "limited"})
    response = SqsBatch(Held(StoreUnavailableError("away"))).each(event, LambdaContext(), work)
    assert failed_ids(response) == ["m0"]
    assert shop.logged()[-1]["message"] == "the queue's own wait applies"


@pytest.mark.parametrize(
    ("error", "attempt", "seconds"),
    [
        (RateLimitedError("429", retry_after=7.2), 1, 8),
        (RateLimitedError("429", retry_after=0), 1, 1),
        (RateLimitedError("429", retry_after=7.2), 3, 40),
        (RateLimitedError("429", retry_after=3000), 2, 3000),
        (MarketplaceUnavailableError("away"), 1, 10),
        (MarketplaceUnavailableError("away"), 2, 40),
        (MarketplaceUnavailableError("away"), 3, 160),
        (MarketplaceUnavailableError("away"), 5, 900),
        (MarketplaceUnavailableError("open circle", retry_after=120), 1, 120),
        (VersionConflictError("conflict"), 1, 2),
        (VersionConflictError("conflict"), 4, 8),
        (CredentialsRejectedError("key"), 1, 10),
        (CredentialsRejectedError("key"), 2, CREDENTIALS_WAIT),
        (InvalidInputError("foreign"), 1, 10),
        (NotFoundError("gone"), 2, 40),
        (KeyError("bug"), 1, 10),
        (NOT_BEGUN, 1, 0),
        (NOT_BEGUN, 4, 0),
    ],
)
def test_how_long_a_failed_message_waits(error: Exception, attempt: int, seconds: int) -> None:
    assert wait_seconds(error, attempt) == seconds
