"""The ways out of a return: only what is offered, only by its own id, and what the seller's policy suggests."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipby.domain.deadlines.periods import decide_return_by
from shipby.domain.market import Market
from shipby.domain.money import Money
from shipby.domain.returns.actions import ActionKind, decision_asked, kind_of
from shipby.domain.returns.goods_returns import Whereabouts, fetch_reminder, whereabouts
from shipby.domain.returns.options import (
    DEFAULT_POLICY,
    Need,
    OptionKind,
    Surroundings,
    policy_for,
    return_options,
)
from shipby.domain.returns.policy import ReturnPolicy
from shipby.domain.returns.return_case import Condition, OfferedAction, ReturnCase, ReturnSource, ReturnStage
from tests.support import builders as a

NAMES = {
    -1: "Отклонить",
    -10: "Отклонить после проверки",
    1000: "Вернуть деньги",
    1020: "Предложить компенсацию",
    1030: "Запросить товар на проверку",
    1040: "Товар получен",
}
FULL = a.rub("125.40")


def actions(*ids: int) -> tuple[OfferedAction, ...]:
    return tuple(OfferedAction(id=one, name=NAMES[one]) for one in ids)


def case(*ids: int, **changes: Any) -> ReturnCase:
    return a.return_case(**{"actions": actions(*ids), "open_intent": "", "stage": ReturnStage.OPENED} | changes)


NEW = case(-1, 1000, 1020, 1030)


def suggestion(found: ReturnCase, **beside: Any) -> OptionKind | None:
    return return_options(found, Surroundings(**{"full": FULL} | beside)).suggestion


@pytest.mark.parametrize(
    ("identifier", "name", "kind"),
    [
        (-1, "Что угодно", ActionKind.REJECT),
        (-10, "", ActionKind.REJECT),
        (1020, "Вернуть деньги", ActionKind.COMPENSATE),
        (77, "Вернуть  деньги.", ActionKind.REFUND),
        (78, "ВОЗВРАТ СРЕДСТВ ПОКУПАТЕЛЮ", ActionKind.REFUND),
        (79, "Запросить товар на проверку", ActionKind.TAKE_BACK),
        (80, "Товар получен", ActionKind.CONFIRM_RECEIPT),
        (81, "Goods received", ActionKind.CONFIRM_RECEIPT),
        (82, "Вернуть часть денег", ActionKind.UNKNOWN),
        (83, "Не возвращать деньги", ActionKind.UNKNOWN),
        (84, "Отказать в возврате денег", ActionKind.UNKNOWN),
        (85, "Товар не получен", ActionKind.UNKNOWN),
        (86, "", ActionKind.UNKNOWN),
    ],
)
def test_official_ids_count_and_other_actions_only_by_their_whole_name(
    identifier: int, name: str, kind: ActionKind
) -> None:
    assert kind_of(OfferedAction(id=identifier, name=name)) is kind


def test_saying_that_the_goods_came_is_no_decision() -> None:
    assert not decision_asked(actions(1040))
    assert not decision_asked(())
    assert decision_asked(actions(1040, -10))


policies = st.builds(
    ReturnPolicy,
    product_type=st.just("*"),
    window_days=st.integers(0, 30),
    defect_window_days=st.integers(0, 30),
    unopened_only=st.booleans(),
    keep_goods_below=st.integers(0, 20_000),
    compensate_percent=st.integers(-10, 150),
    inspect=st.booleans(),
    exchange=st.booleans(),
)
money = st.builds(Money, st.integers(1, 20_000), st.just("RUB"))
moments = st.none() | st.just(a.NOW)
offers = st.lists(
    st.sampled_from(
        [OfferedAction(id=key, name=name) for key, name in NAMES.items()]
        + [OfferedAction(id=9, name="Новое действие"), OfferedAction(id=1001, name="Вернуть деньги")]
    ),
    unique=True,
    max_size=6,
).map(tuple)
cases = st.builds(
    case,
    actions=offers,
    source=st.sampled_from(ReturnSource),
    stage=st.sampled_from(ReturnStage),
    state=st.sampled_from(["OnSellerApproval", "ArrivedAtReturnPlace", "ON_APPROVAL"]),
    is_defect=st.booleans(),
    price=st.none() | money,
    received_at=moments,
    inspected_at=moments,
    condition=st.sampled_from(Condition),
    open_intent=st.sampled_from(["", "r.1.return_action.1"]),
    exchange=st.sampled_from(["", "55-0001-1"]),
).map(lambda found: replace(found, actions=()) if found.source is ReturnSource.FBS else found)
surroundings = st.builds(
    Surroundings,
    policy=policies,
    full=st.none() | money,
    left=st.none() | money,
    delivered_at=st.none() | st.integers(-60, 0).map(lambda days: a.NOW + timedelta(days=days)),
    cancelled=st.booleans(),
)


@given(cases, surroundings)
def test_an_action_id_comes_only_from_the_offer_and_what_is_not_available_says_why(
    found: ReturnCase, beside: Surroundings
) -> None:
    options = return_options(found, beside)
    offered = {action.id for action in found.actions}
    for option in options.options:
        assert option.available == (not option.why_not)
        if option.action_id is not None:
            assert option.action_id in offered
            assert found.source is ReturnSource.RFBS
            assert option.available or option.kind is OptionKind.OTHER
        if option.kind not in (OptionKind.EXCHANGE, OptionKind.OTHER):
            assert option.available == (option.action_id is not None)
    assert sum(1 for option in options.options if option.kind is not OptionKind.OTHER) == 7
    unknown = {action.id for action in found.actions if kind_of(action) is ActionKind.UNKNOWN}
    assert {option.action_id for option in options.options if option.kind is OptionKind.OTHER} == unknown


@given(cases, surroundings)
def test_a_suggestion_is_open_available_and_never_pays_more_than_is_left(
    found: ReturnCase, beside: Surroundings
) -> None:
    options = return_options(found, beside)
    assert options.reason
    amount = options.option(OptionKind.COMPENSATE).suggested_amount
    if amount is not None:
        assert beside.full is not None
        assert 0 < amount.minor <= beside.full.minor
        assert beside.left is None or amount.minor <= beside.left.minor
    if options.suggestion is not None:
        assert found.open
        assert options.option(options.suggestion).available or found.in_cabinet
    if beside.cancelled:
        assert not any(
            options.option(kind).available
            for kind in (
                OptionKind.COMPENSATE,
                OptionKind.REFUND_WITHOUT_RETURN,
                OptionKind.REFUND_AFTER_INSPECTION,
            )
        )


@given(cases, surroundings)
def test_a_return_that_is_being_decided_or_over_gets_no_suggestion(found: ReturnCase, beside: Surroundings) -> None:
    if found.open_intent and found.source is ReturnSource.RFBS:
        assert return_options(found, beside).suggestion is None
    if not found.open:
        assert return_options(found, beside).suggestion is None


def test_the_goods_are_looked_at_first_where_the_policy_wants_it() -> None:
    assert suggestion(NEW) is OptionKind.TAKE_BACK
    assert suggestion(NEW, policy=ReturnPolicy(product_type="*", inspect=False)) is OptionKind.REFUND_WITHOUT_RETURN


def test_cheap_goods_are_not_worth_their_way_back() -> None:
    policy = ReturnPolicy(product_type="*", keep_goods_below=20_000, compensate_percent=30)
    found = return_options(NEW, Surroundings(policy=policy, full=FULL))
    assert found.suggestion is OptionKind.COMPENSATE
    assert found.option(OptionKind.COMPENSATE).suggested_amount == FULL.percent(Decimal(30))
    broken = case(-1, 1000, 1020, 1030, is_defect=True)
    assert suggestion(broken, policy=policy) is OptionKind.REFUND_WITHOUT_RETURN


def test_what_is_asked_for_too_late_is_rejected_and_an_unknown_delivery_is_said() -> None:
    late = return_options(NEW, Surroundings(full=FULL, delivered_at=NEW.opened_at - timedelta(days=15)))
    assert late.suggestion is OptionKind.REJECT
    assert late.window.over is True
    assert late.option(OptionKind.REJECT).needs == (Need.REJECTION_REASON, Need.COMMENT)
    in_time = return_options(NEW, Surroundings(full=FULL, delivered_at=NEW.opened_at - timedelta(days=14)))
    assert in_time.window.over is False
    unknown = return_options(NEW, Surroundings(full=FULL))
    assert unknown.window.over is None
    assert "not known" in unknown.reason


@pytest.mark.parametrize(
    ("condition", "unopened_only", "wanted"),
    [
        (Condition.NEW, True, OptionKind.REFUND_AFTER_INSPECTION),
        (Condition.OPENED, False, OptionKind.REFUND_AFTER_INSPECTION),
        (Condition.OPENED, True, OptionKind.REJECT),
        (Condition.USED, False, OptionKind.REJECT),
        (Condition.EMPTY_BOX, False, OptionKind.REJECT),
    ],
)
def test_what_the_inspection_found_decides(condition: Condition, unopened_only: bool, wanted: OptionKind) -> None:
    found = case(-10, 1000, 1020, received_at=a.NOW, inspected_at=a.NOW, condition=condition)
    assert suggestion(found, policy=ReturnPolicy(product_type="*", unopened_only=unopened_only)) is wanted


def test_receipt_is_confirmed_only_once_the_goods_are_here() -> None:
    assert suggestion(case(1040)) is None
    assert suggestion(case(1040, received_at=a.NOW)) is OptionKind.CONFIRM_RECEIPT


def test_two_names_for_one_thing_are_left_to_a_person() -> None:
    twice = case(actions=(OfferedAction(id=1, name="Вернуть деньги"), OfferedAction(id=2, name="Возврат денег")))
    refund = return_options(twice, Surroundings(full=FULL)).option(OptionKind.REFUND_WITHOUT_RETURN)
    assert not refund.available
    assert "twice" in refund.why_not


def test_the_policy_of_the_product_goes_before_the_one_for_everything_else() -> None:
    shoes, rest = ReturnPolicy(product_type="shoes"), ReturnPolicy(product_type="*")
    assert policy_for((rest, shoes), "shoes") is shoes
    assert policy_for((shoes, rest), "hats") is rest
    assert policy_for((shoes,), "") is DEFAULT_POLICY


def test_goods_that_wait_are_told_of_every_week_and_before_they_are_scrapped() -> None:
    waits = case(source=ReturnSource.FBS, state="ArrivedAtReturnPlace", opened_at=a.NOW)
    assert fetch_reminder(waits, a.NOW) == a.NOW + timedelta(days=7)
    assert fetch_reminder(waits, a.NOW + timedelta(days=7)) == a.NOW + timedelta(days=14)
    soon = case(
        source=ReturnSource.FBS,
        state="ArrivedAtReturnPlace",
        opened_at=a.NOW,
        scrapped_at=a.NOW + timedelta(days=5),
    )
    assert fetch_reminder(soon, a.NOW) == a.NOW + timedelta(days=2)
    assert fetch_reminder(soon, a.NOW + timedelta(days=2)) == a.NOW + timedelta(days=4)
    assert fetch_reminder(case(source=ReturnSource.FBS, state="ArrivedAtReturnPlace", received_at=a.NOW), a.NOW) is None
    assert fetch_reminder(case(source=ReturnSource.FBS, state="MovingToSeller"), a.NOW) is None


def test_a_state_that_is_new_to_us_is_neither_over_nor_decided() -> None:
    assert whereabouts("SomethingNew") is Whereabouts.OTHER
    assert whereabouts("OnSellerApproval") is Whereabouts.DECIDE


def test_each_scheme_has_its_own_clock() -> None:
    settings = a.settings(market=Market.GLOBAL, decide_return_within=None)
    assert decide_return_by(a.NOW, settings) == a.NOW + timedelta(days=3)
    assert decide_return_by(a.NOW, settings, ReturnSource.FBS) == a.NOW + timedelta(hours=24)


def test_no_more_is_offered_than_is_left_of_what_was_paid() -> None:
    found = return_options(NEW, Surroundings(full=FULL, left=a.rub("20.00")))
    refund = found.option(OptionKind.REFUND_WITHOUT_RETURN)
    assert not refund.available
    assert "20.00 RUB" in refund.why_not
    assert found.option(OptionKind.COMPENSATE).suggested_amount == a.rub("20.00")
