"""Files of tracking numbers through the API: CSV or a workbook, dry run, run, rows as JSON and as a table."""

from __future__ import annotations

from base64 import b64encode

import pytest

from shipby.application.tracking.work_numbers import work_numbers
from shipby.domain.carriers.s10 import s10
from tests.functions.seller_api.api_support import Caller
from tests.functions.seller_api.tracking.test_api_numbers import GOOD, assembled
from tests.support import builders as a
from tests.support.workbook import number, sheet, text, workbook

JOBS = "/v1/tracking-jobs"
CSV = f"posting_number,tracking_number,reason\n{a.NUMBER},{GOOD},first\nnobody,{GOOD},first\n"


def work(api: Caller, job: str) -> None:
    work_numbers(a.SELLER, job, store=api.store, clock=api.clock)


def encoded(content: bytes) -> str:
    return b64encode(content).decode()


def test_a_file_goes_from_dry_run_to_its_rows(api: Caller) -> None:
    assembled(api)
    sent = api.post(JOBS, {"csv": CSV, "name": "понедельник.csv"}, key="monday")
    assert (sent.status, sent.body["state"], sent.body["rows"]) == (202, "checking", 2)
    assert api.post(JOBS, {"csv": CSV, "name": "понедельник.csv"}, key="monday").body == sent.body
    assert len(api.get(JOBS).body["items"]) == 1
    job, path = sent.body["id"], sent.headers["Location"]
    early = api.post(f"{path}/run", {})
    assert (early.status, "once every row is judged" in early.body["detail"]) == (409, True)
    work(api, job)
    checked = api.get(path)
    assert (checked.body["state"], checked.body["counts"]) == ("checked", {"good": 1, "refused": 1})
    assert api.as_role("packer").post(f"{path}/run", {}).status == 403
    assert api.as_seller("seller-2").get(path).status == 404
    assert api.post(f"{path}/run", {}, if_match='"1"').status == 412
    started = api.post(f"{path}/run", {}, if_match=checked.headers["ETag"])
    assert (started.status, started.body["state"]) == (202, "running")
    work(api, job)
    first, second = api.get(f"{path}/rows").body["items"]
    assert (first["verdict"], second["verdict"]) == ("asked", "refused")
    assert first["intent"]
    page = api.get(f"{path}/rows", limit="1").body
    assert api.get(f"{path}/rows", limit="1", cursor=page["next_cursor"]).body["items"] == [second]
    table = api.get(f"{path}/rows", format="csv", separator="semicolon").body
    assert table.splitlines()[1].startswith(f"2;{a.NUMBER};{GOOD};")
    assert api.post(f"{path}/cancel", {}).status == 409


def test_a_workbook_is_read_as_its_table(api: Caller) -> None:
    assembled(api)
    heading = [text("Номер отправления"), text("Трек-номер"), text("Причина")]
    lines = {1: heading, 2: [text(a.NUMBER), text(GOOD), text("first")], 4: [text("n-2"), number("1.5"), text("x")]}
    sent = api.post(JOBS, {"xlsx": encoded(workbook(sheet(lines)))})
    assert (sent.status, sent.body["rows"]) == (202, 2)
    work(api, sent.body["id"])
    good, broken = api.get(f"{sent.headers['Location']}/rows").body["items"]
    assert (good["row"], good["verdict"]) == (2, "good")
    assert (broken["row"], broken["verdict"]) == (4, "refused")
    cancelled = api.post(f"{sent.headers['Location']}/cancel", {})
    assert (cancelled.status, cancelled.body["counts"]) == (202, {"refused": 1, "left_out": 1})


@pytest.mark.parametrize(
    ("body", "field", "word"),
    [
        ({}, "body", "either csv or xlsx"),
        ({"csv": CSV, "xlsx": "UEs="}, "body", "either csv or xlsx"),
        ({"xlsx": "not base64!"}, "xlsx", "Base64"),
        ({"xlsx": encoded(b"rubbish")}, "xlsx", "no workbook"),
        ({"xlsx": encoded(workbook(sheet({1: [text("a")]})))}, "xlsx", "posting_number"),
        ({"csv": "posting_number,tracking_number,reason\n" + "n,R,x\n" * 100_000}, "csv", "100000 rows"),
        ({"csv": "posting_number,tracking_number,reason\n"}, "csv", "0 rows"),
    ],
)
def test_a_file_that_is_no_such_table_starts_nothing(api: Caller, body: dict[str, str], field: str, word: str) -> None:
    refused = api.post(JOBS, body)
    assert refused.status == 400
    assert any(word in error["problem"] for error in refused.body["errors"]), refused.body
    assert field in " ".join(refused.fields)
    assert api.get(JOBS).body["items"] == []


def test_a_few_rows_too_many_for_one_call_are_told_so(api: Caller) -> None:
    rows = "".join(f"n-{row},{s10('RB', row, 'CN')},x\n" for row in range(100_000))
    refused = api.post("/v1/tracking-changes/import", {"csv": f"posting_number,tracking_number,reason\n{rows}"})
    assert (refused.status, refused.fields) == (400, ["csv"])
    assert "at most 200" in refused.body["detail"]
