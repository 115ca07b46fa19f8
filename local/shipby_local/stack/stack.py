"""The whole embedded stack: emulator, deployed template, HTTP front door, stream pump and timers."""

import json
import logging
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from shipby_local.stack.access import RoleSession, assume_role
from shipby_local.stack.clock import Clock, SteppedClock, WallClock, clock_of
from shipby_local.stack.clock_door import ClockDoor
from shipby_local.stack.datafolder import DataFolder
from shipby_local.stack.deployment import Deployed, Deployment
from shipby_local.stack.emulation.emulator import Emulator, listen_on
from shipby_local.stack.emulation.workers import kill_workers
from shipby_local.stack.errors import DrainTimeoutError, EmulatorError, PortTakenError, StackError, TemplateError
from shipby_local.stack.patience import FACTOR
from shipby_local.stack.proxy import WAIT_SECONDS, Proxy
from shipby_local.stack.pump import IDLE_SECONDS, WOKEN_IDLE_SECONDS, StreamPump, wait_until_idle
from shipby_local.stack.pump import Mapping as StreamMapping
from shipby_local.stack.settings import StackSettings
from shipby_local.stack.stepping import Schedule, Stepper, period_of
from shipby_local.stack.timers import Timer

logger = logging.getLogger(__name__)


_QUEUE_COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


@dataclass(frozen=True, slots=True)
class Drained:
    """What `drain` left alone: messages whose delay has not passed yet, by queue name."""

    delayed: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Invocation:
    """A function's answer. `error` is None when it succeeded; `payload` is its result or its error object."""

    payload: Any
    error: str | None


