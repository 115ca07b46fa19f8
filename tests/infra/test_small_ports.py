"""A use case that needs one subject of the store names that subject's protocol, not the whole store.

What a function needs is what it calls on its store, and what those need to whom it hands it on.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

APPLICATION = Path(__file__).resolve().parents[2] / "layers/common/src/shipby/application"
UNKNOWN = "?"
"""Handed to something that is no function of this floor: it may need anything."""


@dataclass(slots=True)
class Ports:
    """The protocols that the store is composed of: their methods, and which of them another one already holds."""

    methods: dict[str, str] = field(default_factory=dict)
    """Method -> the protocol that defines it."""
    holds: dict[str, set[str]] = field(default_factory=dict)
    """Protocol -> itself and the protocols it extends."""

    def smallest(self, needed: set[str]) -> str:
        """The protocol of the fewest others that has all of `needed`."""
        return min((len(held), name) for name, held in self.holds.items() if needed <= held)[1]


def ports() -> Ports:
    classes = {
        node.name: node
        for path in (APPLICATION / "ports").rglob("*.py")
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.ClassDef) and "Protocol" in _names(node.bases)
    }

    def held(name: str) -> set[str]:
        return {name}.union(*(held(base) for base in _names(classes[name].bases) if base in classes))

    found = Ports()
    store = held("Store")
    for name, definition in classes.items():
        if held(name) <= store:
            found.holds[name] = held(name)
            found.methods |= {node.name: name for node in definition.body if isinstance(node, ast.FunctionDef)}
    return found


@dataclass(slots=True)
class Floor:
    """Every function of the application floor by its module and name, and what each module imports."""

    functions: dict[tuple[str, str], ast.FunctionDef]
    imports: dict[str, dict[str, str]]

    def called(self, module: str, call: ast.Call) -> tuple[str, str] | None:
        """Which function of this floor a call goes to."""
        if isinstance(call.func, ast.Name):
            where = self.imports[module].get(call.func.id, f"{module}.{call.func.id}")
        elif isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
            where = f"{self.imports[module].get(call.func.value.id, '')}.{call.func.attr}"
        else:
            return None
        address = tuple(where.rsplit(".", 1))
        return (address[0], address[1]) if address in self.functions else None


def floor() -> Floor:
    functions: dict[tuple[str, str], ast.FunctionDef] = {}
    imports: dict[str, dict[str, str]] = {}
    for path in APPLICATION.rglob("*.py"):
        module = ".".join(("shipby", *path.relative_to(APPLICATION.parent).with_suffix("").parts))
        tree = ast.parse(path.read_text("utf-8"))
        imports[module] = {
            alias.asname or alias.name: f"{node.module}.{alias.name}"
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        functions |= {(module, node.name): node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    return Floor(functions, imports)


@dataclass
class Needs:
    """What every function that takes the whole store needs of it."""

    floor: Floor
    ports: Ports

    @cached_property
    def of(self) -> Mapping[tuple[str, str], set[str]]:
        whole = {at: name for at, node in self.floor.functions.items() for name in _takers(node)}
        needs: dict[tuple[str, str], set[str]] = {at: set() for at in whole}
        while True:
            more = {at: set(self._direct(at, name, needs)) for at, name in whole.items()}
            if more == needs:
                return needs
            needs = more

    def _direct(self, at: tuple[str, str], store: str, needs: Mapping[tuple[str, str], set[str]]) -> Iterator[str]:
        parents = {child: node for node in ast.walk(self.floor.functions[at]) for child in ast.iter_child_nodes(node)}
        for node, parent in parents.items():
            if not isinstance(node, ast.Name) or node.id != store:
                continue
            if isinstance(parent, ast.Attribute):
                yield self.ports.methods[parent.attr]
                continue
            call = parents[parent] if isinstance(parent, ast.keyword) else parent
            yield from self._handed(at[0], node, parent, call, needs)

    def _handed(
        self,
        module: str,
        node: ast.Name,
        parent: ast.AST,
        call: ast.AST,
        needs: Mapping[tuple[str, str], set[str]],
    ) -> Iterator[str]:
        to = self.floor.called(module, call) if isinstance(call, ast.Call) else None
        if to is None or not isinstance(call, ast.Call):
            yield UNKNOWN
            return
        taker = self.floor.functions[to].args
        positional = [*taker.posonlyargs, *taker.args]
        if isinstance(parent, ast.keyword):
            annotated = [arg for arg in (*positional, *taker.kwonlyargs) if arg.arg == parent.arg]
        else:
            annotated = positional[call.args.index(node) :][:1]
        kind = _kind(annotated[0]) if annotated else UNKNOWN
        yield from needs[to] if kind == "Store" else self.ports.holds.get(kind, {UNKNOWN}) & ({kind} | {UNKNOWN})


def _takers(node: ast.FunctionDef) -> list[str]:
    every = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    return [arg.arg for arg in every if _kind(arg) == "Store"]


def _kind(arg: ast.arg) -> str:
    return ast.unparse(arg.annotation).strip("'\"") if arg.annotation else UNKNOWN


def _names(nodes: list[ast.expr]) -> list[str]:
    return [node.id for node in nodes if isinstance(node, ast.Name)]


def too_much() -> dict[str, str]:
    """Function -> the protocol that is enough for it, where it takes the whole store."""
    every, known = floor(), ports()
    enough = {
        f"{module}.{name}": known.smallest(needed)
        for (module, name), needed in Needs(every, known).of.items()
        if needed and UNKNOWN not in needed
    }
    return {name: port for name, port in enough.items() if port != "Store"}


def test_nobody_takes_the_whole_store_who_needs_one_subject_of_it() -> None:
    assert too_much() == {}


def test_what_a_function_needs_is_seen() -> None:
    """The check itself: of a reader, of one who changes, of one who hands the store on."""
    every, known = floor(), ports()
    needs = Needs(every, known).of
    assert len(needs) > 100
    assert known.smallest({"PostingReads"}) == "PostingReads"
    assert known.smallest({"PostingReads", "ReturnReads"}) == "Store"
    needed = needs["shipby.application.returns.decisions", "decide_return"]
    assert {"ReturnReads", "Commits"} <= needed or UNKNOWN in needed
