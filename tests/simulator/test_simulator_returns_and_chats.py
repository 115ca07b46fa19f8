"""Returns move money once; chats follow the subscription and the time windows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from shipby_local.simulator import LineSpec, Simulator
from tests.simulator.sim_support import Caller, eventually, quick

SELLER = "7001"


@pytest.fixture
def opened(simulator: Simulator, call: Caller) -> int:
    number = simulator.add_posting(SELLER, scheme="rFBS", lines=(LineSpec(sku=5, price=Decimal(1990)),))
    made: int = call.control("returns", {"posting_number": number, "comment": "мал"})["return_id"]
    return made


def offered(call: Caller, return_id: int) -> dict[int, str]:
    actions = call("/v2/returns/rfbs/get", {"return_id": return_id})["returns"]["available_actions"]
    return {action["id"]: action["name"] for action in actions}


def act(call: Caller, return_id: int, action: int, *, expect: int = 200, **rest: Any) -> Any:
    return call("/v1/returns/rfbs/action/set", {"return_id": return_id, "id": action, **rest}, expect=expect)


def test_a_full_refund_is_paid_once_and_a_second_one_refused(simulator: Simulator, call: Caller, opened: int) -> None:
    refund = next(number for number, name in offered(call, opened).items() if name == "Вернуть деньги")
    assert act(call, opened, refund) == {}
    assert offered(call, opened) == {}
    assert "ACTION_IS_NOT_AVAILABLE" in act(call, opened, refund, expect=400)["message"]
    act(call, opened, 1020, expect=400, compensation_amount=1)
    books = simulator.books()
    assert [(entry["kind"], entry["amount"]) for entry in books["money"]] == [("ReturnRefund", "1990")]
    assert books["money"][0]["executed_by"] == "seller"
    assert books["sellers"][SELLER]["double_refund_attempts"] == 2
    assert books["sellers"][SELLER]["refunded_by_seller_action"] == "1990"
    listed = call("/v2/returns/rfbs/list", {"limit": 1, "filter": {"group_state": ["Approved"]}})["returns"]
    assert [item["return_id"] for item in listed] == [opened]


def test_a_refund_that_timed_out_after_success_is_in_the_books_once(
    simulator: Simulator, call: Caller, opened: int
) -> None:
    call.control("faults", {"kind": "timeout_after_success", "method": "/v1/returns/rfbs/action/set"})
    with pytest.raises(Exception, match="aborted"):
        act(call, opened, 1000)
    state = call("/v2/returns/rfbs/get", {"return_id": opened})["returns"]["state"]["state"]
    assert state == "REFUNDED"
    assert len(simulator.books()["money"]) == 1


def test_a_compensation_needs_an_amount_within_the_price(simulator: Simulator, call: Caller, opened: int) -> None:
    act(call, opened, 1020, expect=400)
    act(call, opened, 1020, expect=400, compensation_amount=1990.01)
    act(call, opened, 1020, compensation_amount=500.5)
    assert simulator.books()["returns"][str(opened)]["refunded"] == "500.5"


def test_rejecting_needs_a_comment_and_an_offered_reason(simulator: Simulator, call: Caller, opened: int) -> None:
    act(call, opened, -1, expect=400, comment="след")
    act(call, opened, -1, expect=400, comment="след", rejection_reason_id=77)
    act(call, opened, -1, comment="след", rejection_reason_id=1)
    details = call("/v2/returns/rfbs/get", {"return_id": opened})["returns"]
    assert (details["state"]["state"], details["rejection_comment"]) == ("REJECTED", "след")
    assert simulator.books()["money"] == []


def test_goods_can_be_asked_for_inspected_and_then_refunded(simulator: Simulator, call: Caller, opened: int) -> None:
    act(call, opened, 1030)
    assert list(offered(call, opened)) == [1040]
    act(call, opened, 1000, expect=400)
    assert simulator.books()["sellers"][SELLER]["double_refund_attempts"] == 0
    act(call, opened, 1040)
    assert -10 in offered(call, opened)
    act(call, opened, 1000, return_for_back_way=300)
    paid = {entry["kind"]: entry["amount"] for entry in simulator.books()["money"]}
    assert paid == {"ReturnRefund": "1990", "ReturnPostage": "300"}


def test_an_undecided_return_is_approved_by_itself(simulator: Simulator, call: Caller, opened: int) -> None:
    call.control("clock", {"advance_seconds": 86_401})
    assert simulator.books()["returns"][str(opened)]["state"] == "AWAITING_GOODS"


def test_another_sellers_return_is_not_found(simulator: Simulator, call: Caller, opened: int) -> None:
    other = Caller(simulator.base_url, simulator.add_seller(client_id="8001"))
    other("/v2/returns/rfbs/get", {"return_id": opened}, expect=404)
    assert other("/v2/returns/rfbs/list", {"limit": 10}) == {"returns": []}
    other.close()


def test_goods_of_a_posting_cancelled_on_its_way_come_back(simulator: Simulator, call: Caller) -> None:
    number = simulator.add_posting(SELLER)
    call.ship(number)
    call.wait_for(number, "awaiting_deliver")
    call.control("hand-over", {"posting_numbers": [number]})
    call.control(f"postings/{number}", {"act": "buyer_cancel"})
    (entry,) = call("/v1/returns/list", {"limit": 10, "filter": {"posting_numbers": [number]}})["returns"]
    assert (entry["type"], entry["posting_number"]) == ("Cancellation", number)


def test_without_the_subscription_chats_can_be_read_but_not_written(simulator: Simulator, call: Caller) -> None:
    seller = simulator.add_seller(client_id="8001", chat_subscription=False)
    poor = Caller(simulator.base_url, seller)
    number = simulator.add_posting(seller.client_id)
    answer = poor("/v1/chat/start", {"posting_number": number}, expect=403)
    assert (answer["code"], answer["message"]) == (7, "not available with existing subscription")
    chat = poor.control("chats", {"posting_number": number, "text": "?"})["chat_id"]
    poor("/v1/chat/send/message", {"chat_id": chat, "text": "ответ"}, expect=403)
    assert poor("/v3/chat/history", {"chat_id": chat})["messages"][0]["data"] == ["?"]
    poor.close()


def test_a_chat_is_started_written_and_read(simulator: Simulator, call: Caller) -> None:
    number = simulator.add_posting(SELLER)
    chat = call("/v1/chat/start", {"posting_number": number})["result"]["chat_id"]
    call("/v1/chat/send/message", {"chat_id": chat, "text": "Здравствуйте"})
    call("/v1/chat/send/message", {"chat_id": chat, "text": "ё" * 1001}, expect=400)
    asked = call.control("chats", {"posting_number": number, "text": "Где?"})["message_id"]
    listed = call("/v3/chat/list", {"limit": 5, "filter": {"unread_only": True}})
    assert [entry["unread_count"] for entry in listed["chats"]] == [1]
    assert call("/v2/chat/read", {"chat_id": chat, "from_message_id": asked}) == {"unread_count": 0}
    forward = call("/v3/chat/history", {"chat_id": chat, "direction": "Forward", "from_message_id": asked})
    assert [message["user"]["type"] for message in forward["messages"]] == ["Customer"]


def test_after_delivery_the_time_for_messages_ends_unless_the_buyer_writes(simulator: Simulator, call: Caller) -> None:
    number = simulator.add_posting(SELLER)
    chat = call("/v1/chat/start", {"posting_number": number})["result"]["chat_id"]
    call.ship(number)
    call.wait_for(number, "awaiting_deliver")
    call.control("hand-over", {"posting_numbers": [number]})
    call.wait_for(number, "delivered")
    call.control("clock", {"advance_seconds": 73 * 3600})
    call("/v1/chat/send/message", {"chat_id": chat, "text": "Отзыв?"}, expect=403)
    call.control("chats", {"posting_number": number, "text": "Спасибо"})
    call("/v1/chat/send/message", {"chat_id": chat, "text": "И вам"})


def test_the_books_are_consistent_after_a_busy_minute() -> None:
    with Simulator(quick()) as simulator:
        call = Caller(simulator.base_url, simulator.add_seller(client_id=SELLER))
        numbers = simulator.generate([SELLER], 20)
        for number in numbers[:15]:
            call.ship(number)
        for number in numbers[15:]:
            call("/v2/posting/fbs/cancel", {"posting_number": number, "cancel_reason_id": 352})
        eventually(lambda: simulator.books()["sellers"][SELLER]["postings_by_status"] == counts())
        books = simulator.books()
        call.close()
    calls = books["sellers"][SELLER]["calls"]
    assert calls["/v4/posting/fbs/ship"] == {"200": 15}
    assert calls["/v2/posting/fbs/cancel"] == {"200": 5}
    assert [money["kind"] for money in books["money"]] == ["MarketplaceRefund", "SellerCancellationCharge"] * 5
    assert sum(len(posting["calls"]) for posting in books["postings"].values()) == 20


def counts() -> dict[str, int]:
    return {"awaiting_deliver": 15, "cancelled": 5}


def test_a_request_of_fbs_is_approved_by_itself_and_its_goods_can_be_moved(simulator: Simulator, call: Caller) -> None:
    number = simulator.add_posting(SELLER, lines=(LineSpec(sku=5, price=Decimal(1990), quantity=3),))
    body = {"posting_number": number, "type": "ClientReturn", "status": "OnSellerApproval", "quantity": 2}
    (made,) = call.control("returns", body)["ids"]

    def entry() -> Any:
        (found,) = call("/v1/returns/list", {"limit": 10, "filter": {"posting_numbers": [number]}})["returns"]
        return found

    assert entry()["product"]["quantity"] == 2
    call.control("clock", {"advance_seconds": simulator.settings.return_auto_approve_seconds + 1})
    eventually(lambda: entry()["visual"]["status"]["sys_name"] == "ApprovedByOzon")
    call.control("goods-returns", {"id": made, "status": "ArrivedAtReturnPlace", "storage": "75.5", "scrap_in_days": 3})
    assert entry()["storage"]["sum"]["price"] == 75.5
    assert entry()["storage"]["utilization_forecast_date"]
    call.control("goods-returns", {"id": made, "status": "Nowhere"}, expect=400)
    call.control("goods-returns", {"id": 1, "status": "Utilized"}, expect=404)
    call.control("returns", body | {"quantity": 4}, expect=400)
