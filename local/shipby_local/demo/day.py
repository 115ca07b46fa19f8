"""Run the demo day: simulator, stack, people, then the report and the proof."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from shipby.adapters.aws.clock import SystemClock
from shipby.application.register_seller import create_api_key
from shipby.domain.records import Role
from shipby_local.demo.api import SellerApi
from shipby_local.demo.desk import Desk
from shipby_local.demo.desk_tally import desk_rows
from shipby_local.demo.papers import Papers
from shipby_local.demo.plan import DayPlan, PlannedPosting, arm_faults, lay_out, policy, simulator_settings
from shipby_local.demo.tally import Ours, Row, compare, paper_rows, planned, read_ours
from shipby_local.demo.tamper import proof_of, turns_red
from shipby_local.demo.warehouse import Warehouse
from shipby_local.deployment import Deployment
from shipby_local.messenger import Messenger, Notice
from shipby_local.onboarding import take_in
from shipby_local.simulator import Simulator
from shipby_local.stack import DrainTimeoutError, Stack, StackSettings

DRAIN_SECONDS = 10.0
SETTLE_SECONDS = 45.0
"""How long after the last hand-over the report waits for our books to agree with the marketplace's."""


@dataclass(slots=True)
class Day:
    """What the demo day produced."""

    plan: DayPlan
    rows: Sequence[Row]
    """Our history beside the marketplace's books."""
    planned: Sequence[Row]
    """What the day was meant to have beside what it had."""
    papers: Sequence[Row]
    """What was printed, read back, refused and scanned beside what the books say of it."""
    desk: Sequence[Row]
    """Cancels, returns, refunds and claims beside the books, and whether every item is rebuilt from its history."""
    counter_proof: Sequence[Row]
    """What the proof said with a row deleted by hand beside what it has to say."""
    ours: Ours
    proofs: Mapping[str, Mapping[str, Any]]
    problems: Sequence[str]
    labels: Sequence[Path]
    notices: Sequence[Notice]
    standing: Sequence[str]
    """Each seller's error index, in words."""
    pushes: Mapping[str, int]
    seconds: float

    @property
    def good(self) -> bool:
        """Every row equal, every proof green, nobody stuck."""
        return (
            not self.problems
            and all(row.equal for row in (*self.rows, *self.planned, *self.papers, *self.desk, *self.counter_proof))
            and bool(self.proofs)
            and all(proof["green"] for proof in self.proofs.values())
        )


@dataclass(slots=True)
class Watcher:
    """What a caller sees of the running day."""

    step: Callable[[str], None]
    planned: Callable[[int], None]
    advance: Callable[[PlannedPosting], None]


def run_day(template: Path, data_dir: Path, *, seed: int, count: int, watcher: Watcher) -> Day:
    """Play the day on a fresh data folder. Raises StackError when the stack cannot start."""
    started = time.monotonic()
    messenger = Messenger().start()
    simulator = Simulator(simulator_settings(seed, data_dir / "marketplace.db")).start()
    settings = StackSettings(
        template=template,
        data_dir=data_dir / "stack",
        api_port=0,
        parameters={
            "Stage": "local",
            "OzonBaseUrl": simulator.base_url,
            "LabelDelaySeconds": "2",
            "SweepLookAheadSeconds": "5",
            "CarriageCompareSeconds": "5",
        },
        poll_interval=10.0,
        progress=watcher.step,
    )
    try:
        with Stack(settings) as stack:
            deployment = Deployment(endpoint=stack.aws_endpoint)
            apis, managers = _open_shops(stack, deployment, simulator, messenger)
            # The pings that connect the push addresses are also what warms the webhook up.
            simulator.wait_for_pushes(30)
            watcher.step("The trading day begins.")
            plan = lay_out(simulator, list(apis), count)
            arm_faults(simulator, plan)
            watcher.planned(len(plan.postings))
            papers = Papers(simulator, apis, data_dir)
            desk = Desk(simulator, apis, managers, lambda: stack.kill_workers("Refunds"), data_dir)
            warehouse = Warehouse(simulator, apis, plan, watcher.advance, papers, desk)
            try:
                warehouse.work()
                watcher.step("A worker is killed in the middle of a refund.")
                with suppress(DrainTimeoutError):
                    stack.drain(DRAIN_SECONDS)
                warehouse.interrupted_refunds()
                watcher.step("The last parcel is out; waiting until both books agree.")
                printed = paper_rows(papers, plan, simulator.books())
                ours, rows = _settle(simulator, deployment, list(apis), stack)
                standing = [f"seller {seller}: {_standing(api.get('/v1/guard'))}" for seller, api in apis.items()]
                watcher.step("Rebuilding every posting and return from its history.")
                decided = desk_rows(desk, plan, ours, simulator.books(), deployment.store())
                watcher.step("Proving that nothing was lost.")
                proofs = {seller: proof_of(deployment, seller) for seller in apis}
                watcher.step("Proving that the proof can fail: a row is deleted by hand and put back.")
                red = turns_red(deployment, plan)
            finally:
                save_logs(deployment, data_dir / "functions.log")
            books = simulator.books()
            pushes = _pushes(books, proofs)
            return Day(
                plan=plan,
                rows=rows,
                planned=planned(plan, books),
                papers=printed,
                desk=decided,
                counter_proof=red,
                ours=ours,
                proofs=proofs,
                problems=warehouse.problems,
                labels=papers.printed,
                notices=list(messenger.notices),
                standing=standing,
                pushes=pushes,
                seconds=time.monotonic() - started,
            )
    finally:
        simulator.stop()
        messenger.stop()


