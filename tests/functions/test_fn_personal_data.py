"""Personal data is off: what is planted in pushes and in the marketplace's answers is found nowhere afterwards."""

from __future__ import annotations

import json

import pytest

from functions.deadline_sweep.handler import handler as sweep
from functions.marketplace_poll.handler import handler as poll
from functions.order_webhook.handler import handler as webhook
from functions.posting_sync.handler import handler as sync
from shipby.adapters.aws import clients
from shipby_local.simulator import Buyer, Simulator
from tests.functions.shop_support import SELLER, LambdaContext, Shop, event, http_push

CONTEXT = LambdaContext()
NAME, PHONE, ADDRESS, CHAT = "Канарейкина Ульяна", "+79995550199", "ул. Птичья, д. 77, кв. 8", "позвоните вечером"
CANARIES = ("Канарейкина", "Ульяна", "9995550199", "Птичья", "позвоните")


def planted(number: str) -> list[object]:
    """Pushes of every kind with personal data wherever a sender could put it."""
    person = {"name": NAME, "phone": PHONE, "address": {"address_tail": ADDRESS}, "comment": CHAT}
    seller = int(SELLER)
    base = {"posting_number": number, "seller_id": seller, "customer": person, "addressee": person, **person}
    chat = {"chat_id": "c", "chat_type": "Buyer_Seller", "message_id": "3", "seller_id": SELLER, "data": [CHAT, NAME]}
    types = ("NEW_POSTING", "STATE_CHANGED", "POSTING_CANCELLED", "CUTOFF_DATE_CHANGED", "DELIVERY_DATE_CHANGED")
    return [
        *({"message_type": f"TYPE_{kind}", **base} for kind in types),
        {"message_type": "TYPE_POSTING_CANCELLED", **base, "reason": {"id": 1, "message": CHAT}},
        {"message_type": "TYPE_NEW_MESSAGE", **chat, "user": {"id": PHONE, "type": "Сustomer"}},
        {"message_type": "TYPE_UPDATE_MESSAGE", **chat, "user": {"id": NAME, "type": "Customer"}},
        {"message_type": "TYPE_OF_TOMORROW", **base},
        {"message_type": NAME, **base},
        {"message_type": "TYPE_STATE_CHANGED", "posting_number": NAME, "seller_id": seller},
        {"message_type": "TYPE_STATE_CHANGED", "posting_number": number, "seller_id": PHONE},
        {NAME: PHONE, "message_type": "TYPE_OF_TOMORROW"},
        [NAME, PHONE],
        f"{NAME} {PHONE} {ADDRESS} {CHAT}",
    ]


def found(text: str) -> list[str]:
    return [canary for canary in CANARIES if canary in text]


def test_planted_personal_data_is_in_no_item_message_event_log_or_metric(
    shop: Shop, market: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    buyer = Buyer(name=NAME, phone=PHONE, address=ADDRESS, city="Канарейкина", comment=CHAT)
    number = market.add_posting(SELLER, buyer=buyer)
    assert found(str(market.posting(number).buyer)), "the marketplace must know the buyer"
    for body in planted(number):
        assert shop.push(body) == (200, {"result": True})
    webhook(http_push(f"{NAME}.{PHONE}{PHONE}", f"{NAME}"), CONTEXT)
    assert shop.pump() == []
    everything = [body for queue in shop.urls for body in shop.bodies(queue)]
    assert shop.deliver("sync", sync) == []
    assert shop.store.posting(SELLER, number) is not None
    poll(event("schedule"), CONTEXT)
    sweep(event("schedule"), CONTEXT)
    assert shop.pump() == []
    everything += [body for queue in shop.urls for body in shop.bodies(queue)]
    assert everything
    files = clients.s3().list_objects_v2(Bucket="shipby-documents").get("Contents", [])
    at_rest = json.dumps(shop.items(), ensure_ascii=False)
    messages = json.dumps(everything, ensure_ascii=False)
    output = shop.log.getvalue() + capsys.readouterr().out
    texts = (at_rest, messages, output, output.encode().decode("unicode_escape", "ignore"), str(files))
    assert [found(text) for text in texts] == [[]] * len(texts)
