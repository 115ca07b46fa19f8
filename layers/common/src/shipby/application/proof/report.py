"""What a run of the proof has counted and found so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from shipby.application.shared.views import time_text
from shipby.domain.json_types import Json
from shipby.domain.money import Money
from shipby.domain.skew import ahead, told

SHOWN = 500
"""Findings that a report lists; it counts all. One row of the table holds 400 KB."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it must be. `check` is the name of the rule."""

    check: str
    id: str
    problem: str


@dataclass(slots=True)
class Proof:
    """Counts and findings of one run; green when there is no finding."""

    seller: str
    since: datetime
    until: datetime
    at: datetime
    """When it was last gone on with; of a finished one, when it ended."""
    changed_since: datetime | None = None
    """Only what has changed since then was held against the marketplace; None: everything of the window."""
    counts: Counter[str] = field(default_factory=Counter)
    refunded: Counter[str] = field(default_factory=Counter)
    """Currency -> minor units given back; sums never cross currencies."""
    findings: list[Finding] = field(default_factory=list)
    left_out: int = 0
    """Findings beyond those that are kept with their words."""

    @property
    def green(self) -> bool:
        return not self.findings

    def find(self, check: str, identifier: str, problem: str) -> None:
        """Note a finding; the same one is noted once."""
        finding = Finding(check, identifier, problem)
        if finding in self.findings:
            return
        if len(self.findings) < SHOWN:
            self.findings.append(finding)
        else:
            self.left_out += 1

    def wrong_times(self, identifier: str, times: Mapping[str, datetime]) -> None:
        """A finding, if any of these times of ours lies ahead of the clock: see `skew`."""
        wrong = {name: when for name, when in times.items() if ahead(when, self.at)}
        if wrong:
            self.find("clock", identifier, told(wrong))

    def blank(self) -> Proof:
        """The same run with nothing counted: for a check that may have to be made twice."""
        return Proof(self.seller, self.since, self.until, self.at, self.changed_since)

    def take(self, other: Proof) -> None:
        """Add what another part of the same run counted and found."""
        self.counts += other.counts
        self.refunded += other.refunded
        for finding in other.findings:
            self.find(finding.check, finding.id, finding.problem)
        self.left_out += other.left_out

    def view(self) -> dict[str, Json]:
        """As it is saved and shown."""
        return {
            "seller": self.seller,
            "since": time_text(self.since),
            "until": time_text(self.until),
            "at": time_text(self.at),
            "changed_since": time_text(self.changed_since) if self.changed_since else None,
            "green": self.green,
            "counts": dict(sorted(self.counts.items())),
            "refunded": [
                {"amount": Money(minor, currency).amount, "currency": currency}
                for currency, minor in sorted(self.refunded.items())
            ],
            "findings": [
                {"check": finding.check, "id": finding.id, "problem": finding.problem} for finding in self.findings
            ],
            "findings_left_out": self.left_out,
        }

    def state(self) -> dict[str, Json]:
        """All of it, to go on later."""
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "changed_since": self.changed_since.isoformat() if self.changed_since else None,
            "counts": dict(self.counts),
            "refunded": dict(self.refunded),
            "findings": [[finding.check, finding.id, finding.problem] for finding in self.findings],
            "left_out": self.left_out,
        }


def read_proof(seller: str, saved: Mapping[str, Json], now: datetime) -> Proof:
    """A run that was cut short, from its `state`."""
    body = cast("Mapping[str, object]", saved)
    changed_since = body["changed_since"]
    return Proof(
        seller,
        since=datetime.fromisoformat(str(body["since"])),
        until=datetime.fromisoformat(str(body["until"])),
        at=now,
        changed_since=datetime.fromisoformat(str(changed_since)) if changed_since else None,
        counts=Counter({str(name): int(str(n)) for name, n in cast("Mapping[str, object]", body["counts"]).items()}),
        refunded=Counter({str(c): int(str(n)) for c, n in cast("Mapping[str, object]", body["refunded"]).items()}),
        findings=[Finding(*map(str, one)) for one in cast("list[list[object]]", body["findings"])],
        left_out=int(str(body["left_out"])),
    )
