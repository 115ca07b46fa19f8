"""Policy and market are stored as the words they always were, and a word of another release locks nobody out."""

from datetime import date
from typing import get_args

import pytest

from shipby.adapters.dynamodb import keys
from shipby.adapters.dynamodb.rows.sellers import settings as settings_rows
from shipby.application.sellers.change_settings import policy_view
from shipby.contracts.settings import SettingsBody
from shipby.domain.deadlines.periods import PeriodKind, period
from shipby.domain.market import Market
from shipby.domain.rating.error_index import table_for
from shipby.domain.sellers.settings import LatePolicy, SellerSettings
from tests.support import builders as a


def stored(settings: SellerSettings) -> dict[str, dict[str, object]]:
    return settings_rows().item(keys.settings(settings.seller), settings)


def read(**words: str) -> SellerSettings:
    item = stored(a.settings()) | {name: {"S": word} for name, word in words.items()}
    return settings_rows().read(item)


@pytest.mark.parametrize("policy", LatePolicy)
@pytest.mark.parametrize("market", Market)
def test_both_are_stored_as_their_words_and_read_back_as_types(policy: LatePolicy, market: Market) -> None:
    item = stored(a.settings(policy=policy, market=market))
    assert (item["policy"], item["market"]) == ({"S": policy.value}, {"S": market.value})
    found = settings_rows().read(item)
    assert found.policy is policy
    assert found.market is market


def test_the_words_are_those_of_the_api() -> None:
    assert [*LatePolicy] == ["fbs_warehouse", "cross_border_rfbs", "partner_delivery"]
    assert [*Market] == ["ru", "global"]
    for name, known in (("policy", LatePolicy), ("market", Market)):
        assert set(get_args(SettingsBody.model_fields[name].annotation)) == {*known}


def test_a_word_that_this_release_does_not_know_is_read_and_shown_as_it_stands() -> None:
    found = read(policy="drone", market="moon")
    view = policy_view(found)
    assert (view["policy"], view["market"]) == ("drone", "moon")
    item = stored(found)
    assert (item["policy"], item["market"]) == ({"S": "drone"}, {"S": "moon"})


def test_a_market_that_nobody_knows_has_no_period_of_its_own_and_is_no_guess() -> None:
    moon = read(market="moon").market
    with pytest.raises(LookupError, match="market 'moon'"):
        period(PeriodKind.CANCEL_NOT_PACKED, moon, date(2026, 11, 22))
    assert period(PeriodKind.PASSPORT, moon, date(2026, 11, 22)).market is None
    assert table_for(moon, date(2026, 11, 22)) in (table_for(market, date(2026, 11, 22)) for market in Market)
