"""Closing the day: carriages, acts, the carrier's scans and cargo places."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import pytest
import urllib3
import zxingcpp
from PIL import Image

from shipby_local.simulator import Simulator
from tests.simulator.label_support import pages_of, ready
from tests.simulator.sim_support import Caller, eventually, quick
from tests.support.waiting import LONGEST

RAW = urllib3.PoolManager(retries=False, timeout=LONGEST)


def download(call: Caller, path: str, carriage: int) -> tuple[int, str, bytes]:
    """Status, content type and body of a call that may answer a file."""
    headers = {"Client-Id": call.seller.client_id, "Api-Key": call.seller.api_key, "Content-Type": "application/json"}
    answer = RAW.request("POST", call.base_url + path, body=json.dumps({"id": carriage}), headers=headers)
    return answer.status, answer.headers["Content-Type"], answer.data


def make(call: Caller) -> int:
    method = call.seller.warehouse_id
    number: int = call("/v1/carriage/create", {"delivery_method_id": method})["carriage_id"]
    return number


def approve(call: Caller, carriage: int) -> None:
    assert call("/v1/carriage/approve", {"carriage_id": carriage}) == {}


def documented(call: Caller, carriage: int) -> None:
    approve(call, carriage)
    eventually(lambda: call("/v2/posting/fbs/act/check-status", {"id": carriage})["result"]["status"] == "ready")


def test_a_carriage_takes_what_awaits_delivery_and_nothing_else(simulator: Simulator, call: Caller) -> None:
    waiting = ready(simulator, call, 2)
    simulator.add_posting(call.seller.client_id)
    ready(simulator, call, 1, scheme="rFBS")
    carriage = make(call)
    assert call("/v1/carriage/get", {"carriage_id": carriage})["status"] == "new"
    told = call("/v2/posting/fbs/act/get-postings", {"id": carriage})["result"]
    assert [row["posting_number"] for row in told] == waiting
    body = {"delivery_method_id": call.seller.warehouse_id}
    assert call("/v1/carriage/create", body, expect=404)["message"] == "POSTING_NOT_FOUND"


def test_there_is_no_carriage_of_nothing(call: Caller) -> None:
    body = {"delivery_method_id": call.seller.warehouse_id}
    assert call("/v1/carriage/create", body, expect=404)["message"] == "POSTING_NOT_FOUND"


def test_what_is_taken_out_goes_with_the_next_carriage(simulator: Simulator, call: Caller) -> None:
    first, second = ready(simulator, call, 2)
    packaging = simulator.add_posting(call.seller.client_id)
    carriage = make(call)
    body = {"carriage_id": carriage, "posting_numbers": [first, packaging]}
    told = {row["posting_number"]: row["result"] for row in call("/v1/carriage/set-postings", body)["result"]}
    assert told == {first: True, packaging: False}
    assert call("/v1/carriage/get", {"carriage_id": carriage})["has_postings_for_next_carriage"] is True
    approve(call, carriage)
    call("/v1/carriage/set-postings", body, expect=400)
    following = make(call)
    page = call("/v1/carriage/get", {"carriage_id": following})
    assert (page["is_partial"], page["partial_num"]) == (True, 2)
    assert simulator.books()["carriages"][str(following)]["postings"] == [second]


def test_the_overview_names_the_carriage_that_could_be_made_then_the_one_that_was(
    simulator: Simulator, call: Caller
) -> None:
    ready(simulator, call, 2)
    (method,) = call("/v2/carriage/delivery/list", {"limit": 10})["methods"]
    assert [(row["id"], row["postings_count"]) for row in method["carriages"]] == [(0, 2)]
    carriage = make(call)
    (method,) = call("/v2/carriage/delivery/list", {"limit": 10})["methods"]
    assert [(row["id"], row["status"]) for row in method["carriages"]] == [(carriage, "new")]


def test_the_papers_name_every_posting_and_the_barcode_reads_as_its_text(simulator: Simulator, call: Caller) -> None:
    numbers = ready(simulator, call, 3)
    carriage = make(call)
    assert call("/v1/carriage/get", {"carriage_id": carriage})["available_actions"] == []
    documented(call, carriage)
    assert call("/v1/carriage/get", {"carriage_id": carriage})["available_actions"] == [
        "get_shipping_list",
        "get_waybill",
    ]
    status, kind, data = download(call, "/v2/posting/fbs/act/get-pdf", carriage)
    text = " ".join(page.text for page in pages_of(data))
    assert (status, kind) == (200, "application/pdf")
    assert all(number in text for number in numbers)
    status, kind, data = download(call, "/v2/posting/fbs/act/get-barcode", carriage)
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(data)))
    assert (status, kind) == (200, "image/png")
    assert code.text == call("/v2/posting/fbs/act/get-barcode/text", {"id": carriage})["result"]


def test_documents_take_time_and_can_take_longer(call: Caller, simulator: Simulator) -> None:
    ready(simulator, call, 1)
    carriage = make(call)
    assert download(call, "/v2/posting/fbs/act/get-pdf", carriage)[0] == 400
    documented(call, carriage)
    call.control("faults", {"kind": "carriage_document_not_ready"})
    assert call("/v2/posting/fbs/act/check-status", {"id": carriage})["result"]["status"] == "in_process"
    assert download(call, "/v2/posting/fbs/act/get-barcode", carriage)[0] == 409
    assert download(call, "/v2/posting/fbs/act/get-barcode", carriage)[0] == 200


def test_each_container_has_a_label(simulator: Simulator, call: Caller) -> None:
    ready(simulator, call, 1)
    carriage = make(call)
    call("/v1/carriage/approve", {"carriage_id": carriage, "containers_count": 3})
    eventually(lambda: download(call, "/v2/posting/fbs/act/get-container-labels", carriage)[0] == 200)
    _, kind, data = download(call, "/v2/posting/fbs/act/get-container-labels", carriage)
    assert kind == "application/pdf"
    assert [page.codes for page in pages_of(data)] == [[f"%304%{carriage}-{number}"] for number in (1, 2, 3)]


def test_a_document_may_come_as_the_object_that_its_schema_draws(simulator: Simulator, call: Caller) -> None:
    ready(simulator, call, 1)
    carriage = make(call)
    documented(call, carriage)
    call.control("faults", {"kind": "carriage_document_as_json"})
    answer = call("/v2/posting/fbs/act/get-pdf", {"id": carriage})
    assert answer["content_type"] == "application/pdf"
    assert base64.b64decode(answer["file_content"]) == download(call, "/v2/posting/fbs/act/get-pdf", carriage)[2]


def test_an_approval_can_happen_without_an_answer(simulator: Simulator, call: Caller) -> None:
    ready(simulator, call, 1)
    carriage = make(call)
    call.control("faults", {"kind": "carriage_approve_timeout_after_success"})
    with pytest.raises(urllib3.exceptions.ProtocolError):
        call("/v1/carriage/approve", {"carriage_id": carriage})
    assert call("/v1/carriage/get", {"carriage_id": carriage})["status"] == "formed"
    call("/v1/carriage/approve", {"carriage_id": carriage}, expect=400)


def test_a_posting_is_dropped_at_approval_and_so_is_a_cancelled_one(simulator: Simulator, call: Caller) -> None:
    kept, dropped, cancelled = ready(simulator, call, 3)
    carriage = make(call)
    call.control("faults", {"kind": "posting_dropped_from_carriage", "posting_number": dropped})
    call.control(f"postings/{cancelled}", {"act": "buyer_cancel"})
    approve(call, carriage)
    told = call("/v2/posting/fbs/act/check-status", {"id": carriage})["result"]
    assert told["added_to_act"] == [kept]
    assert set(told["removed_from_act"]) == {dropped, cancelled}
    assert told["has_postings_for_next_carriage"] is True


def test_a_carriage_is_taken_back_until_the_carrier_has_begun(simulator: Simulator, call: Caller) -> None:
    first, *_ = ready(simulator, call, 2)
    gone = make(call)
    approve(call, gone)
    assert call("/v1/carriage/cancel", {"carriage_id": gone}) == {"error": "", "carriage_status": "cancelled"}
    carriage = make(call)
    approve(call, carriage)
    call.control(f"carriages/{carriage}", {"act": "scan", "posting_numbers": [first]})
    assert call("/v1/carriage/cancel", {"carriage_id": carriage})["carriage_status"] == "received"


def test_the_carriers_scans_differ_from_the_act_both_ways(simulator: Simulator, call: Caller) -> None:
    there, also, absent, extra = ready(simulator, call, 4)
    carriage = make(call)
    call("/v1/carriage/set-postings", {"carriage_id": carriage, "posting_numbers": [there, also, absent]})
    approve(call, carriage)
    told = call.control(f"carriages/{carriage}", {"act": "scan", "except": [absent], "extra": [extra]})
    assert (told["scanned"], told["extra"], told["status"]) == ([there, also], [extra], "received")
    assert call.control(f"carriages/{carriage}", {"act": "finish"})["not_accepted"] == [absent]
    states = {number: call.posting(number)["status"] for number in (there, also, absent, extra)}
    assert states == {there: "delivering", also: "delivering", absent: "not_accepted", extra: "delivering"}
    assert call.control("carriages")["carriages"][str(carriage)]["status"] == "closed"
    call.control(f"carriages/{carriage}", {"act": "scan"}, expect=400)
    call("/v1/carriage/act-discrepancy/pdf", {"carriage_id": carriage}, expect=403)


def test_an_act_of_discrepancy_is_for_sellers_paid_in_a_cis_currency(simulator: Simulator) -> None:
    call = Caller(simulator.base_url, simulator.add_seller(client_id="7002", currency="KZT"))
    absent, there = ready(simulator, call, 2)
    carriage = make(call)
    documented(call, carriage)
    assert call("/v1/carriage/get", {"carriage_id": carriage})["available_actions"][0] == "get_act_of_acceptance"
    call("/v1/carriage/act-discrepancy/pdf", {"carriage_id": carriage}, expect=400)
    call.control(f"carriages/{carriage}", {"act": "scan", "posting_numbers": [there]})
    call.control(f"carriages/{carriage}", {"act": "finish"})
    answer = call("/v1/carriage/act-discrepancy/pdf", {"carriage_id": carriage})
    (page,) = pages_of(base64.b64decode(answer["content"]))
    assert absent in page.text
    assert there not in page.text
    call.close()


def test_another_sellers_carriage_is_not_found(simulator: Simulator, call: Caller) -> None:
    ready(simulator, call, 1)
    carriage = make(call)
    other = Caller(simulator.base_url, simulator.add_seller(client_id="7003"))
    for path in ("/v1/carriage/get", "/v1/carriage/approve", "/v1/carriage/cancel"):
        other(path, {"carriage_id": carriage}, expect=404)
    other.close()


def test_cargo_places_are_filled_approved_and_labelled(simulator: Simulator, call: Caller) -> None:
    first, second = ready(simulator, call, 2)
    wish = {"cargo_type": "box", "containers_count": 2, "sort_type": "sort", "warehouse_id": call.seller.warehouse_id}
    full, empty = call("/v1/carriage/container/create", wish)["container_ids"]
    filled = call("/v1/carriage/container/fill", {"container_id": full, "posting_numbers": [first, second, "no-such"]})
    assert filled["error_postings"] == [{"error_message": "POSTING_NOT_FOUND", "posting_number": "no-such"}]
    task = {"task_id": filled["task_id"]}
    eventually(lambda: call("/v1/carriage/container/task/info", task)["status"] == "completed")
    again = call("/v1/carriage/container/fill", {"container_id": empty, "posting_numbers": [first]})
    assert again["error_postings"][0]["error_message"] == "POSTING_ALREADY_IN_CONTAINER"
    approved = call("/v1/carriage/container/approve", {"container_ids": [full, empty]})
    assert [row["container_id"] for row in approved["error_containers"]] == [int(empty)]
    places = {"container_ids": [full]}
    eventually(
        lambda: call("/v1/carriage/container/status/get", places)["containers"][0]["status"] == "approved",
    )
    label = call("/v1/carriage/container/label/get", {"container_ids": [full, empty]})
    assert [row["container_id"] for row in label["error_containers"]] == [int(empty)]
    (page,) = pages_of(base64.b64decode(label["content"]["file_content"]))
    assert page.codes == [f"%304%{full}"]
    papers = call("/v1/carriage/container/document/get", places)
    assert first in pages_of(base64.b64decode(papers["file_content"]))[0].text


def test_carriages_survive_a_restart(tmp_path: Path) -> None:
    settings = quick(data_path=tmp_path / "ozon.db")
    with Simulator(settings) as first:
        call = Caller(first.base_url, first.add_seller(client_id="7001"))
        ready(first, call, 1)
        carriage = make(call)
        approve(call, carriage)
        seller, before = call.seller, first.books()["carriages"]
        call.close()
    with Simulator(settings) as second:
        assert second.books()["carriages"] == before
        call = Caller(second.base_url, seller)
        assert call("/v1/carriage/get", {"carriage_id": carriage})["status"] == "formed"
        call.close()


def test_a_cancelled_carriage_frees_its_postings_and_has_no_papers(simulator: Simulator, call: Caller) -> None:
    numbers = ready(simulator, call, 2)
    gone = make(call)
    documented(call, gone)
    call("/v1/carriage/cancel", {"carriage_id": gone})
    assert download(call, "/v2/posting/fbs/act/get-pdf", gone)[0] == 400
    assert call("/v2/posting/fbs/act/check-status", {"id": gone})["result"]["status"] == "cancelled"
    call("/v1/carriage/approve", {"carriage_id": gone}, expect=400)
    following = make(call)
    assert simulator.books()["carriages"][str(following)]["postings"] == numbers
    assert call("/v1/carriage/get", {"carriage_id": following})["is_partial"] is False


def test_a_carriage_is_of_a_delivery_method_of_the_seller(simulator: Simulator, call: Caller) -> None:
    ready(simulator, call, 1)
    call("/v1/carriage/create", {"delivery_method_id": call.seller.warehouse_id + 1}, expect=400)
    assert call("/v2/carriage/delivery/list", {"limit": 10, "filter": {"delivery_method_id": 1}})["methods"] == []


def test_the_carrier_scans_the_whole_act_unless_told_otherwise(simulator: Simulator, call: Caller) -> None:
    numbers = ready(simulator, call, 2)
    carriage = make(call)
    call.control(f"carriages/{carriage}", {"act": "scan"}, expect=400)
    approve(call, carriage)
    told = call.control(f"carriages/{carriage}", {"act": "scan"})
    assert (told["scanned"], told["extra"], told["refused"]) == (numbers, [], [])
    assert call.control(f"carriages/{carriage}", {"act": "scan"})["refused"] == numbers, "no parcel is taken twice"
    assert call.control(f"carriages/{carriage}", {"act": "finish"})["not_accepted"] == []


def test_the_fault_of_an_approval_without_an_answer_spares_every_other_call(simulator: Simulator, call: Caller) -> None:
    ready(simulator, call, 1)
    call.control("faults", {"kind": "carriage_approve_timeout_after_success"})
    carriage = make(call)
    assert call("/v1/carriage/get", {"carriage_id": carriage})["status"] == "new"
    call("/v1/carriage/cancel", {"carriage_id": carriage})


def test_the_control_api_names_what_it_does_not_know(simulator: Simulator, call: Caller) -> None:
    ready(simulator, call, 1)
    carriage = make(call)
    call.control(f"carriages/{carriage}", {"act": "sink"}, expect=400)
    call.control("carriages/1", {"act": "scan"}, expect=404)
    approve(call, carriage)
    call.control(f"carriages/{carriage}", {"act": "scan", "extra": ["no-such"]}, expect=404)
    told = call.control("carriages")["carriages"][str(carriage)]
    assert (told["status"], told["scanned"]) == ("formed", []), "a refused call does nothing"
