"""The door to the marketplace: no path that writes can be reached through it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
import urllib3

from shipby.adapters.ozon import OzonClient, methods
from shipby.application.ports.carriages import ContainerSpec
from shipby.domain.errors import MarketplaceUnavailableError
from shipby_local.pilot.allowed import PATHS, READING
from shipby_local.pilot.door import CallRefusedError, Door, EnoughAskedError
from shipby_local.simulator.api.roles import ACTING
from tests.pilot.pilot_support import Shop

HOST = "http://127.0.0.1:1"
NOW = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every request that the pool below the door was given; it answers with an empty object."""
    urls: list[str] = []

    def urlopen(_: object, method: str, url: str, **__: Any) -> urllib3.HTTPResponse:
        urls.append(f"{method} {url}")
        return urllib3.HTTPResponse(BytesIO(b"{}"), status=200, preload_content=False)

    monkeypatch.setattr(urllib3.PoolManager, "urlopen", urlopen)
    return urls


def door(**options: Any) -> Door:
    return Door(HOST, **{"per_second": 1e6, "most_calls": 100, **options})


def test_nothing_on_the_allow_list_acts() -> None:
    assert not any(method.acts for method in READING)
    assert not PATHS & {method.path for method in methods.METHODS if method.acts}
    assert not PATHS & ACTING
    for path in PATHS:
        last = path.rsplit("/", 1)[-1]
        assert last in {"list", "get", "info", "history", "types", "postings", "get-postings", "roles", "cancel-reason"}


@pytest.mark.parametrize("method", [one for one in methods.METHODS if one.path not in PATHS], ids=lambda one: one.path)
def test_a_method_that_is_not_on_the_list_is_refused_before_it_is_sent(method: methods.Method, sent: list[str]) -> None:
    with pytest.raises(CallRefusedError, match="only reads"):
        door().request("POST", HOST + method.path, body=b"{}")
    assert sent == []


@pytest.mark.parametrize(
    ("verb", "url"),
    [
        ("GET", HOST + methods.ROLES.path),
        ("PUT", HOST + methods.ROLES.path),
        ("DELETE", HOST + methods.POSTING_GET.path),
        ("POST", "http://127.0.0.1:2" + methods.ROLES.path),
        ("POST", "http://elsewhere.test" + methods.ROLES.path),
        ("POST", HOST + methods.ROLES.path + "/../../v2/posting/fbs/cancel"),
        ("POST", HOST + methods.ROLES.path + "?x=/v2/posting/fbs/cancel"),
        ("POST", HOST + "//" + methods.ROLES.path),
        ("POST", HOST + methods.ROLES.path.upper()),
        ("POST", methods.ROLES.path),
        ("POST", HOST),
    ],
)
def test_another_verb_host_or_spelling_is_refused_before_it_is_sent(verb: str, url: str, sent: list[str]) -> None:
    with pytest.raises(CallRefusedError):
        door().request(verb, url, body=b"{}")
    assert sent == []


def acting_calls(client: OzonClient) -> dict[str, Callable[[], object]]:
    """Every method of the product's client that acts or has the marketplace prepare something."""
    return {
        "ship": lambda: client.ship("1", [{"1": 1}]),
        "cancel": lambda: client.cancel("1", 352, "x"),
        "cancel_items": lambda: client.cancel_items("1", {"1": 1}, 352, "x"),
        "set_cut_off": lambda: client.set_cut_off("1", NOW),
        "set_tracking_numbers": lambda: client.set_tracking_numbers({"1": "x"}),
        "create_label_tasks": lambda: client.create_label_tasks(["1"]),
        "label_task": lambda: client.label_task("1"),
        "download": lambda: client.download(HOST + "/_files/labels/1.pdf"),
        "act_on_return": lambda: client.act_on_return("1", 1000),
        "start_chat": lambda: client.start_chat("1"),
        "send_chat_message": lambda: client.send_chat_message("1", "x"),
        "cancellations.approve": lambda: client.cancellations.approve("1"),
        "cancellations.reject": lambda: client.cancellations.reject("1", "x"),
        "carriages.create": lambda: client.carriages.create("1", NOW.date()),
        "carriages.set_postings": lambda: client.carriages.set_postings("1", ["1"]),
        "carriages.approve": lambda: client.carriages.approve("1"),
        "carriages.cancel": lambda: client.carriages.cancel("1"),
        "carriages.act": lambda: client.carriages.act("1"),
        "containers.create": lambda: client.containers.create(
            ContainerSpec(cargo_type="box", count=1, sort_type="sort", warehouse_id="1")
        ),
        "containers.fill": lambda: client.containers.fill("1", ["1"]),
        "containers.approve": lambda: client.containers.approve(["1"]),
    }


