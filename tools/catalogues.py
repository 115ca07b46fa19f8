"""The console's catalogues: finds every text, brings the .po files up to date and compiles them to what ships (.mo).

    python -m tools.catalogues            bring functions/console/locale up to date
    python -m tools.catalogues --check    1 if anything is missing, fuzzy, left over or not compiled

English is the source and needs no catalogue. Translators write the .po files; the function reads .mo by `gettext`.
"""

from __future__ import annotations

import ast
import io
import re
import string
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

CONSOLE = Path(__file__).resolve().parent.parent / "functions" / "console"
LANGUAGES = ("ru", "zh")
_LITERAL = r'"((?:[^"\\]|\\.)*)"'
_ONE = re.compile(rf"(?<![\w.])_\(\s*{_LITERAL}")
_MANY = re.compile(rf"ngettext\(\s*{_LITERAL}\s*,\s*{_LITERAL}")
_SINGULAR = frozenset({"mark", "text", "_"})
_BEGUN = datetime(2026, 11, 30, tzinfo=UTC)
"""Of the headers: a catalogue says nothing of the day on which it was made, so that making it again changes nothing."""

Text = str | tuple[str, str]


def texts() -> list[Text]:
    """Every text that a page may show, in the order of the files."""
    found: dict[Text, None] = {}
    for path in sorted(CONSOLE.rglob("*.py")):
        found.update(dict.fromkeys(_of_python(ast.parse(path.read_text("utf-8")))))
    for path in sorted((CONSOLE / "templates").glob("*.html")):
        found.update(dict.fromkeys(_of_template(path.read_text("utf-8"))))
    plurals = {each[0] for each in found if isinstance(each, tuple)}
    return [each for each in found if isinstance(each, tuple) or each not in plurals]


def _of_python(tree: ast.Module) -> Iterator[Text]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        words = [each.value for each in node.args[:2] if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        if name == "count" and len(words) == 2:
            yield words[0], words[1]
        elif name in _SINGULAR and words:
            yield words[0]


def _of_template(text: str) -> Iterator[Text]:
    for match in _MANY.finditer(text):
        yield match[1], match[2]
    for match in _ONE.finditer(text):
        yield match[1]


def po_path(language: str) -> Path:
    return CONSOLE / "locale" / language / "LC_MESSAGES" / "console.po"


def read(language: str) -> Catalog:
    """The catalogue as translators left it; an empty one if there is none."""
    path = po_path(language)
    if not path.exists():
        return Catalog(locale=language)
    return read_po(io.BytesIO(path.read_bytes()), locale=language)


def updated(language: str) -> Catalog:
    """All texts of today with the translations that are there; what nothing shows any more is left out."""
    before = read(language)
    made = Catalog(
        locale=language,
        project="shipby",
        version="console",
        creation_date=_BEGUN,
        revision_date=_BEGUN,
        last_translator="",
        language_team="",
        fuzzy=False,
        header_comment="# Texts of the console. English is the source; see tools/catalogues.py.",
    )
    for each in sorted(texts(), key=lambda one: one if isinstance(one, str) else one[0]):
        old = before.get(each if isinstance(each, str) else each[0])
        kept = old.string if old is not None and old.pluralizable == isinstance(each, tuple) else None
        made.add(
            each, kept or ("" if isinstance(each, str) else ("",) * made.num_plurals), flags=old.flags if old else ()
        )
    return made


def po_text(catalogue: Catalog) -> bytes:
    out = io.BytesIO()
    write_po(out, catalogue, width=110, no_location=True)
    return out.getvalue()


def mo_bytes(catalogue: Catalog) -> bytes:
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def problems() -> list[str]:
    """Everything that is wrong with the catalogues, as sentences."""
    found = []
    for language in LANGUAGES:
        kept, wanted = read(language), updated(language)
        for message in wanted:
            if message.id:
                found += [f"{language}: {problem}" for problem in of_message(message)]
        if po_path(language).exists() and po_path(language).read_bytes() != po_text(wanted):
            found.append(f"{language}: console.po is not up to date")
        mo = po_path(language).with_suffix(".mo")
        if not mo.exists() or mo.read_bytes() != mo_bytes(kept):
            found.append(f"{language}: console.mo is not what console.po says")
    return found


def of_message(message: Message) -> Iterator[str]:
    ids = message.id if isinstance(message.id, tuple) else (message.id,)
    strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
    said = [str(each or "") for each in strings]
    if not all(said):
        yield f"not translated: {ids[0]}"
        return
    if message.fuzzy:
        yield f"fuzzy: {ids[0]}"
    fields = _fields(str(ids[-1]))
    for each in said:
        if _fields(each) != fields:
            yield f"other fields than {sorted(fields)}: {each}"


def main(arguments: list[str]) -> int:
    """Write, or check with --check."""
    if "--check" not in arguments:
        for language in LANGUAGES:
            catalogue = updated(language)
            path = po_path(language)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(po_text(catalogue))
            path.with_suffix(".mo").write_bytes(mo_bytes(catalogue))
    found = problems()
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
