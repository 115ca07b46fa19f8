"""Where time is stepped a slow machine is not taken for a broken one: its time limits are longer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shipby.adapters.aws import patience as shipped
from shipby.adapters.ozon import pacing
from shipby_local.stack import sam, template
from shipby_local.stack.emulation import worker_pacing, worker_patience
from shipby_local.stack.patience import FACTOR, LONGEST_SECONDS, patient, stepped_workers

TEMPLATE = Path(__file__).parents[3] / "infra" / "template.yaml"


def limits(plain: dict[str, Any]) -> dict[str, int]:
    return {
        name: resource["Properties"]["Timeout"]
        for name, resource in plain["Resources"].items()
        if resource["Type"] == "AWS::Lambda::Function"
    }


def test_every_function_is_given_more_time_and_nothing_else_changes() -> None:
    archives = sam.archives_for(TEMPLATE, "code", {})
    plain = sam.expand(template.load(TEMPLATE), archives)
    before, after = limits(plain), limits(patient(plain))
    assert before
    assert after == {name: min(limit * FACTOR, LONGEST_SECONDS) for name, limit in before.items()}
    assert min(after.values()) >= 100
    others = {name for name in plain["Resources"] if patient(plain)["Resources"][name] != plain["Resources"][name]}
    assert others == set(before)


def test_workers_wait_longer_for_the_emulator_by_the_names_that_ship() -> None:
    def names(module: Any) -> dict[str, float]:
        return {name: value for name, value in vars(module).items() if name.isupper()}

    assert names(shipped).keys() == names(worker_patience).keys()
    assert all(names(worker_patience)[name] >= FACTOR * limit for name, limit in names(shipped).items())
    assert worker_pacing.PATIENCE == FACTOR > pacing.PATIENCE
    assert "python/shipby/adapters/aws/patience.py" in stepped_workers()
