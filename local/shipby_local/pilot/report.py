"""The report of a round: for people as Markdown, for programs as JSON. It holds only what `masking` lets show."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from shipby_local.pilot.comparing import Comparison
from shipby_local.pilot.evidence import Evidence, Json
from shipby_local.pilot.probes import PROBES, UNASKABLE
from shipby_local.pilot.probes.base import Verdict
from shipby_local.stack.errors import StackError

NAME: Final = "shipby-pilot"
_TITLES: Final = {
    Verdict.HOLDS: "Assumptions that hold",
    Verdict.NOT_SEEN: "Assumptions that nothing was seen of",
}
_SHORTEST: Final = 6
"""Signs of a value that the last check looks for: shorter ones stand in any text by chance."""
_PLAIN: Final = re.compile(r"[a-z_ ]+|[0-9]{1,7}|\d{4}-\d\d-\d\d")
"""What stands in any report: words of small letters, short numbers, days."""


class LeakError(StackError):
    """The finished report would have shown a value of the shop; nothing was written."""


def report(evidence: Evidence, comparison: Comparison, *, host: str, published: str) -> Json:
    """All that was found, ready for JSON. Raises LeakError if a value of an answer stands in it after all."""
    calls = Counter((one.path, one.status) for one in evidence.exchanges)
    found: Json = {
        "made_on": f"{evidence.now:%Y-%m-%d}",
        "marketplace": host,
        "description": published,
        "calls": [
            {"method": path, "status": status, "count": count} for (path, status), count in sorted(calls.items())
        ],
        "assumptions": [_probed(evidence, index) for index in range(len(PROBES))],
        "not_askable": dict(UNASKABLE),
        "deviations": [
            {
                "method": one.method,
                "path": one.path,
                "kind": one.kind.name.lower(),
                "seen": one.seen,
                "of": one.looked,
                "examples": [example for example, _ in one.examples.most_common()],
            }
            for one in comparison.deviations()
        ],
        "codes": [
            {"method": method, "path": path, "seen": dict(told.most_common())}
            for (method, path), told in sorted(comparison.told.items())
        ],
        "troubles": [asdict(one) for one in evidence.troubles],
    }
    _check(found, evidence)
    return found


def _probed(evidence: Evidence, index: int) -> Json:
    probe = PROBES[index]
    finding = probe.look(evidence)
    return {
        "of": probe.of,
        "asks": probe.asks,
        "verdict": finding.verdict.value,
        "says": finding.says,
        "paths": list(finding.paths),
    }


def _check(found: Json, evidence: Evidence) -> None:
    """The last look: no text and no long number of an answer may stand in the report, unless it is a described code."""
    shown = json.dumps(found, ensure_ascii=False).casefold()
    for _, value in evidence.leaves():
        for text in _telling(value, evidence):
            if text.casefold() in shown:
                raise LeakError(
                    "the report would have shown a value of the shop, so nothing was written; please tell the makers"
                )


def _telling(value: Any, evidence: Evidence) -> Iterator[str]:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 10**7:
        yield str(value)
    telling = isinstance(value, str) and len(value) >= _SHORTEST and not _PLAIN.fullmatch(value)
    if telling and not evidence.mask.knows(value) and not value.startswith("/v"):
        yield value


def as_markdown(found: Json) -> str:
    """The report for people: what differs first."""
    lines = [
        "# What the marketplace does differently",
        "",
        f"Made on {found['made_on']} at {found['marketplace']} by `shipby pilot`, with reading calls alone; held"
        f" against the official description of {found['description']}.",
        "",
        "Values are masked: 9 stands for a digit, a and я for letters, {5} for how many; days are shown without the"
        " hour. Read it, and send it back if nothing in it is too much for you.",
        "",
    ]
    differing = [one for one in found["assumptions"] if one["verdict"] == Verdict.DIFFERS]
    lines += _section("Assumptions that do not hold", ("assumption", "question", "found", "where"), _rows(differing))
    heads = ("what", "method", "field", "seen", "examples (masked)")
    lines += _section(
        "Answers that differ from the description", heads, [_differing(one) for one in found["deviations"]]
    )
    troubles = [(one["asked"], one["error"], str(one["status"]), ", ".join(one["codes"])) for one in found["troubles"]]
    lines += _section("Questions without an answer", ("asked", "ended as", "status", "codes"), troubles)
    for verdict, title in _TITLES.items():
        some = [one for one in found["assumptions"] if one["verdict"] == verdict]
        lines += _section(title, ("assumption", "question", "found", "where"), _rows(some))
    lines += _section("What no reading call can tell", ("assumption", "why"), list(found["not_askable"].items()))
    codes = [(one["method"], one["path"], _counted(one["seen"])) for one in found["codes"]]
    lines += _section("Codes that were seen", ("method", "field", "codes"), codes)
    calls = [(one["method"], str(one["status"] or "no answer"), str(one["count"])) for one in found["calls"]]
    lines += _section("Calls that were made", ("method", "status", "calls"), calls)
    return "\n".join(lines)


def _differing(one: Json) -> tuple[str, ...]:
    seen, examples = f"{one['seen']} of {one['of']}", ", ".join(one["examples"])
    return one["kind"].replace("_", " "), one["method"], one["path"], seen, examples


def _counted(seen: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in seen.items())


def _rows(probed: Sequence[Json]) -> list[tuple[str, ...]]:
    return [(one["of"], one["asks"], one["says"], ", ".join(one["paths"])) for one in probed]


def _section(title: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    if not rows:
        return [f"## {title}", "", "None.", ""]
    table = [heads, tuple("---" for _ in heads), *rows]
    return [f"## {title}", "", *(f"| {' | '.join(_cell(cell) for cell in row)} |" for row in table), ""]


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ") or " "


def write(found: Json, folder: Path) -> tuple[Path, Path]:
    """Both files into a folder, which is made if needed. Raises StackError if they cannot be written."""
    files = folder / f"{NAME}.md", folder / f"{NAME}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files[0].write_text(as_markdown(found), encoding="utf-8")
        files[1].write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise StackError(f"{folder} cannot be written: {error.strerror}") from error
    return files
