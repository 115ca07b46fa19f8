"""17TRACK: our client against a simulator that follows its description."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shipby.adapters.seventeentrack import contract
from shipby.adapters.seventeentrack.client import SeventeenTrack
from shipby.domain.errors import (
    CredentialsRejectedError,
    InvalidInputError,
    MarketplaceUnavailableError,
    RateLimitedError,
)
from shipby.domain.tracking.scans import ScanStatus
from shipby_local.simulator.seventeentrack.account import SeventeenTrackSimulator

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
NUMBER = "RB000000014CN"


@pytest.fixture
def account() -> Iterator[SeventeenTrackSimulator]:
    account = SeventeenTrackSimulator(key="k-1")
    account.start()
    yield account
    account.stop()


def client(account: SeventeenTrackSimulator, key: str = "k-1", slept: list[float] | None = None) -> SeventeenTrack:
    naps = slept if slept is not None else []
    return SeventeenTrack(key, base_url=account.url, monotonic=lambda: sum(naps), sleep=naps.append)


def test_a_hundred_numbers_are_three_calls_at_their_pace(account: SeventeenTrackSimulator) -> None:
    slept: list[float] = []
    numbers = [f"NUMBER{index:04d}" for index in range(100)]
    assert client(account, slept=slept).register(numbers) == dict.fromkeys(numbers, "")
    assert account.calls == [("register", 40), ("register", 40), ("register", 20)]
    assert sum(slept) == pytest.approx(2 / contract.CALLS_PER_SECOND)


def test_what_is_registered_already_is_followed_and_costs_no_quota(account: SeventeenTrackSimulator) -> None:
    own = client(account)
    assert own.register([NUMBER, "!!"])["!!"].endswith("(-18010012)")
    left = account.quota
    assert own.register([NUMBER]) == {NUMBER: ""}
    assert account.quota == left
    account.quota = 0
    assert "(-180199" in own.register(["NUMBER0001"])["NUMBER0001"]


def test_what_carriers_said_is_read_with_their_words(account: SeventeenTrackSimulator) -> None:
    own = client(account)
    own.register([NUMBER, "NUMBER0002"])
    account.happens(NUMBER, NOW, "InTransit_PickedUp", "已揽收", "深圳")
    account.happens(NUMBER, NOW + timedelta(days=9), "Delivered_Other", "Вручено адресату")
    found = own.read([NUMBER, "NUMBER0002", "NUMBER0003"])
    assert found["NUMBER0002"] == ()
    assert "NUMBER0003" not in found, "not registered"
    assert [(one.status, one.words, one.place) for one in found[NUMBER]] == [
        (ScanStatus.ACCEPTED, "已揽收", "深圳"),
        (ScanStatus.DELIVERED, "Вручено адресату", ""),
    ]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (429, RateLimitedError),
        (500, MarketplaceUnavailableError),
        (302, MarketplaceUnavailableError),
        (403, CredentialsRejectedError),
    ],
)
def test_a_call_that_is_not_taken_says_why(
    account: SeventeenTrackSimulator, status: int, error: type[Exception]
) -> None:
    account.fail.append(status)
    with pytest.raises(error) as raised:
        client(account).register([NUMBER])
    assert "k-1" not in str(raised.value), "the key is in no message"


def test_a_wrong_key_and_a_host_that_is_gone_are_told_apart(account: SeventeenTrackSimulator) -> None:
    with pytest.raises(CredentialsRejectedError):
        client(account, key="other").read([NUMBER])
    gone = client(account)
    account.stop()
    with pytest.raises(MarketplaceUnavailableError):
        gone.read([NUMBER])


def test_a_push_is_signed_over_its_raw_bytes(account: SeventeenTrackSimulator) -> None:
    account.happens(NUMBER, NOW, "InTransit_Departure", "离开")
    raw, sign = account.push(NUMBER)
    assert contract.is_signed(raw, "k-1", sign)
    assert contract.is_signed(raw, "k-1", sign.upper())
    again = json.dumps(json.loads(raw)).encode()
    for body, key, header in (
        (again, "k-1", sign),
        (raw + b" ", "k-1", sign),
        (raw, "k-2", sign),
        (raw, "k-1", ""),
        (raw, "k-1", "é" * 64),
        (raw, "", contract.signature(raw, "")),
    ):
        assert not contract.is_signed(body, key, header)


def entry(**event: Any) -> dict[str, Any]:
    return {"number": NUMBER, "track_info": {"tracking": {"providers": [{"events": [event]}]}}}


@pytest.mark.parametrize(
    ("sub_status", "stage", "words", "status"),
    [
        ("InTransit_PickedUp", None, "x", ScanStatus.ACCEPTED),
        ("InTransit_CustomsProcessing", None, "x", ScanStatus.CUSTOMS),
        ("InTransit_SomethingNew", None, "x", ScanStatus.IN_TRANSIT),
        ("Exception_Returned", None, "x", ScanStatus.RETURNED),
        ("Exception_Lost", None, "x", ScanStatus.EXCEPTION),
        ("DeliveryFailure_NoBody", None, "x", ScanStatus.FAILED_ATTEMPT),
        (None, "AvailableForPickup", "x", ScanStatus.READY_FOR_PICKUP),
        ("NotFound_Other", None, "принято в отделении", ScanStatus.ACCEPTED),
        ("Wormhole", "Wormhole", "x", ScanStatus.UNKNOWN),
    ],
)
def test_every_word_of_theirs_has_one_of_ours(
    sub_status: str | None, stage: str | None, words: str, status: ScanStatus
) -> None:
    event = entry(time_utc="2026-03-02T10:00:00Z", sub_status=sub_status, stage=stage, description=words)
    [scan] = contract.read_entry(event)[0]
    assert scan.status is status


def test_a_time_without_its_zone_is_not_guessed() -> None:
    assert contract.read_entry(entry(time_utc=None, time_iso="2026-03-02T10:00:00", stage="Arrival")) == ((), 1)
    east = contract.read_entry(entry(time_utc=None, time_iso="2026-03-02T18:00:00+08:00", stage="Arrival"))[0]
    assert east[0].at == NOW


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"nonsense",
        b'{"event":"TRACKING_UPDATED"}',
        b'{"event":"TRACKING_UPDATED","data":{"number":7}}',
        b'{"event":"OTHER","data":{"number":"RB000000014CN"}}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_push_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidInputError):
        contract.read_push(raw)


@pytest.mark.parametrize("info", [None, 7, {}, {"tracking": []}, {"tracking": {"providers": [7, {"events": "x"}]}}])
def test_an_entry_of_another_shape_says_nothing(info: object) -> None:
    assert contract.read_entry({"number": NUMBER, "track_info": info}) == ((), 0)  # type: ignore[dict-item]  # odd on purpose
