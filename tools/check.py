"""`make check`: runs every gate, two at a time, and ends with one line per gate.

Exit status 0: every gate passed or is loudly NOT CHECKED (a gate ends with 75 when it could not find out). Arguments
are names of gates to run; none means all.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOT_CHECKED = 75
"""EX_TEMPFAIL of sysexits.h: the gate could not find out."""

_BIN, _GATES, _SAM = ".venv/bin", ".venv-gates/bin", ".venv-sam/bin"
_TEMPLATES = ("infra/template.yaml", "infra/operations.yaml")
_TYPED = ("layers/common/src", "functions", "local", "tests", "tools")


@dataclass(frozen=True, slots=True)
class Gate:
    """One check: a command, and the environment (folder, lock file) it needs besides .venv."""

    name: str
    command: tuple[str, ...]
    environment: tuple[str, str] | None = None


_GATES_ENVIRONMENT = (".venv-gates", "requirements/gates.txt")
_SAM_ENVIRONMENT = (".venv-sam", "requirements/sam.txt")

GATES = (
    # The slow ones first, so that two at a time end early.
    Gate("mypy", (f"{_BIN}/mypy", "--strict", *_TYPED)),
    Gate("pip-audit", (f"{_BIN}/python", "-m", "tools.audit"), _GATES_ENVIRONMENT),
    Gate(
        "checkov",
        (f"{_GATES}/checkov", "-f", *_TEMPLATES, "--config-file", "infra/.checkov.yaml"),
        _GATES_ENVIRONMENT,
    ),
    # A region is asked for, and none is used: nothing is called.
    Gate("sam-validate", (f"{_SAM}/sam", "validate", "--lint", "--region", "eu-central-1"), _SAM_ENVIRONMENT),
    Gate("cfn-lint", (f"{_BIN}/cfn-lint", "-a", "cfn_lint_serverless.rules", "-t", *_TEMPLATES)),
    Gate("import-linter", (f"{_BIN}/lint-imports",)),
    Gate("detect-secrets", (f"{_BIN}/python", "-m", "tools.check_secrets"), _GATES_ENVIRONMENT),
    Gate("ruff-format", (f"{_BIN}/ruff", "format", "--check", ".")),
    Gate("ruff", (f"{_BIN}/ruff", "check", ".")),
    Gate("locks", (f"{_BIN}/python", "-m", "tools.check_locks")),
    Gate("addresses", (f"{_BIN}/python", "-m", "tools.check_addresses")),
)


def _run(gate: Gate) -> tuple[Gate, int, str, float]:
    started = time.monotonic()
    done = subprocess.run(
        gate.command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**os.environ, "SAM_CLI_TELEMETRY": "0"},
    )
    return gate, done.returncode, done.stdout, time.monotonic() - started


def main(names: list[str]) -> int:
    """Run the gates; 0 if none failed."""
    unknown = sorted(set(names) - {gate.name for gate in GATES})
    if unknown:
        print(f"No such gate: {', '.join(unknown)}. There are: {', '.join(gate.name for gate in GATES)}.")
        return 2
    gates = [gate for gate in GATES if not names or gate.name in names]
    for folder, lock in sorted({gate.environment for gate in gates if gate.environment}):
        subprocess.run(["tools/venv.sh", folder, lock], cwd=ROOT, check=True)
    verdicts: dict[str, str] = {}
    with ThreadPoolExecutor(max_workers=2) as pool:
        for future in as_completed([pool.submit(_run, gate) for gate in gates]):
            gate, code, output, seconds = future.result()
            verdict = {0: "ok", NOT_CHECKED: "NOT CHECKED"}.get(code, "FAILED")
            verdicts[gate.name] = verdict
            print(f"== {gate.name}: {verdict} ({seconds:.1f} s)", flush=True)
            if verdict != "ok" and output.strip():
                print(output.rstrip(), flush=True)
    print("\n" + "\n".join(f"{verdicts[gate.name]:>12}  {gate.name}" for gate in gates))
    return 1 if "FAILED" in verdicts.values() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
