"""Taking a seller in at a deployment: what it writes, and what it leaves alone."""

from collections.abc import Mapping
from typing import Any

import pytest

from shipby.application.sellers.authenticate import authenticate
from shipby.domain.errors import AlreadyExistsError, InvalidInputError
from shipby.domain.sellers.keys import Role
from shipby.domain.sellers.settings import SellerSettings
from shipby_local.deployment import Deployment
from shipby_local.onboarding import take_in
from tests.support import builders as a
from tests.support.memory_store import MemoryStore


class OneTable(Deployment):
    """A deployment whose table and parameters are in memory."""

    def __init__(self) -> None:
        super().__init__(_outputs={"ParameterPrefix": "/shipby/test"})
        self.rows = MemoryStore()
        self.secrets: dict[str, Any] = {}

    def store(self) -> MemoryStore:
        return self.rows

    def put_secret(self, seller: str, name: str, value: object) -> None:
        self.secrets[self.secret_name(seller, name)] = value


FIRST, SECOND = "first", "second"
SETTINGS = SellerSettings(seller=a.SELLER, version=1)


def taken(deployment: OneTable, key: str, *channels: str) -> Mapping[str, Any]:
    take_in(deployment, SETTINGS, ozon_api_key=key, channels=channels)
    return dict(deployment.secrets)


def test_a_new_seller_gets_a_push_path_and_an_owners_key_and_its_secrets_are_kept_apart_from_the_table() -> None:
    deployment = OneTable()
    made = take_in(deployment, SETTINGS, ozon_api_key=FIRST, channels=["jsons://hooks.example.com"])
    assert made.push_path.startswith(f"/ozon/push/{a.SELLER}.")
    key = authenticate(f"Bearer {made.api_key}", store=deployment.rows, now=a.NOW)
    assert key is not None
    assert (key.seller, key.role) == (a.SELLER, Role.OWNER)
    assert deployment.secrets == {
        f"/shipby/test/sellers/{a.SELLER}/ozon": {"client_id": a.SELLER, "api_key": FIRST},
        f"/shipby/test/sellers/{a.SELLER}/channels": ["jsons://hooks.example.com"],
    }


def test_a_seller_who_is_there_already_keeps_the_key_and_the_messengers() -> None:
    deployment = OneTable()
    before = taken(deployment, FIRST, "jsons://hooks.example.com")
    with pytest.raises(AlreadyExistsError, match=f"/shipby/test/sellers/{a.SELLER}/ozon"):
        taken(deployment, SECOND)
    assert deployment.secrets == before


def test_a_channel_that_would_not_be_used_is_refused_before_anything_is_stored() -> None:
    deployment = OneTable()
    with pytest.raises(InvalidInputError, match="channel 2 would not be used: its scheme"):
        take_in(deployment, SETTINGS, ozon_api_key=FIRST, channels=["jsons://hooks.example.com", "file:///etc/passwd"])
    assert deployment.store().settings(a.SELLER) is None
