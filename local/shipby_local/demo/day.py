"""Run the demo day: simulator, stack, people, then the report and the proof."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from shipby.domain.sellers.keys import Role
from shipby_local.demo.api import SellerApi
from shipby_local.demo.desk import Desk
from shipby_local.demo.desk_tally import desk_rows
from shipby_local.demo.hours import hours
from shipby_local.demo.papers import Papers
from shipby_local.demo.people import People
from shipby_local.demo.plan import BEGINS, DayPlan, PlannedPosting, arm_faults, lay_out, policy, simulator_settings
from shipby_local.demo.tally import Ours, Row, compare, paper_rows, planned, read_ours
from shipby_local.demo.tamper import proof_of, turns_red
from shipby_local.demo.warehouse import Warehouse
from shipby_local.deployment import Deployment
from shipby_local.messenger import Messenger, Notice
from shipby_local.onboarding import Owner, join, take_in
from shipby_local.pacing import needs
from shipby_local.simulator import Simulator
from shipby_local.stack import UNLIMITED, Stack, StackSettings
from shipby_local.stack.clock import SteppedClock

WHILE_PEOPLE_WORK, AFTERWARDS = timedelta(hours=1), timedelta(hours=8)
"""So often at most the day plays a poll. The product's pace is five minutes, which would only make the demo longer."""


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
    hours: Mapping[str, str]
    """Fate in words -> when it happened."""
    ended: datetime
    """By the day's own clock."""
    seconds: float
    """Of real time."""

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
    time: Callable[[datetime], None]
    planned: Callable[[int], None]
    advance: Callable[[PlannedPosting], None]


def run_day(
    template: Path, data_dir: Path, *, seed: int, count: int, watcher: Watcher, first_day_only: bool = False
) -> Day:
    """Play the day, and unless `first_day_only` the five after it, on a fresh data folder. Raises StackError when the
    stack cannot start."""
    started = time.monotonic()
    folder = data_dir / "stack"
    clock = SteppedClock.begin(folder, BEGINS)
    messenger = Messenger().start()
    simulator = Simulator(simulator_settings(seed, clock.now, data_dir / "marketplace.db")).start()
    deployment = Deployment(clock=clock)
    settings = StackSettings(
        template=template,
        data_dir=folder,
        api_port=0,
        parameters={"Stage": "local", "OzonBaseUrl": simulator.base_url, **UNLIMITED},
        progress=watcher.step,
        neighbours=(simulator,),
        needs=needs(clock, deployment.store, simulator, visit_every=_visit_every),
    )
    try:
        with Stack(settings) as stack:
            deployment.endpoint = stack.aws_endpoint
            try:
                lay = partial(lay_out, simulator, count=count, first_day_only=first_day_only)
                return _play(stack, deployment, simulator, messenger, data_dir, lay, watcher, started)
            finally:
                save_logs(deployment, data_dir / "functions.log")
    finally:
        simulator.stop()
        messenger.stop()


def _play(
    stack: Stack,
    deployment: Deployment,
    simulator: Simulator,
    messenger: Messenger,
    data_dir: Path,
    lay: Callable[[Sequence[str]], DayPlan],
    watcher: Watcher,
    started: float,
) -> Day:
    people = People(stack.stepper, stack.pump, watcher.time)
    apis, managers = _open_shops(stack, deployment, simulator, messenger, people)
    # The pings that connect the push addresses are also what warms the webhook up.
    stack.stepper.settle()
    watcher.step("The trading day begins.")
    plan = lay(list(apis))
    arm_faults(simulator, plan)
    watcher.planned(len(plan.postings))
    papers = Papers(simulator, apis, data_dir, people)
    desk = Desk(simulator, apis, managers, lambda: stack.kill_workers("Refunds"), people, data_dir)
    Warehouse(simulator, apis, plan, watcher.advance, papers, desk, people).work()
    watcher.step("The last return is paid. Comparing both books, rebuilding everything from its history.")
    store, now, books = deployment.store(), people.now(), simulator.books()
    ours = read_ours(store, list(apis), _days(now))
    rows = compare(ours, books)
    printed = paper_rows(papers, plan, books)
    standing = [f"seller {seller}: {_standing(api.get('/v1/guard'))}" for seller, api in apis.items()]
    decided = desk_rows(desk, plan, ours, books, store, now)
    watcher.step("Proving that nothing was lost, and that the proof can fail: a row is deleted by hand and put back.")
    proofs = {seller: proof_of(deployment, seller) for seller in apis}
    return Day(
        plan=plan,
        rows=rows,
        planned=planned(plan, books),
        papers=printed,
        desk=decided,
        counter_proof=turns_red(deployment, plan),
        ours=ours,
        proofs=proofs,
        problems=people.problems,
        labels=papers.printed,
        notices=list(messenger.notices),
        standing=standing,
        pushes=_pushes(books, proofs),
        hours=hours(ours, plan, books),
        ended=now,
        seconds=time.monotonic() - started,
    )


def _visit_every(visited: datetime) -> timedelta:
    return WHILE_PEOPLE_WORK if visited.date() == BEGINS.date() else AFTERWARDS


def _standing(guard: Mapping[str, Any]) -> str:
    if guard["state"] != "known":
        return str(guard["in_words"])
    return f"{guard['index']} %, {guard['band']}; {guard['in_words']}"


def _open_shops(
    stack: Stack, deployment: Deployment, simulator: Simulator, messenger: Messenger, people: People
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
        apis[account.client_id] = SellerApi(stack.api_url, onboarded.api_key, people)
        _, second = join(deployment, account.client_id, Owner(name="Борис"), Role.MANAGER)
        managers[account.client_id] = SellerApi(stack.api_url, second, people)
    return apis, managers


def _days(now: datetime) -> list[date]:
    """Every day of the demo (UTC)."""
    first = BEGINS.date()
    return [first + timedelta(days=later) for later in range((now.date() - first).days + 1)]


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
