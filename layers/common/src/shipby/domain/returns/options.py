"""The ways out of a return, side by side: what each costs, what it needs, and which one the seller's policy suggests.

Nothing is taken that the marketplace does not offer: every action id comes from the return's own `available_actions`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from shipby.domain.money import Money
from shipby.domain.returns.actions import ActionKind, kind_of, of_kind
from shipby.domain.returns.goods_returns import Whereabouts, whereabouts
from shipby.domain.returns.policy import ReturnPolicy
from shipby.domain.returns.return_case import REJECT_ACTIONS, Condition, RejectionReason, ReturnCase, ReturnSource

ANY_PRODUCT = "*"
DEFAULT_POLICY = ReturnPolicy(product_type=ANY_PRODUCT)
"""What holds for a seller who has named no policy of their own."""


class OptionKind(StrEnum):
    """A way out of a return."""

    REJECT = "reject"
    COMPENSATE = "compensate"
    TAKE_BACK = "take_back"
    """Take the goods back and look at them; it is decided afterwards."""
    CONFIRM_RECEIPT = "confirm_receipt"
    REFUND_WITHOUT_RETURN = "refund_without_return"
    REFUND_AFTER_INSPECTION = "refund_after_inspection"
    EXCHANGE = "exchange"
    """Another posting goes to the buyer; a matter of the seller, no action of the marketplace."""
    OTHER = "other"
    """Offered under a name that is not known here: a person chooses it by its id."""


class Goods(StrEnum):
    """Where the goods end up."""

    BUYER = "buyer"
    SELLER = "seller"
    OPEN = "open"


class Need(StrEnum):
    """What has to be given or done for an option."""

    REJECTION_REASON = "rejection_reason_id"
    COMMENT = "comment"
    AMOUNT = "amount"
    GOODS = "goods"
    """They have to be received first."""
    INSPECTION = "inspection"
    POSTING = "posting_number"
    """The posting that goes to the buyer instead."""
    CABINET = "cabinet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One way out."""

    kind: OptionKind
    available: bool
    why_not: str = ""
    action_id: int | None = None
    """As the marketplace offers it now; None where no call of ours does it."""
    action_name: str = ""
    to_buyer: Money | None = None
    """What the buyer gets at the seller's cost; None: nothing, or not known (`cost_known`)."""
    cost_known: bool = True
    """Whether `to_buyer` is the whole cost as far as anybody can know it; return postage comes on top where goods come
    back, and the marketplace publishes no figure of it."""
    goods: Goods = Goods.OPEN
    goods_lost: Money | None = None
    """Price of the goods that the seller does not get back."""
    postage_unknown: bool = False
    """A return postage may come on top; nobody publishes how much."""
    needs: tuple[Need, ...] = ()
    suggested_amount: Money | None = None
    rejection_reasons: tuple[RejectionReason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Whether the buyer asked in time by the seller's own policy."""

    days: int
    delivered_at: datetime | None
    ends_at: datetime | None
    over: bool | None
    """None: nobody knows when it was delivered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnOptions:
    """All ways out with the policy's suggestion; `suggestion` is None where none is asked for or fits."""

    options: tuple[Option, ...]
    policy: ReturnPolicy
    window: Window
    suggestion: OptionKind | None
    reason: str

    def option(self, kind: OptionKind) -> Option:
        """The option of a kind; each kind but OTHER is there exactly once."""
        return next(option for option in self.options if option.kind is kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What stands beside a return: the policy, the price to the last minor unit, the ledger, the delivery."""

    policy: ReturnPolicy = DEFAULT_POLICY
    full: Money | None = None
    """What the goods cost; None where it is not known."""
    left: Money | None = None
    """What may still be given back of the posting; None: not known."""
    delivered_at: datetime | None = None
    cancelled: bool = False
    """The posting was cancelled before delivery: the marketplace pays the buyer back by itself."""


def policy_for(policies: Sequence[ReturnPolicy], product_type: str) -> ReturnPolicy:
    """The policy of a kind of product: its own, else the seller's one for everything else, else DEFAULT_POLICY."""
    for wanted in (product_type, ANY_PRODUCT):
        found = next((policy for policy in policies if policy.product_type == wanted), None)
        if found is not None:
            return found
    return DEFAULT_POLICY


def window_of(case: ReturnCase, beside: Surroundings) -> Window:
    """Whether the request came in time; the day of the request counts, not today."""
    days = beside.policy.defect_window_days if case.is_defect else beside.policy.window_days
    if days == 0:
        return Window(days=0, delivered_at=beside.delivered_at, ends_at=beside.delivered_at, over=True)
    if beside.delivered_at is None:
        return Window(days=days, delivered_at=None, ends_at=None, over=None)
    ends = beside.delivered_at + timedelta(days=days)
    return Window(days=days, delivered_at=beside.delivered_at, ends_at=ends, over=case.opened_at > ends)


def return_options(case: ReturnCase, beside: Surroundings) -> ReturnOptions:
    """The options of a return and the suggestion; a pure function of what is known."""
    window = window_of(case, beside)
    found = {
        OptionKind.REJECT: _reject(case),
        OptionKind.COMPENSATE: _compensate(case, beside),
        OptionKind.TAKE_BACK: _take_back(case, beside),
        OptionKind.CONFIRM_RECEIPT: _confirm_receipt(case),
        OptionKind.REFUND_WITHOUT_RETURN: _refund(case, beside, OptionKind.REFUND_WITHOUT_RETURN),
        OptionKind.REFUND_AFTER_INSPECTION: _refund(case, beside, OptionKind.REFUND_AFTER_INSPECTION),
        OptionKind.EXCHANGE: _exchange(case, beside),
    }
    unknown = tuple(
        Option(
            kind=OptionKind.OTHER,
            available=not case.open_intent,
            why_not=_BUSY if case.open_intent else "",
            action_id=action.id,
            action_name=action.name,
            cost_known=False,
        )
        for action in case.actions
        if kind_of(action) is ActionKind.UNKNOWN
    )
    wanted, reason = _wanted(case, beside, window)
    offered = wanted is None or found[wanted].available or case.in_cabinet
    return ReturnOptions(
        options=(*found.values(), *unknown),
        policy=beside.policy,
        window=window,
        suggestion=wanted if offered else None,
        reason=reason if wanted is None or offered else f"{reason}; but {wanted}: {found[wanted].why_not}",
    )


_BUSY = "a decision is being carried out"
_IN_CABINET = "no method decides it: decide it in the seller's cabinet"
_CANCELLED = "the posting was cancelled before delivery: the marketplace pays the buyer back by itself"


def _action(case: ReturnCase, kind: ActionKind) -> tuple[int | None, str, str]:
    """Id and name of the offered action of a kind, or why there is none."""
    if case.source is ReturnSource.FBS:
        return None, "", _IN_CABINET if case.in_cabinet else "nothing is to be decided"
    if case.open_intent:
        return None, "", _BUSY
    offered = of_kind(case.actions, kind)
    if len(offered) > 1:
        names = ", ".join(f"{action.id} ({action.name})" for action in offered)
        # Two names for one thing: which of them is meant, only a person can say.
        return None, "", f"the marketplace offers it twice: {names}; choose one by its id"
    if not offered:
        return None, "", "the marketplace does not offer it now"
    return offered[0].id, offered[0].name, ""


def _reject(case: ReturnCase) -> Option:
    identifier, name, why_not = _action(case, ActionKind.REJECT)
    twice = len(of_kind(case.actions, ActionKind.REJECT)) > 1
    if twice and case.source is ReturnSource.RFBS and not case.open_intent:
        official = [action for action in case.actions if action.id in REJECT_ACTIONS]
        # Before and after the inspection it has two ids; both at once mean the later one.
        identifier, name = min((action.id, action.name) for action in official) if official else (None, "")
        why_not = "" if official else why_not
    return Option(
        kind=OptionKind.REJECT,
        available=identifier is not None,
        why_not=why_not,
        action_id=identifier,
        action_name=name,
        goods=Goods.SELLER if case.received_at else Goods.BUYER,
        needs=(Need.CABINET,) if case.in_cabinet else (Need.REJECTION_REASON, Need.COMMENT),
        rejection_reasons=case.rejection_reasons,
    )


def _compensate(case: ReturnCase, beside: Surroundings) -> Option:
    identifier, name, why_not = _action(case, ActionKind.COMPENSATE)
    if identifier is not None and beside.cancelled:
        identifier, why_not = None, _CANCELLED
    amount = _compensation(beside)
    return Option(
        kind=OptionKind.COMPENSATE,
        available=identifier is not None,
        why_not=why_not,
        action_id=identifier,
        action_name=name,
        to_buyer=amount,
        cost_known=amount is not None,
        goods=Goods.SELLER if case.received_at else Goods.BUYER,
        goods_lost=None if case.received_at else beside.full,
        needs=(Need.CABINET,) if case.in_cabinet else (Need.AMOUNT,),
        suggested_amount=amount,
    )


def _compensation(beside: Surroundings) -> Money | None:
    """What the policy offers a buyer who keeps the goods: a part of the price, and never more than is left."""
    if beside.full is None:
        return None
    rate = min(max(beside.policy.compensate_percent, 0), 100)
    if _elsewhere(beside):
        return None
    amount = beside.full.percent(Decimal(rate))
    if beside.left is not None and beside.left.minor < amount.minor:
        amount = beside.left
    return amount if amount.minor > 0 else None


def _take_back(case: ReturnCase, beside: Surroundings) -> Option:
    identifier, name, why_not = _action(case, ActionKind.TAKE_BACK)
    if identifier is not None and case.received_at is not None:
        identifier, why_not = None, "the goods are here already"
    return Option(
        kind=OptionKind.TAKE_BACK,
        available=identifier is not None,
        why_not=why_not,
        action_id=identifier,
        action_name=name,
        goods=Goods.SELLER,
        to_buyer=beside.full,
        cost_known=beside.full is not None,
        postage_unknown=True,
        needs=(Need.CABINET,) if case.in_cabinet else (),
    )


def _confirm_receipt(case: ReturnCase) -> Option:
    identifier, name, why_not = _action(case, ActionKind.CONFIRM_RECEIPT)
    needs: tuple[Need, ...] = ()
    if identifier is not None and case.received_at is None:
        identifier, why_not, needs = None, "the goods are not here yet: receive them first", (Need.GOODS,)
    return Option(
        kind=OptionKind.CONFIRM_RECEIPT,
        available=identifier is not None,
        why_not=why_not,
        action_id=identifier,
        action_name=name,
        goods=Goods.SELLER,
        needs=needs,
    )


def _refund(case: ReturnCase, beside: Surroundings, kind: OptionKind) -> Option:
    identifier, name, why_not = _action(case, ActionKind.REFUND)
    after = kind is OptionKind.REFUND_AFTER_INSPECTION
    needs: tuple[Need, ...] = (Need.CABINET,) if case.in_cabinet else ()
    if identifier is not None and beside.cancelled:
        identifier, why_not = None, _CANCELLED
    elif identifier is not None and _too_much(beside):
        identifier, why_not = None, f"only {beside.left} is left of what was paid"
    elif identifier is not None and _elsewhere(beside):
        needs = (*needs, Need.AMOUNT)
    elif identifier is not None and after and case.inspected_at is None:
        needs = (Need.INSPECTION,) if case.received_at else (Need.GOODS, Need.INSPECTION)
        identifier, why_not = None, "the goods have not been looked at yet"
    elif identifier is not None and not after and case.received_at is not None:
        identifier, why_not = None, "the goods are here already: look at them first"
    return Option(
        kind=kind,
        available=identifier is not None,
        why_not=why_not,
        action_id=identifier,
        action_name=name,
        to_buyer=beside.full,
        cost_known=beside.full is not None,
        goods=Goods.SELLER if after else Goods.BUYER,
        goods_lost=None if after else beside.full,
        postage_unknown=after,
        needs=needs,
    )


def _elsewhere(beside: Surroundings) -> bool:
    """Whether the goods are priced in another currency than the posting was paid in, and its lines do not tell."""
    full, left = beside.full, beside.left
    return full is not None and left is not None and full.currency != left.currency


def _too_much(beside: Surroundings) -> bool:
    full, left = beside.full, beside.left
    return full is not None and left is not None and full.currency == left.currency and left.minor < full.minor


def _exchange(case: ReturnCase, beside: Surroundings) -> Option:
    if case.exchange:
        why_not = f"posting {case.exchange} goes to the buyer already"
    elif not beside.policy.exchange:
        why_not = "the return policy of this product allows no exchange"
    else:
        why_not = ""
    return Option(
        kind=OptionKind.EXCHANGE,
        available=not why_not,
        why_not=why_not,
        goods=Goods.SELLER,
        postage_unknown=True,
        needs=(Need.POSTING,),
    )


def _wanted(case: ReturnCase, beside: Surroundings, window: Window) -> tuple[OptionKind | None, str]:
    """What the policy would have, whether or not it is offered."""
    asked = case.in_cabinet if case.source is ReturnSource.FBS else bool(case.actions)
    if not case.open or not asked:
        return None, _nothing_asked(case)
    if case.received_at is not None and of_kind(case.actions, ActionKind.CONFIRM_RECEIPT):
        return OptionKind.CONFIRM_RECEIPT, "the goods are here"
    if not case.in_cabinet and not any(kind_of(one) is not ActionKind.CONFIRM_RECEIPT for one in case.actions):
        return None, "the goods are on their way"
    if case.inspected_at is not None:
        return _after_inspection(case, beside.policy)
    if case.received_at is not None:
        return None, "look at the goods first"
    return _before_return(case, beside, window)


def _nothing_asked(case: ReturnCase) -> str:
    if not case.open:
        return f"the return is {case.stage}"
    if case.source is ReturnSource.FBS and whereabouts(case.state) is Whereabouts.WAITING:
        return "the goods wait to be fetched"
    return "nothing is to be decided now"


def _after_inspection(case: ReturnCase, policy: ReturnPolicy) -> tuple[OptionKind, str]:
    found = case.condition
    if case.is_defect and found not in (Condition.WRONG_ITEM, Condition.EMPTY_BOX):
        return OptionKind.REFUND_AFTER_INSPECTION, "returned as defective"
    if found == Condition.NEW or (found == Condition.OPENED and not policy.unopened_only):
        return OptionKind.REFUND_AFTER_INSPECTION, f"the goods came back {found}, as the policy wants"
    return OptionKind.REJECT, f"the goods came back {found}, which the policy does not take"


def _piece(case: ReturnCase, beside: Surroundings) -> Money | None:
    """What one piece cost, in the currency of the posting where that is known: the policy's amounts are in it."""
    told, full = case.price, beside.full
    if told is None or full is None or full.currency == told.currency:
        return None if _elsewhere(beside) else told
    return Money(full.minor // max(case.quantity, 1), full.currency)


def _before_return(case: ReturnCase, beside: Surroundings, window: Window) -> tuple[OptionKind, str]:
    policy = beside.policy
    if window.days == 0:
        return OptionKind.REJECT, "the policy takes these goods back never"
    if window.over:
        return OptionKind.REJECT, f"asked for after the {window.days} days of the policy"
    price = _piece(case, beside)
    known = "" if window.over is not None else "; when it was delivered is not known"
    if price is not None and price.minor < policy.keep_goods_below:
        if case.is_defect or not 0 < policy.compensate_percent < 100:
            return OptionKind.REFUND_WITHOUT_RETURN, f"the goods are not worth their way back{known}"
        return OptionKind.COMPENSATE, f"the goods are not worth their way back{known}"
    if policy.inspect:
        return OptionKind.TAKE_BACK, f"in time, and the policy looks at goods first{known}"
    return OptionKind.REFUND_WITHOUT_RETURN, f"in time, and the policy does not look at goods first{known}"
