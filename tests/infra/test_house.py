"""The house stays readable: folders, modules and functions have a size, and every name has one address."""

from __future__ import annotations

import ast
import re
import subprocess
from collections import Counter
from collections.abc import Container
from functools import cache
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]
MOST_MODULES, MOST_LINES, MOST_FUNCTION_LINES, MOST_PARAMETERS = 20, 450, 60, 8

LONG_MODULES = {
    "layers/common/src/shipby/adapters/dynamodb/keys.py": "every key of the table on one page",
}
LONG_FUNCTIONS = {
    "bench/write_units.py:one_order": "one order from its push to its close, step by step",
    "layers/common/src/shipby/adapters/dynamodb/operations.py:of": "the exhaustive match over all writes",
    "layers/common/src/shipby/application/alarms/route_events.py:route_event": "the table of destinations, a line each",
    "layers/common/src/shipby/application/labels/storing.py:store_label": "one transaction's writes in their order",
    "local/shipby_local/commands/losses.py:audit": "a command's options and its table",
    "local/shipby_local/simulator/books.py:books": "one document, key by key",
    "tests/simulation/world.py:__init__": "every part of the simulated world, wired",
    "tests/simulator/test_simulator_contract.py:trading_day": "a day of calls in their order",
    "tests/support/memory_writes.py:of": "the exhaustive match over all writes",
    "tests/unit/printing/test_print_jobs.py:test_300_mixed_postings_print_though_one_of_each_kind_is_bad": "it says",
}
MANY_PARAMETERS = {
    "layers/common/src/shipby/adapters/ozon/client.py:__init__": "its parts, so that tests can give others",
    "layers/common/src/shipby/adapters/ozon/transport.py:__init__": "its parts, so that tests can give others",
    "layers/common/src/shipby/application/cases/opening.py:opening": "what a case says, by name",
    "layers/common/src/shipby/application/returns/automatic.py:_hold": "what a held decision says, by name",
    "layers/common/src/shipby/application/settling/finish.py:finish": "one step of an intent, by name",
    "layers/common/src/shipby/application/settling/finish.py:_transaction": "one step of an intent, by name",
    "layers/common/src/shipby/domain/evidence/chain.py:next_item": "all that the hash covers",
    "local/shipby_local/commands/day.py:cancel": "options of a command",
    "local/shipby_local/commands/day.py:decide": "options of a command",
    "local/shipby_local/commands/losses.py:audit": "options of a command",
    "local/shipby_local/commands/pilot.py:pilot": "options of a command",
    "local/shipby_local/commands/past_ramp.py:choose": "options of a command",
    "local/shipby_local/commands/past_ramp.py:exception": "options of a command",
    "local/shipby_local/commands/work.py:what_if": "options of a command",
    "local/shipby_local/stack/emulation/private_calls.py:_call": "the emulator's own signature",
}


@cache
def modules() -> dict[str, ast.Module]:
    """Every Python file of the repository, parsed, by its path."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    paths = [path for path in listed.stdout.splitlines() if (ROOT / path).exists()]
    return {path: ast.parse((ROOT / path).read_text("utf-8")) for path in paths}


def functions() -> list[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    return [
        (f"{path}:{node.name}", node)
        for path, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def test_no_folder_holds_more_modules_than_one_looks_through() -> None:
    folders = Counter(str(PurePosixPath(path).parent) for path in modules() if not path.endswith("__init__.py"))
    assert {name: count for name, count in folders.items() if count > MOST_MODULES} == {}


def test_no_module_is_longer_than_one_reads_and_each_exception_has_its_reason() -> None:
    lines = {path: (ROOT / path).read_text("utf-8").count("\n") for path in modules()}
    assert {path for path, count in lines.items() if count > MOST_LINES} == set(LONG_MODULES)


def test_no_function_is_long_and_each_exception_has_its_reason() -> None:
    long = {
        name for name, node in functions() if (node.end_lineno or node.lineno) - node.lineno + 1 > MOST_FUNCTION_LINES
    }
    assert long == set(LONG_FUNCTIONS)


def test_no_function_takes_many_parameters_and_each_exception_has_its_reason() -> None:
    def count(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
        named = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
        return len([name for name in named if name not in ("self", "cls")])

    assert {name for name, node in functions() if count(node) > MOST_PARAMETERS} == set(MANY_PARAMETERS)


def test_a_name_is_imported_from_where_it_is_defined() -> None:
    """No second addresses on the two inner floors: an import names the module that defines what it takes."""
    source = "layers/common/src/"
    inner = {
        path.removeprefix(source)[:-3].replace("/", "."): tree
        for path, tree in modules().items()
        if path.startswith((f"{source}shipby/application/", f"{source}shipby/domain/"))
    }
    taken = {
        name: {
            alias.asname or alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names
        }
        for name, tree in inner.items()
    }
    second = [
        f"{path}: {node.module}.{alias.name}"
        for path, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in inner
        for alias in node.names
        if alias.name in taken[node.module]
    ]
    assert second == []


def test_the_packages_of_the_house_say_what_they_are_and_export_nothing() -> None:
    rooms = [
        (path, tree)
        for path, tree in modules().items()
        if path.endswith("__init__.py") and "/shipby/" in path and "/adapters/" not in path
    ]
    assert len(rooms) > 30
    # The outermost has dataclasses take their methods from the build, before any is made.
    for path, tree in (room for room in rooms if not room[0].endswith("src/shipby/__init__.py")):
        assert all(isinstance(node, ast.Expr) for node in tree.body), path


def test_no_module_needs_itself_to_be_imported() -> None:
    """A circle of imports holds its modules together, and breaks with the order in which they are first imported."""
    sources = {"shipby": "layers/common/src/", "functions": "", "shipby_local": "local/"}
    trees = {
        path.removeprefix(prefix).removesuffix(".py").removesuffix("/__init__").replace("/", "."): tree
        for path, tree in modules().items()
        for package, prefix in sources.items()
        if path.startswith(f"{prefix}{package}/")
    }
    assert len(trees) > 600
    needs = {name: (_imported(tree, trees) & trees.keys()) - {name} for name, tree in trees.items()}
    while free := {name for name, needed in needs.items() if not needed}:
        needs = {name: needed - free for name, needed in needs.items() if name not in free}
    assert needs == {}


def _imported(tree: ast.Module, known: Container[str]) -> set[str]:
    """What importing a module imports: not what its functions import, nor what only a type checker sees."""
    imported: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            imported |= {name if name in known else node.module for name in names}
    return imported


def test_the_map_of_the_house_names_what_is_there() -> None:
    """Every file and folder that docs/architecture.md sends somebody to."""
    roots = (ROOT, ROOT / "layers/common/src/shipby", ROOT / "local/shipby_local", ROOT / "functions")
    text = (ROOT / "docs/architecture.md").read_text("utf-8")
    named = [name for name in re.findall(r"`([\w./*]+)`", text) if "/" in name.rstrip("/") and not name.startswith("/")]
    assert len(named) > 40
    assert [name for name in named if not any(any(root.glob(f"{name}*")) for root in roots)] == []
