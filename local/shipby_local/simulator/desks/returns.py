"""rFBS returns: what is offered in which state, what each action changes and pays."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shipby_local.simulator import words
from shipby_local.simulator.errors import invalid
from shipby_local.simulator.market import Market
from shipby_local.simulator.model import AcceptedCall, Line, Posting, RfbsReturn


@dataclass(frozen=True, slots=True)
class Decision:
    """A seller's action on a return; amounts in the return's currency."""

    action_id: int
    comment: str = ""
    compensation: Decimal | None = None
    rejection_reason_id: int | None = None
    back_way: Decimal = Decimal(0)


class ReturnDesk:
    """Opens and decides rFBS returns. Every accepted action changes the state and books the money it moves."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._world = market.world

    def open(self, posting: Posting, line: Line, *, comment: str = "", is_defect: bool = False) -> RfbsReturn:
        """The buyer asks to give goods back."""
        wait = self._world.settings.return_auto_approve_seconds
        opened = RfbsReturn(
            id=self._world.next_id("return", 1_000_123_456),
            client_id=posting.client_id,
            posting_number=posting.number,
            line=line,
            currency=posting.currency,
            state="ON_APPROVAL",
            created_at=self._world.now(),
            buyer_name=posting.buyer.name,
            comment=comment,
            is_defect=is_defect,
            auto_approve_at=self._world.later(wait),
        )
        self._world.schedule(self._world.later(wait), "approve_return", opened.key)
        return self._world.returns.put(opened)

    def offered(self, item: RfbsReturn) -> tuple[int, ...]:
        """Ids that `/v1/returns/rfbs/action/set` accepts for this return now."""
        return words.OFFERED_IN_STATE[item.state]

    def act(self, item: RfbsReturn, decision: Decision) -> None:
        """Carries an action out. Raises ApiError if it is not offered or incomplete; then nothing changes."""
        world, action = self._world, decision.action_id
        if action not in self.offered(item):
            if action in words.REFUND_ACTIONS and item.refunded > 0:
                world.tally(f"double_refund_attempts:{item.client_id}")
            raise invalid(f"ACTION_IS_NOT_AVAILABLE: action {action} is not offered in state {item.state}")
        amount = Decimal(0)
        if action in {words.REJECT, words.REJECT_AFTER_CHECK}:
            known = {reason["id"] for reason in words.REJECTION_REASONS}
            if not decision.comment or decision.rejection_reason_id not in known:
                raise invalid("comment and rejection_reason_id are required for this action")
            item.state, item.rejection_comment = "REJECTED", decision.comment
        elif action == words.COMPENSATE:
            if decision.compensation is None or not 0 < decision.compensation <= item.line.total:
                raise invalid("compensation_amount is required and must not exceed the price")
            amount = words.cents(decision.compensation)
            item.state = "COMPENSATED"
        elif action == words.FULL_REFUND:
            amount = item.line.total
            item.state = "REFUNDED"
        else:
            item.state = "AWAITING_GOODS" if action == words.ASK_GOODS else "ON_CHECKOUT"
        self._book(item, decision, amount)

    def approve_by_itself(self, key: str) -> None:
        """The deadline passed without a decision: approved, goods go to the seller first."""
        item = self._world.returns.get(key)
        if item is not None and item.state == "ON_APPROVAL":
            item.state = "AWAITING_GOODS"
            item.actions.append(AcceptedCall(self._world.now(), "auto_approve", {}))
            self._world.returns.put(item)

    def _book(self, item: RfbsReturn, decision: Decision, amount: Decimal) -> None:
        detail: dict[str, Any] = {
            "id": decision.action_id,
            "amount": words.plain(amount),
            "return_for_back_way": words.plain(max(decision.back_way, Decimal(0))),
        }
        item.actions.append(AcceptedCall(self._world.now(), "/v1/returns/rfbs/action/set", detail))
        posting = self._world.postings.get(item.posting_number)
        if amount > 0 and posting is not None:
            item.refunded += amount
            kind = words.RETURN_COMPENSATION if decision.action_id == words.COMPENSATE else words.RETURN_REFUND
            self._pay(posting, item, kind, amount)
            if decision.back_way > 0:
                self._pay(posting, item, words.RETURN_POSTAGE, decision.back_way)
        self._world.returns.put(item)

    def _pay(self, posting: Posting, item: RfbsReturn, kind: int, amount: Decimal) -> None:
        self._market.pay(posting, kind=kind, amount=amount, executed_by="seller", paid_to="buyer", return_id=item.id)
