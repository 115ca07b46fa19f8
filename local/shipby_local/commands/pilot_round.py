"""One round of the pilot for the command: asked, compared, written, told."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from shipby.adapters.ozon import assumptions
from shipby.adapters.pdf import pages as pdf_pages
from shipby.adapters.pdf import pictures
from shipby.adapters.pdf.pictures import Seen
from shipby.domain.errors import CredentialsRejectedError, InvalidInputError
from shipby_local.commands.marketplace_key import MARKETPLACE
from shipby_local.commands.shared import err, out, say
from shipby_local.pilot.asking import Asking, Sizes
from shipby_local.pilot.comparing import Comparison
from shipby_local.pilot.description import Description
from shipby_local.pilot.door import Door
from shipby_local.pilot.masking import Mask
from shipby_local.pilot.report import report, write
from shipby_local.stack.errors import StackError

_MOST_PAGES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The options of a round; `words` are those that the seller lets through."""

    days: int
    postings: int
    per_second: float
    most_calls: int
    words: tuple[str, ...]


def run(
    base_url: str, client_id: str, api_key: str, wanted: Wanted, *, label: Path | None, folder: Path, hidden: bool
) -> None:
    """Ask, write both reports and say the short of it. Raises StackError."""
    pages, size = _read_label(label) if label is not None else ([], 0)
    mask = Mask(Description.load().words, wanted.words)
    asking = Asking(
        Door(base_url, per_second=wanted.per_second, most_calls=wanted.most_calls),
        base_url,
        client_id,
        api_key,
        mask=mask,
        now=datetime.now(UTC),
        sizes=Sizes(days=wanted.days, postings=wanted.postings),
        numbers=tuple(number for page in pages for number in page.numbers),
    )
    asking.evidence.label, asking.evidence.label_bytes = pages, size
    comparison = _asked(asking, mask)
    found = report(asking.evidence, comparison, host=_host(base_url), published=Description.load().published)
    written, _ = write(found, folder)
    _tell(found, written)
    if hidden:
        _tell_hidden(comparison.hidden)


def _asked(asking: Asking, mask: Mask) -> Comparison:
    """Ask everything, and hold each answer against the description."""
    with err.status("Asking ...") if err.is_terminal else nullcontext() as status:
        try:
            evidence = asking.round(lambda name: status.update(f"Asking for {name}") if status is not None else None)
        except CredentialsRejectedError as error:
            raise StackError(f"{error}. Check OZON_CLIENT_ID and OZON_API_KEY.") from error
    comparison = Comparison(Description.load(), mask)
    comparison.all(evidence.exchanges)
    comparison.unreadable(asking.notes)
    return comparison


def _host(base_url: str) -> str:
    host = urlsplit(base_url).hostname or ""
    return host if base_url == MARKETPLACE or host in ("127.0.0.1", "localhost", "::1") else "another address"


def _read_label(file: Path) -> tuple[Sequence[Seen], int]:
    """What each page of a label file shows, and the file's size. Raises StackError for what is no label file."""
    try:
        content = file.read_bytes()
        found = [
            pictures.read(page)
            for page in pdf_pages.split(content, max_pages=_MOST_PAGES, max_bytes=assumptions.LARGEST_FILE)
        ]
    except OSError as error:
        raise StackError(f"{file} cannot be read: {error.strerror}") from error
    except InvalidInputError as error:
        raise StackError(f"{file}: {error}") from error
    return found, len(content)


def _tell_hidden(hidden: dict[str, set[str]]) -> None:
    """Words that the report hides are told here alone, so that the seller may let one through."""
    say("words of codes that the report hides; --word WORD shows one in it:")
    for place, words in sorted(hidden.items()):
        say(f"  {place}: {', '.join(sorted(words))}")
    if not hidden:
        say("  none")


def _tell(found: dict[str, object], written: Path) -> None:
    assumed = found["assumptions"]
    assert isinstance(assumed, list)  # noqa: S101  # as `report` makes it
    wrong = [one["of"] for one in assumed if one["verdict"] == "differs"]
    deviations = found["deviations"]
    assert isinstance(deviations, list)  # noqa: S101  # as above
    out.print(f"{len(wrong)} of {len(assumed)} assumptions do not hold{': ' if wrong else ''}{', '.join(wrong)}")
    out.print(f"{len(deviations)} places differ from the description")
    say(f"{written} is the report: read it before you send it")
