"""Personal data is off: what is planted at the marketplace and in pushes is found nowhere at rest and in no output."""

import base64
import json
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pypdfium2
import pytest

from shipby_local.simulator import Buyer
from shipby_local.simulator.generate import LineSpec
from tests.integration.whole.whole_support import Shop, Whole, call, paused
from tests.support.waiting import eventually

pytestmark = pytest.mark.stack

NAME, CITY, EMAIL = "Zykfrieda Quorvathova", "Vrelgorodok", "zykfrieda@quorvath.example"
PHONE, ADDRESS = "+79005550137", "ул. Щегловитова-Тестовая, д. 77"
COMMENT, CHAT, WISH = "домофон не работает зюйд", "наберите меня вечером зюйд", "передумала покупать зюйд"
CANARIES = ("Zykfrieda", "Quorvath", "9005550137", "Щегловитова", "зюйд", CITY)
MARKER = "OFFER-MARKER-7Q"
"""A product's article: harmless, kept, and therefore what the search must be able to find."""


def spellings(text: str) -> set[bytes]:
    """How a text may look where somebody wrote it: plain, in JSON, in JSON in JSON, in a link, in base64."""
    plain = {text, text.lower(), text.upper()}
    in_json = {json.dumps(one)[1:-1] for one in plain}
    forms = plain | in_json | {json.dumps(one)[1:-1] for one in in_json} | {quote(one) for one in plain}
    found = {form.encode() for form in forms} | {text.encode("utf-16-le")}
    for form in (text.encode(), json.dumps(text)[1:-1].encode()):
        # Base64 of a part of a longer text, at each of the three places it may begin.
        for shift in range(3):
            code = base64.b64encode(b"\0" * shift + form)
            found.add(code[(0, 2, 3)[shift] : -4])
    return found


@dataclass
class Search:
    """Everything that was seen, by where; `of` says where a text is."""

    seen: dict[str, bytes] = field(default_factory=dict)

    def add(self, where: str, what: object) -> None:
        text = what if isinstance(what, str) else json.dumps(what, ensure_ascii=False, default=str)
        self.seen[where] = self.seen.get(where, b"") + b"\n" + text.encode("utf-8", "surrogatepass")

    def of(self, *texts: str) -> set[str]:
        needles = {needle for text in texts for needle in spellings(text)}
        return {where for where, content in self.seen.items() if any(needle in content for needle in needles)}


def test_the_search_sees_through_every_spelling() -> None:
    search = Search()
    secret = f"prefix {ADDRESS} and more"
    search.add("plain", secret)
    search.add("twice in JSON", json.dumps({"body": json.dumps({"x": secret})}))
    search.add("link", "/a?b=" + quote(secret))
    for shift in range(3):
        search.add(f"base64 {shift}", base64.b64encode(b"x" * shift + secret.encode()).decode())
    search.add("innocent", "nothing to see here")
    assert search.of("Щегловитова") == set(search.seen) - {"innocent"}


def hostile_pushes(shop: Shop, number: str) -> list[bytes | dict[str, Any]]:
    """Valid and senseless ones, with personal data wherever a sender could put it."""
    person = {"name": NAME, "phone": PHONE, "address": {"tail": ADDRESS, "city": CITY}, "comment": COMMENT}
    base = {"posting_number": number, "seller_id": int(shop.client_id), "customer": person, "addressee": person}
    chat = {"chat_id": "c", "chat_type": "Buyer_Seller", "message_id": "3", "seller_id": shop.client_id}
    return [
        {"message_type": "TYPE_STATE_CHANGED", "new_state": "posting_created", **base, **person},
        {"message_type": "TYPE_NEW_MESSAGE", **chat, "data": [CHAT, NAME], "user": {"id": PHONE, "type": "Customer"}},
        {"message_type": "TYPE_UPDATE_MESSAGE", **chat, "data": [CHAT], "user": {"id": NAME, "type": "Сustomer"}},
        {"message_type": "TYPE_OF_TOMORROW", **base, **person},
        {"message_type": NAME, **base},
        {"message_type": "TYPE_STATE_CHANGED", **base, "posting_number": f"{NAME} {PHONE}"},
        {"message_type": "TYPE_STATE_CHANGED", **base, "seller_id": PHONE},
        {"message_type": "TYPE_OF_TOMORROW", NAME: PHONE, ADDRESS: EMAIL},
        json.dumps([NAME, PHONE, EMAIL]).encode(),
        f"{NAME} {PHONE} {ADDRESS} {COMMENT}".encode(),
        f"{NAME} {ADDRESS}".encode("utf-16"),
    ]


