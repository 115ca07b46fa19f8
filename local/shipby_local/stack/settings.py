"""What the caller decides about one embedded stack."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from shipby_local.stack.stepping import Need, Neighbour

Progress = Callable[[str], None]
UNLIMITED: Mapping[str, str] = {"ApiCallsPerKey": "0", "ApiCallsPerSeller": "0"}
"""Parameters of the template for programs that play many people with one key, faster than people are."""


def silent(step: str) -> None:
    """The progress callback that says nothing."""


@dataclass(frozen=True, slots=True)
class StackSettings:
    """Settings of a `Stack`; times in seconds.

    `api_port` 0 takes a free port. `parameters` are the template's own. `sweep_interval` and `poll_interval` are how
    often the functions named by `sweep_function` and `poll_function` are invoked beside their schedules; 0 leaves them
    to the schedules, and a function that the template does not have is passed over. `extra_environment` is visible to
    every function. `progress` is told each step of the start in one line of plain text.
    """

    template: Path
    data_dir: Path
    api_port: int = 8080
    parameters: Mapping[str, str] = field(default_factory=dict)
    sweep_interval: float = 2.0
    poll_interval: float = 30.0
    extra_environment: Mapping[str, str] = field(default_factory=dict)
    sweep_function: str = "DeadlineSweep"
    poll_function: str = "MarketplacePoll"
    stack_name: str = "shipby"
    progress: Progress = silent
    neighbours: Sequence[Neighbour] = ()
    """What shares a stepped clock with the stack. (Whether it is stepped is the folder's: `SteppedClock.begin`.)"""
    needs: Mapping[str, Need] = field(default_factory=dict)
    """Function by logical id -> which of its schedule's ticks have anything to do, where the clock is stepped."""
