"""One key's, and one seller's, calls of the API in a window; several processes share the count."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from shipby.application.sellers.call_limits import TELL_EVERY, WINDOW_SECONDS, CallLimiter, CallLimits
from shipby.domain.errors import StoreUnavailableError


@dataclass
class Shared:
    """What all processes have told."""

    keys: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    told: list[int] = field(default_factory=list)
    broken: bool = False

    def count_calls(self, seller: str, key_id: str, window: int, calls: int) -> tuple[int, int]:
        if self.broken:
            raise StoreUnavailableError("the database does not answer")
        self.told.append(calls)
        self.keys[seller, key_id, window] += calls
        of_seller = sum(n for (name, _, at), n in self.keys.items() if (name, at) == (seller, window))
        return self.keys[seller, key_id, window], of_seller


@dataclass
class Time:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def limiter(shared: Shared, time: Time, per_key: int = 30, per_seller: int = 50) -> CallLimiter:
    return CallLimiter(CallLimits(per_key, per_seller), shared, time=time)


def passed(one: CallLimiter, calls: int, key: str = "k1", seller: str = "s1") -> int:
    return sum(one.take(seller, key).allowed for _ in range(calls))


def test_a_key_has_its_calls_and_then_waits_for_the_next_window() -> None:
    time, shared = Time(1003.5), Shared()
    one = limiter(shared, time)
    first = one.take("s1", "k1")
    assert (first.allowed, first.scope, first.limit, first.remaining, first.reset) == (True, "key", 30, 29, 7)
    assert passed(one, 100) == 29
    refused = one.take("s1", "k1")
    assert (refused.allowed, refused.scope, refused.remaining, refused.reset) == (False, "key", 0, 7)
    assert passed(one, 5, key="k2") == 5
    assert passed(one, 5, seller="s2") == 5
    time.now += 7
    assert passed(one, 5) == 5


def test_all_keys_of_a_seller_share_the_sellers_limit() -> None:
    one = limiter(Shared(), Time())
    assert passed(one, 30, "k1") + passed(one, 30, "k2") + passed(one, 30, "k3") == 50
    refused = one.take("s1", "k4")
    assert (refused.allowed, refused.scope, refused.limit) == (False, "seller", 50)
    assert one.take("s2", "k9").allowed


def test_several_processes_pass_a_limit_by_no_more_than_what_they_have_not_told() -> None:
    time, shared = Time(), Shared()
    processes = [limiter(shared, time, per_key=100, per_seller=0) for _ in range(4)]
    made = sum(processes[turn % 4].take("s1", "k1").allowed for turn in range(1000))
    assert 100 <= made <= 100 + 4 * TELL_EVERY
    assert len(shared.told) <= made / TELL_EVERY + 4


def test_quiet_keys_and_refused_calls_cost_no_write() -> None:
    time, shared = Time(), Shared()
    one = limiter(shared, time)
    for _ in range(20):
        passed(one, TELL_EVERY - 1)
        time.now += WINDOW_SECONDS
    assert shared.told == []
    passed(one, 30)
    writes = len(shared.told)
    assert passed(one, 1000) == 0
    assert len(shared.told) == writes


def test_a_database_that_does_not_answer_stops_nobody_within_the_limit_of_the_process() -> None:
    one = limiter(Shared(broken=True), Time())
    assert passed(one, 100) == 30


def test_no_limit_is_no_limit() -> None:
    one = limiter(Shared(), Time(), per_key=0, per_seller=0)
    assert passed(one, 500) == 500
    assert one.take("s1", "k1").limit == 0