def _standing(guard: Mapping[str, Any]) -> str:
    if guard["state"] != "known":
        return str(guard["in_words"])
    return f"{guard['index']} %, {guard['band']}; {guard['in_words']}"


def _open_shops(
    stack: Stack, deployment: Deployment, simulator: Simulator, messenger: Messenger
) -> tuple[dict[str, SellerApi], dict[str, SellerApi]]:
    """Two sellers: one in Russian with the chat subscription, one in Chinese without; each has a manager beside the
    owner."""
    apis, managers = {}, {}
    for chat, language in ((True, "ru"), (False, "zh")):
        account = simulator.add_seller(chat_subscription=chat)
        onboarded = take_in(
            deployment,
            policy(account.client_id, chat=chat, language=language),
            ozon_api_key=account.api_key,
            channels=[messenger.channel(account.client_id)],
        )
        simulator.set_push_url(account.client_id, stack.api_url + onboarded.push_path)
        apis[account.client_id] = SellerApi(stack.api_url, onboarded.api_key)
        second = create_api_key(account.client_id, Role.MANAGER, store=deployment.store(), clock=SystemClock())
        managers[account.client_id] = SellerApi(stack.api_url, second.text)
    return apis, managers


def _days(now: datetime) -> list[date]:
    """Today, and yesterday for a day that began before midnight (UTC)."""
    return [date.fromordinal(now.date().toordinal() - 1), now.date()]


def _settle(
    simulator: Simulator, deployment: Deployment, sellers: Sequence[str], stack: Stack
) -> tuple[Ours, Sequence[Row]]:
    deadline = time.monotonic() + SETTLE_SECONDS
    store = deployment.store()
    while True:
        # The message of the killed worker stays hidden for minutes, as on AWS; its intent was settled by its alarm.
        with suppress(DrainTimeoutError):
            stack.drain(DRAIN_SECONDS)
        ours = read_ours(store, sellers, _days(datetime.now(UTC)))
        rows = compare(ours, simulator.books())
        if all(row.equal for row in rows) or time.monotonic() > deadline:
            return ours, rows
        time.sleep(1.0)


def _pushes(books: Mapping[str, Any], proofs: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    told: dict[str, int] = {}
    for seller in books["sellers"].values():
        for name in ("addressed", "duplicated", "reordered", "lost", "delivered", "dropped"):
            told[name] = told.get(name, 0) + int(seller["pushes"][name])
    told["kept by us"] = sum(proof["counts"].get("pushes_received", 0) for proof in proofs.values())
    return told


def save_logs(deployment: Deployment, path: Path) -> None:
    """All lines that the functions logged, in order of time."""
    logs = deployment.client("logs")
    lines: list[tuple[int, str]] = []
    for group in logs.get_paginator("describe_log_groups").paginate().search("logGroups[].logGroupName"):
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group):
            lines += [(event["timestamp"], f"{group} {event['message'].rstrip()}") for event in page["events"]]
    path.write_text("\n".join(text for _, text in sorted(lines)), "utf-8")


def money_lines(ours: Ours) -> list[str]:
    """What lateness cost each late posting, and what each saved that left after its reminder."""
    lines = []
    for number, outcome in sorted(ours.outcomes.items()):
        parts = []
        if outcome.lost is not None:
            parts.append(f"shipped late, which cost {outcome.lost.amount} {outcome.lost.currency}")
        if outcome.saved is not None:
            saved = f"{outcome.saved.amount} {outcome.saved.currency}"
            parts.append(f"left before the next step, which saved {saved}" if parts else f"a reminder saved {saved}")
        if parts:
            lines.append(f"{number}: {'; '.join(parts)}")
    return lines
