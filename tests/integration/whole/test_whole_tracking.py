"""Pushes of the tracking service over HTTP: the route, the role and the function of the template."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shipby.application.ports.writes import ClaimPointer
from shipby.domain import pointers
from shipby.domain.carriers.s10 import s10
from shipby_local.simulator.seventeentrack.account import SeventeenTrackSimulator
from tests.integration.whole.whole_support import Shop, Whole, call

pytestmark = pytest.mark.stack


def test_a_signed_push_is_stored_and_a_forged_one_is_not(whole: Whole, quiet_shop: Shop) -> None:
    number, seller = s10("RB", 4711, "CN"), quiet_shop.client_id
    account = SeventeenTrackSimulator(key="key-of-the-account")
    account.happens(number, datetime.now(UTC) - timedelta(days=1), "InTransit_PickedUp", "已揽收", "深圳")
    raw, sign = account.push(number)
    whole.deployment.put_secret(seller, "17track", {"api_key": account.key})
    whole.store.commit([ClaimPointer(seller, pointers.TRACKING, number, "1-1")])
    address = f"{whole.stack.api_url}/tracking/push/{seller}"
    assert call(address, "POST", body=raw, sign="0" * 64).status == 404
    assert list(whole.store.scans(seller, number).items) == []
    assert call(address, "POST", body=raw, sign=sign).status == 200
    [scan] = whole.store.scans(seller, number).items
    assert (scan.words, scan.place) == ("已揽收", "深圳")
    assert call(address, "POST", body=raw, sign=sign).status == 200, "again, as the first answer may be lost"