def look_into_queues(whole: Whole, search: Search) -> None:
    """Every message of every queue; a second later all are back in their places."""
    sqs = whole.stack.client("sqs")
    for url in sqs.list_queues(MaxResults=100)["QueueUrls"]:
        while batch := sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=1, MessageAttributeNames=["All"]
        ).get("Messages"):
            search.add(f"queue {url.rpartition('/')[2]}", batch)


def seen_in_queues(whole: Whole, text: str, search: Search) -> bool:
    """Look into the queues; whether the text is among all that was seen."""
    look_into_queues(whole, search)
    return bool(search.of(text))


def tap_the_bus(whole: Whole) -> str:
    """A queue of an integrator that gets a copy of every event; its address."""
    sqs, events, bus = whole.stack.client("sqs"), whole.stack.client("events"), whole.stack.outputs["EventBusName"]
    url = str(sqs.create_queue(QueueName="integrator")["QueueUrl"])
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = json.dumps({"source": [{"prefix": ""}]})
    events.put_rule(Name="everything", EventBusName=bus, EventPattern=pattern, State="ENABLED")
    events.put_targets(Rule="everything", EventBusName=bus, Targets=[{"Id": "1", "Arn": arn}])
    return url


def look_at_rest(whole: Whole, search: Search) -> None:
    """The table, the logs, the documents' names and texts, and every file of the data folder."""
    stack = whole.stack
    for page in stack.client("dynamodb").get_paginator("scan").paginate(TableName=stack.outputs["TableName"]):
        search.add("table", page["Items"])
    logs = stack.client("logs")
    for group in logs.get_paginator("describe_log_groups").paginate().search("logGroups[].logGroupName"):
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group):
            search.add("logs", [event["message"] for event in page["events"]])
    s3, bucket = stack.client("s3"), stack.resources["DocumentBucket"]
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for entry in page.get("Contents", []):
            head = s3.head_object(Bucket=bucket, Key=entry["Key"])
            search.add("documents", [entry["Key"], head["Metadata"], head["ContentType"]])
            if entry["Key"].endswith(".pdf"):
                where = "personal papers" if entry["Key"].startswith("personal/") else "papers"
                search.add(where, pdf_text(s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()))
    # What was acknowledged lies in the last snapshot or in the journal behind it.
    folder = stack.settings.data_dir
    eventually(lambda: read_files(folder, search), "one whole look at the data folder")


def read_files(folder: Path, search: Search) -> bool:
    """Every file as it lies there; False if a snapshot was replaced while we looked."""
    try:
        found = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    except FileNotFoundError:
        return False
    for name, content in found.items():
        search.seen[f"file {name}"] = content
    return True


def pdf_text(content: bytes) -> str:
    """All text of a PDF."""
    document = pypdfium2.PdfDocument(content)
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


def ask_the_api(shop: Shop, number: str, opened: str, search: Search) -> None:
    """Everything the seller can read or export."""
    for path in (
        f"/v1/postings/{number}",
        f"/v1/postings/{number}/events",
        f"/v1/postings/{number}/labels",
        f"/v1/postings/{number}/tracking-numbers",
        "/v1/postings",
        "/v1/intents",
        "/v1/returns",
        f"/v1/returns/{opened}",
        f"/v1/refunds/{number}",
        "/v1/refunds",
        "/v1/proof",
        "/v1/settings",
    ):
        search.add("api", shop.api.get(path))


