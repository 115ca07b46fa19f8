"""Quarantined pushes are there to be seen: which, when and why."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from shipby.application.intake.receive_push import TokenCache, receive_push
from shipby.application.ports.store import Store
from shipby.application.sellers.register import create_push_token, register_seller
from shipby.domain.sellers.settings import SellerSettings
from shipby_local import cli
from shipby_local.commands import operate, shared
from shipby_local.stack.clock import WallClock
from tests.support import builders as a
from tests.support.memory_store import MemoryStore


@dataclass
class Shop:
    kept: MemoryStore

    clock = WallClock()

    def store(self) -> Store:
        return self.kept


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    shop = Shop(MemoryStore())
    register_seller(SellerSettings(seller="700001", version=1), store=shop.kept)
    monkeypatch.setattr(operate, "deployment_of", lambda *_: shop)
    # Wide enough that no cell is folded, whatever terminal runs the tests.
    monkeypatch.setattr(shared.out, "_width", 200)
    return shop


def test_what_makes_no_sense_is_listed_with_its_reason_and_without_its_contents(shop: Shop) -> None:
    address = create_push_token("700001", store=shop.kept, clock=a.FixedClock()).text
    for body in (b'{"message_type": "TYPE_NEWS", "seller_id": 700001, "phone": "+79990001122"}', b"not json at all"):
        answer = receive_push(address, body, inbox=shop.kept, tokens=TokenCache({}), now=datetime.now(UTC))
        assert answer.status == 200
    shown = CliRunner().invoke(cli.app, ["quarantine"])
    assert shown.exit_code == 0, shown.output
    assert "unknown message_type" in shown.output
    assert "not JSON" in shown.output
    assert "message_type, seller_id" in shown.output
    assert "7999" not in shown.output
    assert "phone" not in shown.output


def test_nothing_to_list_is_said(shop: Shop) -> None:
    assert CliRunner().invoke(cli.app, ["quarantine"]).output == "No quarantined pushes.\n"
