"""Lists whose entries cannot all be read: one odd entry takes neither its page nor its neighbours with it.

`entries` reads a list and sets aside what it cannot read; `Fields` reads one entry and keeps it without the fields that
are not essential. Both tell `shipby.application.cases.odd_entries`, which makes cases of them. What is essential is
said by each parser: a field read through `Fields.maybe` is not.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from shipby.adapters.ozon.reading.answers import Node
from shipby.application.cases.odd_entries import Listed, OddEntry, note, note_list, note_readable
from shipby.domain.errors import UnreadableAnswerError

T = TypeVar("T")


def entries(
    answer: Node, key: str, kind: Listed, read: Callable[[Node], T], *, name: str | Callable[[Node], str]
) -> tuple[T, ...]:
    """What `read` makes of each entry of a list; `name` is the field that holds its id, or reads it.

    An entry that cannot be read is noted and left out. Raises UnreadableAnswerError for a list that is none: unknown is
    not empty.
    """
    found: list[T] = []
    for node in nodes_of(answer, key, kind):
        try:
            found.append(read(node))
            note_readable(kind, name_of(node, name))
        except UnreadableAnswerError as error:
            set_aside(kind, name_of(node, name), node, error)
    return tuple(found)


def nodes_of(answer: Node, key: str, kind: Listed) -> tuple[Node, ...]:
    """The entries of a list that are objects; what is none is noted."""
    note_list(kind)
    found: list[Node] = []
    for place, item in enumerate(answer.listed(key)):
        path = f"{answer.at(key)}[{place}]"
        try:
            found.append(Node.of(item, path))
        except UnreadableAnswerError as error:
            set_aside(kind, "", Node({}, path), error)
    return tuple(found)


def or_noted(kind: Listed, answer: Node, read: Callable[[], T], unknown: T) -> T:
    """A field of the answer beside its list, such as the cursor: noted as the list's own where it cannot be read."""
    try:
        return read()
    except UnreadableAnswerError as error:
        set_aside(kind, "", answer, error)
        return unknown


def set_aside(kind: Listed, identifier: str, node: Node, error: UnreadableAnswerError) -> None:
    """Tell that an entry was left out."""
    note(OddEntry(kind=kind, id=identifier, method=_method(node), problem=_problem(node, error)))


def name_of(node: Node, name: str | Callable[[Node], str]) -> str:
    """The id of an entry as far as it can be read."""
    try:
        return node.identifier(name) if isinstance(name, str) else name(node)
    except UnreadableAnswerError:
        return ""


class Fields:
    """One entry of which some fields may be odd."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._problems: dict[str, UnreadableAnswerError] = {}

    @property
    def odd(self) -> tuple[str, ...]:
        """The names of what could not be read, sorted."""
        return tuple(sorted(self._problems))

    def maybe(self, name: str, read: Callable[[], T], unknown: T) -> T:
        """What a field says, or `unknown` where it makes no sense; `name` is what the product calls it."""
        try:
            return read()
        except UnreadableAnswerError as error:
            self._problems[name] = error
            return unknown

    def noted(self, kind: Listed, identifier: str) -> None:
        """Tell of all that was odd: the entry is kept without it."""
        for error in self._problems.values():
            problem = _problem(self._node, error)
            note(OddEntry(kind=kind, id=identifier, method=_method(self._node), problem=problem, kept=True))


def last_id_of(answer: Node, key: str, name: str) -> str:
    """The last id of a page that can be read, which is where the next page begins; empty if there is none."""
    nodes = [Node({name: item.get(name)}, key) for item in answer.listed(key) if isinstance(item, dict)]
    return next((found for node in reversed(nodes) if (found := name_of(node, lambda one: one.int64(name)))), "")


def texts_of(answer: Node, key: str, kind: Listed) -> tuple[str, ...]:
    """The texts of a list that are not empty; what is none is noted."""
    nodes = [Node({key: item}, answer.path) for item in answer.listed(key)]
    return tuple(text for node in nodes if (text := or_noted(kind, answer, partial(node.text, key), "")))


def _method(node: Node) -> str:
    return node.path.partition(".")[0]


def _problem(node: Node, error: UnreadableAnswerError) -> str:
    # Without the entry's place in the list: it moves, and the case would be told anew each time.
    return f"{error.field.removeprefix(node.path).removeprefix('.') or 'the entry'} {error.problem}"