def test_every_acting_method_of_the_client_is_tried_here() -> None:
    """A new one has to be added above."""
    client = OzonClient(HOST, "1", "key")
    parts = {
        "": client,
        "cancellations.": client.cancellations,
        "carriages.": client.carriages,
        "containers.": client.containers,
        "chats.": client.chats,
        "accruals.": client.accruals,
    }
    acting = {
        f"{name}{member}"
        for name, part in parts.items()
        for member, function in inspect.getmembers(type(part), inspect.isfunction)
        if not member.startswith("_") and any(mark in inspect.getsource(function) for mark in (".act(", "_act_true("))
    }
    tried = set(acting_calls(client))
    assert {one.removeprefix("_") for one in acting} - tried == set()


@pytest.mark.parametrize("name", acting_calls(OzonClient(HOST, "1", "key")))
def test_the_products_own_client_cannot_act_through_the_door(name: str, sent: list[str]) -> None:
    client = OzonClient(HOST, "1", "key", requests_per_second=1e6, pool=door())
    with pytest.raises(CallRefusedError):
        acting_calls(client)[name]()
    assert sent == []


def test_a_redirect_is_not_followed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = urllib3.HTTPResponse(
        BytesIO(), status=307, headers={"Location": HOST + "/v2/posting/fbs/cancel"}, preload_content=False
    )
    urls: list[str] = []

    def urlopen(_: object, __: str, url: str, **___: Any) -> urllib3.HTTPResponse:
        urls.append(url)
        return moved

    monkeypatch.setattr(urllib3.PoolManager, "urlopen", urlopen)
    client = OzonClient(HOST, "1", "key", requests_per_second=1e6, pool=door())
    with pytest.raises(MarketplaceUnavailableError, match="redirects"):
        client.key_info()
    assert urls == [HOST + methods.ROLES.path]


def test_it_keeps_its_pace_over_everything_it_sends(sent: list[str]) -> None:
    slept: list[float] = []
    slow = door(per_second=0.5, monotonic=lambda: 0.0, sleep=slept.append)
    for method in READING[:4]:
        slow.request("POST", HOST + method.path, body=b"{}")
    assert slept == [2.0, 4.0, 6.0]
    assert len(sent) == 4


def test_after_the_last_call_it_was_allowed_nothing_is_sent(sent: list[str]) -> None:
    short = door(most_calls=2)
    for _ in range(2):
        short.request("POST", HOST + methods.ROLES.path, body=b"{}")
    with pytest.raises(EnoughAskedError, match="--most-calls"):
        short.request("POST", HOST + methods.ROLES.path, body=b"{}")
    assert len(sent) == 2


def test_an_answer_kept_for_the_probes_shows_nothing_of_itself(sent: list[str]) -> None:
    kept = door()
    kept.request("POST", HOST + methods.ROLES.path, body=b'{"name": "x"}')
    assert "name" not in repr(kept.exchanges)


def test_a_call_that_is_refused_ends_the_round(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a mistake of ours, which no report may hide."""
    monkeypatch.setattr(methods, "POSTING_GET", methods.POSTING_CANCEL)
    with pytest.raises(CallRefusedError):
        shop.asking().round(lambda _: None)
