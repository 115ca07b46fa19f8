"""How often buyers' answers are read rightly: printed, and with `--write` kept in docs/messages.md.

The answers are tests/unit/messages/answers.tsv: language, meaning, text. A hundred of them are held back by a seed: of
those only the figures were looked at while the rules were made, never a line.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from shipby.domain.messages.answers import Answer, read_answer
from tools.repository import ROOT

CORPUS = ROOT / "tests" / "unit" / "messages" / "answers.tsv"
PAGE = ROOT / "docs" / "messages.md"
SEED = 17
HELD_BACK = 100
_BEGIN, _END = "<!-- answers: begin -->", "<!-- answers: end -->"


@dataclass(frozen=True, slots=True)
class Known:
    """An answer and what a person says that it means."""

    language: str
    means: Answer
    text: str


@dataclass(frozen=True, slots=True)
class Measured:
    """What the rules made of some answers."""

    known: int
    decided: int
    """How many are a yes or a no by a person."""
    right: int
    """How many of these are read so."""
    wrong: tuple[Known, ...]
    """Read as a yes or a no that they are not."""
    left: tuple[Known, ...]
    """A yes or a no that is left to a person."""

    @property
    def right_share(self) -> float:
        return self.right / self.decided

    @property
    def wrong_share(self) -> float:
        return len(self.wrong) / self.known


def corpus() -> list[Known]:
    """All answers, in the order of the file."""
    lines = CORPUS.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    return [Known(language, Answer(means), text) for language, means, text in rows]


def split(known: Sequence[Known]) -> tuple[list[Known], list[Known]]:
    """Those the rules were made with, and those held back."""
    mixed = list(known)
    random.Random(SEED).shuffle(mixed)  # noqa: S311  a repeatable split, no secret
    return mixed[HELD_BACK:], mixed[:HELD_BACK]


def measure(known: Sequence[Known]) -> Measured:
    """What the rules make of each."""
    read = [(one, read_answer(one.text)) for one in known]
    meant = [pair for pair in read if pair[0].means is not Answer.UNCLEAR]
    return Measured(
        known=len(known),
        decided=len(meant),
        right=sum(answer is one.means for one, answer in meant),
        wrong=tuple(one for one, answer in read if answer not in (one.means, Answer.UNCLEAR)),
        left=tuple(one for one, answer in meant if answer is Answer.UNCLEAR),
    )


def table() -> str:
    """In Markdown, a row a language and part."""
    known = corpus()
    made, held = split(known)
    parts = {"made with": made, "held back": held}
    parts |= {name: [one for one in known if one.language == name] for name in ("ru", "zh", "en", "kk")}
    lines = [
        "| answers | number | yes or no | read rightly | left to a person | wrong decisions |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, each in parts.items():
        found = measure(each)
        lines.append(
            f"| {name} | {found.known} | {found.decided} | {found.right_share:.1%} | {len(found.left)} "
            f"| {found.wrong_share:.1%} |"
        )
    return "\n".join(lines)


def main() -> None:
    made = table()
    print(made)
    if "--write" in sys.argv:
        page = PAGE.read_text(encoding="utf-8")
        head, _, rest = page.partition(_BEGIN)
        PAGE.write_text(f"{head}{_BEGIN}\n{made}\n{_END}{rest.partition(_END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
