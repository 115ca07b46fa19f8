"""The seller's messengers: real Apprise, a web hook on 127.0.0.1 as the messenger."""

from __future__ import annotations

import io
import json
import logging
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from shipby import observability
from shipby.adapters.messengers import AppriseChannels, apprise_channels
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
    return AppriseChannels("/shipby/prod", on_this_machine=True, parameters=Parameters(value))  # type: ignore[arg-type]  # the one method used


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


def deployed(value: object) -> AppriseChannels:
    """As on AWS: nothing listens beside it."""
    return AppriseChannels("/shipby/prod", parameters=Parameters(value))  # type: ignore[arg-type]  # the one method used


def resolves_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    def look_up(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET6 if ":" in each else socket.AF_INET, 1, 6, "", (each, 0)) for each in addresses]

    monkeypatch.setattr("socket.getaddrinfo", look_up)


def tells(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The channels that would have been called."""
    targets: list[Any] = []

    def tell(target: object, title: str, body: str) -> bool:
        targets.append(target)
        return True

    monkeypatch.setattr(apprise_channels, "_tell", tell)
    return targets


def said(value: object) -> str:
    with pytest.raises(InvalidInputError) as caught:
        deployed(value).send("shop1", "t", "b")
    return str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "file:///etc/passwd",
            "syslog://SECRET",
            "windows://",
            "dbus://",
            "json://SECRET.example.com",
            "xml://SECRET",
        ),
        *(
            "http://SECRET.example.com",
            "https://SECRET.example.com/cfg",
            "matrixs://u:SECRET@example.com",
            "fcm://SECRET/t",
        ),
        *("apprises://SECRET/t", " JSON://SECRET", "vapid://SECRET", "SECRET"),
    ],
)
def test_a_scheme_that_is_not_allowed_is_refused(url: str) -> None:
    assert "its scheme is none of" in said([url])
    assert "SECRET" not in said([url])


TOKEN = "123456789:" + "a" * 35


@pytest.mark.parametrize(
    ("url", "argument"),
    [
        (f"tgram://{TOKEN}/1?template=file:///etc/passwd", "template"),
        (f"tgram://{TOKEN}/1?TEMPLATE=/etc/passwd", "template"),
        (f"tgram://{TOKEN}/1?format=text&template=/var/task/x", "template"),
        ("ntfys://example.com/t?attach=http://169.254.169.254/", "attach"),
        ("mailtos://u:p@example.com?pgpprv=/tmp/key", "pgpprv"),
        ("jsons://example.com?verify=no", "verify"),
        ("jsons://example.com?redirect=yes", "redirect"),
    ],
)
def test_an_argument_that_names_a_file_or_lowers_a_guard_is_refused(url: str, argument: str) -> None:
    assert f"its argument {argument} is not allowed" in said([url])


@pytest.mark.parametrize("url", ["jsons://example.com?+X-Aws-Ec2-Metadata-Token=a", "jsons://example.com?:a=b"])
def test_a_channel_sets_no_headers(url: str) -> None:
    assert "it sets headers or fields" in said([url])


PRIVATE = (
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.1.2.3", "224.0.0.1"),
    *("::1", "fe80::1", "fd00:ec2::254", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "2002:a00:1::"),
)


@pytest.mark.parametrize("address", PRIVATE)
@pytest.mark.parametrize("url", ["jsons://hooks.example.com/x", "ntfys://hooks.example.com/topic"])
def test_an_address_within_the_deployments_own_network_is_refused(
    url: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolves_to(monkeypatch, address)
    assert "its host lies in a private network" in said([url])


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    resolves_to(monkeypatch, "93.184.216.34", "10.0.0.1")
    assert "its host lies in a private network" in said(["jsons://hooks.example.com"])


def test_a_mail_server_is_looked_up_too(monkeypatch: pytest.MonkeyPatch) -> None:
    resolves_to(monkeypatch, "10.0.0.1")
    assert "private network" in said(["mailtos://u:p@example.com?smtp=mail.inside.example.com"])


def test_mail_without_encryption_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    resolves_to(monkeypatch, "93.184.216.34")
    assert "it is not encrypted" in said(["mailto://u:p@example.com"])


def test_a_host_without_an_address_is_refused_and_a_good_channel_beside_it_is_told(
    monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    def nowhere(*_: object, **__: object) -> None:
        raise socket.gaierror("unknown")

    monkeypatch.setattr("socket.getaddrinfo", nowhere)
    told = tells(monkeypatch)
    both = {"hook": "jsons://hooks.SECRET.example.com", "tg": f"tgram://{TOKEN}/1?silent=yes"}
    assert deployed(both).send("shop1", "t", "b")
    assert [type(target).__name__ for target in told] == ["NotifyTelegram"]
    assert "its host has no address" in log.getvalue()
    assert "SECRET" not in log.getvalue()


def test_a_public_address_over_tls_is_told_and_no_redirect_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    resolves_to(monkeypatch, "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946")
    targets = tells(monkeypatch)
    assert deployed(["jsons://hooks.example.com/x", "mailto://u:p@gmail.com"]).send("shop1", "t", "b")
    assert [(target.secure, target.redirects, target.verify_certificate) for target in targets] == [
        (True, False, True),
        (True, False, True),
    ]


def test_on_this_machine_a_private_network_is_refused_as_well() -> None:
    with pytest.raises(InvalidInputError):
        channels(["json://10.0.0.1/x"]).send("shop1", "t", "b")
