"""The seller's messengers: real Apprise, a web hook on 127.0.0.1 as the messenger."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from shipby import observability
from shipby.adapters.messengers import AppriseChannels
from shipby.application.ports.messages import SellerChannels
from shipby.domain.errors import InvalidInputError, RetryableError
from tests.unit.ozon.stub_marketplace import Reply, StubMarketplace

# Apprise's PGP library imports it; where Python no longer has it, Apprise brings a replacement.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


class Parameters:
    def __init__(self, value: object) -> None:
        self._value = value

    def json(self, seller: str, name: str) -> Any:
        assert (seller, name) == ("shop1", "channels")
        return self._value


def channels(value: object) -> AppriseChannels:
    return AppriseChannels("/shipby/prod", parameters=Parameters(value))  # type: ignore[arg-type]  # the one method used


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    written = io.StringIO()
    handler = observability.logger().registered_handler
    assert isinstance(handler, logging.StreamHandler)
    before = handler.setStream(written)
    yield written
    handler.setStream(before)


@pytest.fixture
def messenger() -> Iterator[StubMarketplace]:
    stub = StubMarketplace()
    stub.on("/ok", Reply({}))
    stub.on("/down", Reply(status=500))
    yield stub
    stub.close()


def hook(messenger: StubMarketplace, path: str) -> str:
    return messenger.base_url.replace("http://", "json://") + path


def test_it_is_the_port() -> None:
    port: type[SellerChannels] = AppriseChannels
    assert port is AppriseChannels


def test_a_message_arrives_in_the_sellers_words(messenger: StubMarketplace) -> None:
    assert channels([hook(messenger, "/ok")]).send("shop1", "Скоро отгрузка", "Отправление 24219509-0020-2 <b>")
    sent = messenger.received[0].json
    assert (sent["title"], sent["message"]) == ("Скоро отгрузка", "Отправление 24219509-0020-2 <b>")


def test_words_of_others_are_never_markup(messenger: StubMarketplace) -> None:
    url = hook(messenger, "/ok") + "?format=html"  # as Telegram's and e-mail's own channels have it
    assert channels([url]).send("shop1", "t", "blocked: <a href='https://evil.example'>click</a> 3 < 4")
    assert "<a" not in messenger.received[0].json["message"]
    assert "3&nbsp;&lt;&nbsp;4" in messenger.received[0].json["message"]


def test_one_channel_that_takes_it_is_enough_and_the_others_are_named_in_the_log(
    messenger: StubMarketplace, log: io.StringIO
) -> None:
    assert channels([hook(messenger, "/down"), hook(messenger, "/ok"), "nonsense://x"]).send("shop1", "t", "b")
    assert messenger.paths() == ["/down", "/ok"]
    (line,) = [line for line in map(json.loads, log.getvalue().splitlines()) if line.get("channels")]
    assert (line["seller"], line["channels"]) == ("shop1", ["1", "3"])
    assert "127.0.0.1" not in log.getvalue()


def test_only_the_named_channels_are_told(messenger: StubMarketplace) -> None:
    messenger.on("/boss", Reply({}))
    named = channels({"night": hook(messenger, "/ok"), "boss": hook(messenger, "/boss")})
    assert named.send("shop1", "t", "b", names=("boss",))
    assert messenger.paths() == ["/boss"]
    assert named.send("shop1", "t", "b")
    assert messenger.paths() == ["/boss", "/ok", "/boss"]


def test_a_plain_list_is_named_by_its_numbers(messenger: StubMarketplace) -> None:
    listed = channels([hook(messenger, "/down"), hook(messenger, "/ok")])
    assert listed.send("shop1", "t", "b", names=("2",))
    assert messenger.paths() == ["/ok"]


def test_an_unknown_name_is_logged_and_is_nobody(messenger: StubMarketplace, log: io.StringIO) -> None:
    named = channels({"night": hook(messenger, "/ok")})
    assert named.send("shop1", "t", "b", names=("typo",)) is False
    assert messenger.paths() == []
    assert "typo" in log.getvalue()
    assert "127.0.0.1" not in log.getvalue()
    assert named.send("shop1", "t", "b", names=("typo", "night"))
    assert messenger.paths() == ["/ok"]


def test_a_named_channel_that_fails_does_not_reach_for_the_others(messenger: StubMarketplace) -> None:
    named = channels({"night": hook(messenger, "/down"), "boss": hook(messenger, "/ok")})
    with pytest.raises(RetryableError):
        named.send("shop1", "t", "b", names=("night",))
    assert messenger.paths() == ["/down"]


def test_a_text_longer_than_a_service_takes_comes_in_parts(messenger: StubMarketplace) -> None:
    assert channels([hook(messenger, "/ok")]).send("shop1", "t", "слово " * 8_000)
    parts = [request.json["message"] for request in messenger.received]
    assert len(parts) > 1
    assert sum(part.count("слово") for part in parts) >= 7_990


def test_when_all_fail_it_is_tried_again_later_and_no_url_is_told(messenger: StubMarketplace) -> None:
    with pytest.raises(RetryableError) as caught:
        channels([hook(messenger, "/down")]).send("shop1", "t", "b")
    assert "127.0.0.1" not in str(caught.value)


@pytest.mark.parametrize("value", [None, [], {}])
def test_a_seller_without_channels(value: object) -> None:
    assert channels(value).send("shop1", "t", "b") is False


@pytest.mark.parametrize("value", ["json://x", [1], {"a": 1}, ["nonsense://SECRET"], {"a": "nonsense://SECRET"}, [""]])
def test_channels_that_are_none_are_invalid_and_not_shown(value: object) -> None:
    with pytest.raises(InvalidInputError) as caught:
        channels(value).send("shop1", "t", "b")
    assert "SECRET" not in str(caught.value)
