"""Jobs of many tracking numbers: a file in, its dry run, the run, and what became of every row."""

from __future__ import annotations

from collections.abc import Mapping

from functions.seller_api.operations import Call, Download, IfMatch, Operation, read, separator_for
from shipby.adapters.workbooks import lines_of_base64
from shipby.application.shared.idempotency import Answer
from shipby.application.shared.tables import csv_lines
from shipby.application.tracking import number_jobs
from shipby.application.tracking.number_jobs import JobWord, NumberFile
from shipby.contracts.base import NoBody
from shipby.contracts.tracking.jobs import NumberFileBody, NumberJobsQuery, NumberRowsQuery


def take_file(call: Call) -> Answer:
    body = call.body_as(NumberFileBody)
    file = NumberFile(
        seller=call.seller,
        lines=csv_lines(body.csv) if body.csv else lines_of_base64(body.xlsx),
        field="csv" if body.csv else "xlsx",
        actor=call.actor,
        name=body.name,
    )
    return number_jobs.take_file(file, call.remember, store=call.store, clock=call.clock)


def list_jobs(call: Call) -> Mapping[str, object]:
    query = call.query_as(NumberJobsQuery)
    day = query.date or call.clock.now().date()
    return number_jobs.list_jobs(call.seller, day, limit=query.limit, cursor=query.cursor, store=call.store)


def get_job(call: Call) -> Mapping[str, object]:
    return number_jobs.get_job(call.seller, call.path["id"], store=call.store)


def get_rows(call: Call) -> Answer:
    query, job = call.query_as(NumberRowsQuery), call.path["id"]
    if query.format == "csv":
        separator = separator_for(call, query.separator)
        text = number_jobs.rows_csv(call.seller, job, store=call.store, separator=separator)
        return Download(200, {}, text=text, name=f"tracking-numbers-{job}.csv")
    found = number_jobs.get_rows(call.seller, job, limit=query.limit, cursor=query.cursor, store=call.store)
    return Answer(200, found)


def start_run(call: Call) -> Answer:
    return number_jobs.start_run(_word(call), call.remember, store=call.store, clock=call.clock)


def cancel(call: Call) -> Answer:
    return number_jobs.cancel_job(_word(call), call.remember, store=call.store, clock=call.clock)


def _word(call: Call) -> JobWord:
    return JobWord(seller=call.seller, job=call.path["id"], actor=call.actor, if_match=call.if_match)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="sendTrackingNumbers",
        method="POST",
        path="/v1/tracking-jobs",
        summary="Send a file of tracking numbers, CSV or Excel: every row is judged, and nothing is changed yet",
        run=take_file,
        answers="NumberJobView",
        body=NumberFileBody,
        status=202,
        description="At most 1000 rows. What a spreadsheet did to a number is told in its row: rounded, cut, made a "
        "date, a formula. Look at the rows, then start the run.",
    ),
    read(
        "/v1/tracking-jobs",
        list_jobs,
        id="listTrackingJobs",
        summary="Files of tracking numbers that were sent on a day, as last counted",
        answers="Listing[NumberJobView]",
        query=NumberJobsQuery,
    ),
    read(
        "/v1/tracking-jobs/{id}",
        get_job,
        id="getTrackingJob",
        summary="How far a file of tracking numbers is, with its rows counted by verdict",
        answers="NumberJobView",
        etag=True,
    ),
    Operation(
        id="getTrackingJobRows",
        method="GET",
        path="/v1/tracking-jobs/{id}/rows",
        summary="Every row with its verdict; once it was asked for, as the marketplace was read back",
        run=get_rows,
        answers="Listing[NumberRowView]",
        query=NumberRowsQuery,
        csv=True,
    ),
    Operation(
        id="runTrackingJob",
        method="POST",
        path="/v1/tracking-jobs/{id}/run",
        summary="Have the changes asked for that the dry run found good or doubtful",
        run=start_run,
        answers="NumberJobView",
        body=NoBody,
        status=202,
        if_match=IfMatch.OPTIONAL,
        description="A posting whose number has changed since the dry run is left alone and its row refused. Doubtful "
        "ones wait for a second person, who is never the one who starts the run. Sent again it changes nothing.",
    ),
    Operation(
        id="cancelTrackingJob",
        method="POST",
        path="/v1/tracking-jobs/{id}/cancel",
        summary="Ask for nothing more of a file; what was asked for already goes its way",
        run=cancel,
        answers="NumberJobView",
        body=NoBody,
        status=202,
        if_match=IfMatch.OPTIONAL,
    ),
)