class Stack:
    """AWS on this machine for one template, reachable on 127.0.0.1 only. `start`, use, `stop`; or `with Stack(...)`.

    A start on an existing data folder keeps its data; changed code or a changed template is deployed as an update.
    What a call was answered is on the disk (docs/adr/0028): a kill loses nothing that was acknowledged except logs and
    invocations that were only accepted. After a restart call the product's history repair all the same (`restarted`
    says when).
    """

    def __init__(self, settings: StackSettings) -> None:
        self.settings = settings
        self._folder = DataFolder(settings.data_dir)
        self._emulator: Emulator | None = None
        self._proxy: Proxy | None = None
        self._pump: StreamPump | None = None
        self._timers: list[Timer] = []
        self._deployed: Deployed | None = None
        self._clients: dict[str, Any] = {}
        self._clock: Clock = WallClock()
        self._stepper: Stepper | None = None

    @property
    def clock(self) -> Clock:
        """The clock of the data folder; of the machine before the start."""
        return self._clock

    @property
    def stepper(self) -> Stepper:
        """What steps the clock. Raises StackError where the clock is the machine's."""
        if self._stepper is None:
            raise StackError("This stack goes by the machine's time; `shipby up --clock stepped` in a fresh folder.")
        return self._stepper

    @property
    def restarted(self) -> bool:
        """Whether this start found data of an earlier run, so that the history repair is due."""
        return self._require_deployed().existed

    @property
    def api_url(self) -> str:
        """Base address of console and API, without a slash at the end."""
        if self._proxy is None:
            raise EmulatorError("The stack does not run: it has no address.")
        return f"http://127.0.0.1:{self._proxy.port}"

    @property
    def aws_endpoint(self) -> str:
        """Base address of the emulated AWS services."""
        return self._require_emulator().endpoint

    @property
    def outputs(self) -> Mapping[str, str]:
        """The template's outputs."""
        return self._require_deployed().outputs

    @property
    def resources(self) -> Mapping[str, str]:
        """Physical ids by logical id: a table's name, a queue's address, a function's name."""
        return self._require_deployed().resources

    @property
    def pump(self) -> StreamPump:
        """The stream pump. Raises TemplateError if the template maps no stream to a function."""
        if self._pump is None:
            raise TemplateError("The template maps no DynamoDB stream to a function, so there is no pump.")
        return self._pump

    def start(self) -> Self:
        """Bring everything up. Raises a StackError that says what is in the way; nothing is left running then."""
        self._say("Opening the data folder.")
        self._folder.acquire()
        try:
            self._clock = clock_of(self._folder.root)
            stepped = isinstance(self._clock, SteppedClock)
            self._proxy = Proxy(self.settings.api_port, WAIT_SECONDS * FACTOR if stepped else WAIT_SECONDS)
            self._start_emulator()
            emulator = self._require_emulator()
            deployment = Deployment(
                emulator,
                self.settings.stack_name,
                emulator.endpoint,
                self.settings.progress,
                stepped=stepped,
            )
            self._deployed = deployment.deploy(self.settings.template, self.settings.parameters)
            self._start_proxy(self._proxy)
            self._start_pump()
            if isinstance(self._clock, SteppedClock):
                self._start_stepper(self._clock)
            else:
                self._start_timers()
            # The fresh state of a first start is saved only now that it is deployed.
            self._remember_state()
            self._folder.write_running(
                {"pid": os.getpid(), "emulator_pid": emulator.pid, "api": self.api_url, "aws": emulator.endpoint}
            )
        except BaseException:
            self.stop()
            raise
        self._say(f"Ready: {self.api_url}")
        return self

    def stop(self) -> None:
        """Stop timers, pump, front door and emulator in this order, saving the state; a second call does nothing."""
        for timer in self._timers:
            timer.stop()
        self._timers = []
        self._stepper = None
        if self._pump is not None:
            self._pump.stop()
            self._pump = None
        if self._proxy is not None:
            self._proxy.stop()
            self._proxy = None
        if self._emulator is not None:
            self._emulator.stop()
            self._emulator = None
        self._clients = {}
        self._folder.release()

    def is_alive(self) -> bool:
        """Whether the emulator's process still runs; False after a crash, whose reason is in `log_path`."""
        return self._emulator is not None and self._emulator.is_alive()

    def client(self, service: str) -> Any:
        """A boto3 client with the administrator's credentials."""
        if service not in self._clients:
            self._clients[service] = self._require_emulator().client(service)
        return self._clients[service]

    def assume(self, role: str) -> RoleSession:
        """A session with exactly the rights of the role with this logical id."""
        return assume_role(self._require_emulator(), self._physical(role))

    def invoke(self, function: str, payload: Any = None) -> Invocation:
        """Run the function with this logical id and wait for its answer."""
        answer = self.client("lambda").invoke(
            FunctionName=self._physical(function), Payload=json.dumps(payload).encode()
        )
        return Invocation(json.loads(answer["Payload"].read() or b"null"), answer.get("FunctionError"))

    def work(self) -> dict[str, Any]:
        """What is under way, for the stepper; see `Inside.work`."""
        # The pump and the door are looked at first: what they hand on is then seen where it went.
        pump, proxy = self._pump, self._proxy
        requests = proxy.inside if proxy is not None else 0
        report = self._require_emulator().work()
        return {
            **report,
            "delivered": pump.delivered + pump.given_up if pump is not None else 0,
            "read_to_end": pump is None or pump.is_at_end(report["streams"]),
            "requests": requests,
        }

    def drain(self, timeout: float = 60.0) -> Drained:
        """Wait until the stream is read to its end and no queue that feeds a function holds visible or running
        messages.

        Delayed messages are not waited for but reported. Raises DrainTimeoutError naming what is left.
        """
        deadline = time.monotonic() + timeout
        queues = self._fed_queues()
        while True:
            before = self._progress_mark()
            idle = self._pump is None or wait_until_idle(self._pump, deadline)
            counts = {name: self._count(url) for name, url in queues.items()}
            busy = {name: count for name, count in counts.items() if count[0] or count[1]}
            # Two looks with nothing delivered in between: a message cannot have moved from a queue seen late to one
            # seen early.
            if (
                idle
                and not busy
                and before == self._progress_mark()
                and not any(sum(self._count(url)[:2]) for url in queues.values())
            ):
                return Drained({name: count[2] for name, count in counts.items() if count[2]})
            if time.monotonic() >= deadline:
                retrying = self._pump.retrying if self._pump is not None else None
                raise DrainTimeoutError(
                    f"Work was still under way after {timeout:.0f} s: queues (visible, running, delayed) {busy}"
                    + ("" if idle else "; the stream is not read to its end")
                    + (f"; the stream's function keeps failing on {retrying}" if retrying else "")
                )
            time.sleep(0.05)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def kill(self) -> None:
        """End the emulator as a power cut would, for tests of what survives; then everything else is stopped."""
        self._require_emulator().kill()
        self._emulator = None
        self.stop()

    def kill_workers(self, function: str) -> int:
        """`kill -9` the running workers of the function with this logical id; how many there were."""
        return kill_workers(self._physical(function), self._folder.temporary)

    def log_path(self) -> Path:
        """The emulator's log; functions' own log lines are in CloudWatch Logs as on AWS."""
        return self._folder.root / "emulator.log"

    def _start_emulator(self) -> None:
        self._say("Starting the emulated AWS services.")
        self._emulator = Emulator(
            folder=self._folder,
            auth=True,
            port=self._usual_port(),
            environment=self.settings.extra_environment,
            clock_file=self._clock.file if isinstance(self._clock, SteppedClock) else None,
        ).start()
        self._remember_state()

    def _remember_state(self) -> None:
        facts = {"aws_port": self._require_emulator().port}
        state = self._folder.saved_state()
        self._folder.write_deployment({**facts, "state": state} if state else facts)

    def _usual_port(self) -> int:
        # Addresses of queues hold the port: the same one is taken again where it is free.
        port = int(self._folder.read_deployment().get("aws_port", 0))
        if port:
            try:
                listen_on(port, "the emulated AWS services").close()
            except PortTakenError:
                return 0
        return port

    def _start_proxy(self, proxy: Proxy) -> None:
        apis = self.client("apigatewayv2").get_apis()["Items"]
        wanted = [api["ApiId"] for api in apis if api["ApiId"] in self.resources.values()]
        if len(wanted) != 1:
            raise TemplateError(
                f"The template must have exactly one HTTP API for the front door; it has {len(wanted)}."
            )
        proxy.start(self._require_emulator().port, f"/_aws/execute-api/{wanted[0]}/$default")

    def _start_pump(self) -> None:
        mappings = self.client("lambda").get_paginator("list_event_source_mappings").paginate()
        streams = [
            mapping
            for page in mappings
            for mapping in page["EventSourceMappings"]
            if ":dynamodb:" in mapping["EventSourceArn"] and mapping["State"] == "Enabled"
        ]
        if len(streams) > 1:
            raise TemplateError("The embedded stack supports one stream consumer; the template has more.")
        if streams:
            self._say("Reading the table's stream with our own pump (the emulator's mapping loses records).")
            stepped = isinstance(self._clock, SteppedClock)
            self._pump = StreamPump(
                self._require_emulator(),
                StreamMapping.from_api(streams[0]),
                self._clock.now,
                WOKEN_IDLE_SECONDS if stepped else IDLE_SECONDS,
            )
            self._pump.start()

    def _start_stepper(self, clock: SteppedClock) -> None:
        """The template's own schedules, ticking by the stepped clock."""
        logical = {self.resources[name]: name for name in self.resources}
        scheduler = self.client("scheduler")
        schedules = []
        for entry in scheduler.list_schedules()["Schedules"]:
            asked = scheduler.get_schedule(Name=entry["Name"], GroupName=entry.get("GroupName", "default"))
            function = logical[asked["Target"]["Arn"].split(":")[-1]]
            period = period_of(entry["Name"], asked["ScheduleExpression"])
            payload = json.loads(asked["Target"].get("Input") or "{}")
            schedules.append(Schedule(function, period, payload, self.settings.needs.get(function)))
        self._stepper = Stepper(clock, self, schedules, self.settings.neighbours)
        self._say(f"Time stands still at {clock.now():%Y-%m-%d %H:%M} UTC until it is stepped.")
        if self._proxy is not None:
            self._proxy.serve_here("/_local/clock", ClockDoor(self._stepper))

    def _start_timers(self) -> None:
        # A task named by hand is done at once; the schedule's own event would wait for each seller's turn.
        wanted: tuple[tuple[str, float, dict[str, str]], ...] = (
            (self.settings.sweep_function, self.settings.sweep_interval, {}),
            (self.settings.poll_function, self.settings.poll_interval, {"task": "poll"}),
        )
        for function, interval, payload in wanted:
            if function in self.resources and interval > 0:
                self._say(
                    f"{function} also runs every {interval:g} s (its schedule would first fire after about 70 s)."
                )
                timer = Timer(
                    self._require_emulator().client("lambda"),
                    function,
                    self._physical(function),
                    interval,
                    payload=payload,
                )
                timer.start()
                self._timers.append(timer)

    def _fed_queues(self) -> dict[str, str]:
        mappings = self.client("lambda").get_paginator("list_event_source_mappings").paginate()
        names = {
            mapping["EventSourceArn"].split(":")[-1]
            for page in mappings
            for mapping in page["EventSourceMappings"]
            if ":sqs:" in mapping["EventSourceArn"]
        }
        return {name: self.client("sqs").get_queue_url(QueueName=name)["QueueUrl"] for name in sorted(names)}

    def _count(self, url: str) -> tuple[int, int, int]:
        attributes = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=list(_QUEUE_COUNTS))[
            "Attributes"
        ]
        visible, running, delayed = (int(attributes[name]) for name in _QUEUE_COUNTS)
        return visible, running, delayed

    def _progress_mark(self) -> int:
        return self._pump.delivered + self._pump.given_up if self._pump is not None else 0

    def _physical(self, logical: str) -> str:
        try:
            return self.resources[logical]
        except KeyError as error:
            raise StackError(f"The template has no resource {logical}.") from error

    def _require_emulator(self) -> Emulator:
        if self._emulator is None:
            raise EmulatorError("The stack does not run.")
        return self._emulator

    def _require_deployed(self) -> Deployed:
        if self._deployed is None:
            raise EmulatorError("The stack does not run: nothing is deployed.")
        return self._deployed

    def _say(self, step: str) -> None:
        self.settings.progress(step)
