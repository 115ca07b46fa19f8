"""Refunds on the whole product, with a worker that dies at the worst moment."""

from typing import Any

import pytest

from tests.integration.whole.whole_support import Shop, Whole
from tests.support.waiting import eventually

pytestmark = pytest.mark.stack
ACT = "/v1/returns/rfbs/action/set"


def test_a_worker_killed_in_the_middle_of_a_refund_leaves_it_paid_once_and_settled(whole: Whole, shop: Shop) -> None:
    number, opened = whole.returned(shop)
    case = shop.api.get(f"/v1/returns/{opened}")
    [refund] = [action for action in case["available_actions"] if "вернуть деньги" in action["name"].lower()]
    held = {"kind": "timeout_after_success", "method": ACT, "client_id": shop.client_id, "times": 1, "seconds": 30.0}
    fault = whole.simulator.control("POST", "/_sim/faults", held)
    decision = {"action_id": refund["id"], "refund": True, "reason": "the buyer is right"}
    intent = shop.api.post(f"/v1/returns/{opened}/decide", decision)["id"]
    eventually(lambda: bool(actions(whole, opened)), "the marketplace to have paid")
    assert whole.stack.kill_workers("Refunds") >= 1
    done = whole.settled(shop, intent)
    assert done["state"] == "CONFIRMED"
    assert done["read_back"], "nobody lived to hear the answer, so only reading can have settled it"
    books = whole.simulator.books()
    assert [armed["fired"] for armed in books["faults"] if armed["id"] == fault["id"]] == [1]
    assert [action["method"] for action in actions(whole, opened)] == [ACT]
    [paid] = [money for money in books["money"] if money["return_id"] == int(opened)]
    ledger = whole.store.money(shop.client_id, number)
    assert ledger is not None
    assert (ledger.reserved, ledger.refunded) == (0, round(abs(float(paid["amount"])) * 100))
    assert books["sellers"][shop.client_id]["double_refund_attempts"] == 0


def actions(whole: Whole, opened: str) -> list[Any]:
    """What the marketplace did with a return at our call."""
    taken: list[Any] = whole.simulator.books()["returns"][opened]["actions"]
    return taken