def test_planted_personal_data_is_found_nowhere_after_a_posting_went_through_everything(whole: Whole) -> None:
    shop, search = whole.open_shop(), Search()
    tapped = tap_the_bus(whole)
    buyer = Buyer(
        name=NAME, phone=PHONE, address=ADDRESS, city=CITY, region=CITY, zip_code="", comment=COMMENT, email=EMAIL
    )
    spec: dict[str, Any] = {
        "scheme": "rFBS",
        "integration": "non_integrated",
        "buyer": buyer,
        "lines": (LineSpec(sku=910_000_077, offer_id=MARKER, price=Decimal(1450)),),
    }
    with paused(whole):
        number = whole.posting(shop, **spec)
        whole.simulator.control("POST", "/_sim/chats", {"posting_number": number, "text": CHAT})
        for body in hostile_pushes(shop, number):
            answer = whole.push(shop, body)
            assert (answer.status, answer.body) == (200, {"result": True})
        # Personal data in an address that nobody may use, too.
        assert call(f"{whole.stack.api_url}/ozon/push/{quote(NAME)}.{PHONE}", "POST", body=NAME.encode()).status == 404
        eventually(lambda: len(whole.pushes(shop)) >= 12, "the pushes to come")
        eventually(lambda: seen_in_queues(whole, number, search), "messages in the queues")
    opened = through_everything(whole, shop, number, search)
    whole.proof(shop)
    ask_the_api(shop, number, opened, search)
    eventually(lambda: any(number in one.title + one.body for one in whole.messenger.notices), "a notice of it")
    search.add("messenger", [[one.title, one.body] for one in whole.messenger.notices])
    look_into_queues(whole, search)
    look_at_rest(whole, search)
    handed_out = Search()
    account = whole.simulator.posting(number).buyer
    handed_out.add("marketplace", [account.name, account.phone, account.address, account.comment, account.city])
    handed_out.add("marketplace's answers", ask_the_marketplace(whole, shop, number))
    assert handed_out.of(*CANARIES) == {"marketplace", "marketplace's answers"}, "nothing was planted"
    bus = f"queue {tapped.rpartition('/')[2]}"
    places = {"table", "logs", "documents", "personal papers", "api", "messenger", bus}
    assert places <= set(search.seen)
    # The search finds what is kept on purpose, in each of these places and on disk.
    assert {"table", "api"} <= search.of(MARKER)
    control = search.of(number)
    assert places - {"personal papers"} <= control
    assert any(where.startswith("queue ") and "Sync" in where for where in control)
    assert any(where.startswith("file state") for where in search.of(MARKER))
    # A label has to show whom the parcel is for. Nothing else does, and those files end within hours.
    assert search.of(*CANARIES) == {"personal papers"}


def ask_the_marketplace(whole: Whole, shop: Shop, number: str) -> Any:
    """The marketplace's own answer about the posting, as our workers get it."""
    secret = next(one.api_key for one in whole.simulator.sellers() if one.client_id == shop.client_id)
    return call(
        f"{whole.simulator.base_url}/v3/posting/fbs/get",
        "POST",
        body={"posting_number": number, "with": {"analytics_data": True, "financial_data": True}},
        Client_Id=shop.client_id,
        Api_Key=secret,
    ).body


def through_everything(whole: Whole, shop: Shop, number: str, search: Search) -> str:
    """Arrive, ship, label, print, hand over, get a number, deliver, come back with a refund. Gives the return's id."""
    path, api = f"/v1/postings/{number}", shop.api
    whole.until(shop, number, lambda _: True, "to arrive")
    api.post(f"{path}/confirm")
    with paused(whole):
        shipped = api.post(f"{path}/ship")["id"]
        eventually(lambda: seen_in_queues(whole, shipped, search), "the intent in its queue")
    assert whole.settled(shop, shipped)["state"] == "CONFIRMED"
    whole.labelled(shop, number)
    assert whole.printed(shop, number)["state"] == "ready"
    api.post(f"{path}/pick")
    api.post(f"{path}/pack", {"reason": "no scanner here"})
    numbered = api.put(f"{path}/tracking-number", {"tracking_number": "RB770077CN", "reason": "carrier"})
    assert whole.settled(shop, numbered["id"])["state"] == "CONFIRMED"
    api.post(f"{path}/hand-over")
    whole.until(shop, number, lambda view: view["stage"] == "in_transit", "to be reported on its way")
    api.post(f"{path}/delivery-report", {"stage": "delivered"})
    whole.until(shop, number, lambda view: view["stage"] == "delivered", "to be delivered")
    wanted = {"posting_number": number, "comment": f"{WISH} {NAME} {PHONE}"}
    opened = str(whole.simulator.control("POST", "/_sim/returns", wanted)["return_id"])

    def found() -> bool:
        whole.poll(shop)
        return whole.store.return_case(shop.client_id, opened) is not None

    eventually(found, "the return to be found by polling")
    case = api.get(f"/v1/returns/{opened}")
    [refund] = [action for action in case["available_actions"] if "вернуть деньги" in action["name"].lower()]
    intent = api.post(f"/v1/returns/{opened}/decide", {"action_id": refund["id"], "refund": True, "reason": "right"})
    assert whole.settled(shop, intent["id"])["state"] == "CONFIRMED"
    cancelled = whole.arrived(shop, buyer=whole.simulator.posting(number).buyer)
    whole.simulator.control("POST", f"/_sim/postings/{cancelled}", {"act": "buyer_cancel", "message": WISH})
    whole.until(shop, cancelled, lambda view: view["stage"] == "cancelled", "to be cancelled")
    whole.drained()
    return opened
