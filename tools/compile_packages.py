"""Compiles every Python file of what `sam build` made, with the interpreter that runs it: the deployed runtime's.

SAM leaves compiled files out, wheels hold none, and Lambda's folders are read-only: without this every cold start
compiles everything it imports. The files are "unchecked": they carry the hash of their source instead of its time,
which zipping changes, and the loader does not read the source to compare. Equal sources give equal files, so an
unchanged package is not uploaded again.

The methods that dataclasses write as text are compiled here too, and kept beside the package (shipby/kept_methods.py).

Run by tools/build.sh with python3.13 and its standard library alone.
"""

from __future__ import annotations

import compileall
import dataclasses
import importlib
import pkgutil
import py_compile
import sys
from pathlib import Path
from types import CodeType
from typing import Any

RUNTIME = (3, 13)


def packages(build: Path) -> dict[Path, str]:
    """Each package's folder and where Lambda puts it, which tracebacks name: layers to /opt, functions to /var/task."""
    folders = sorted(path for path in build.iterdir() if path.is_dir())
    return {folder: "/opt" if (folder / "python").is_dir() else "/var/task" for folder in folders}


def keep_methods(python: Path) -> int:
    """Write the methods of all dataclasses of the package in this folder beside it; how many texts were kept.

    Every module is imported that can be: what needs a library for another processor is left to the cold start.
    """
    texts: dict[str, CodeType] = {}

    def run(text: Any, *names: Any) -> None:
        if isinstance(text, str):
            texts.setdefault(text, compile(text, "<string>", "exec"))
        exec(text, *names)  # noqa: S102 - what dataclasses itself does

    sys.path.insert(0, str(python))
    package = importlib.import_module("shipby")
    kept_methods = importlib.import_module("shipby.kept_methods")
    dataclasses.exec = run  # type: ignore[attr-defined]  # a module's own name goes before the builtin
    for module in pkgutil.walk_packages(package.__path__, "shipby.", onerror=lambda _: None):
        try:
            importlib.import_module(module.name)
        except ImportError as error:
            print(f"methods of {module.name} are not kept: {error}")
    (python / "shipby" / kept_methods.NAME).write_bytes(kept_methods.pack(texts))
    return len(texts)


def main(build: Path) -> int:
    """0 if every file was compiled."""
    if sys.version_info[:2] != RUNTIME:
        print(
            f"This is Python {sys.version.split()[0]}; the packages run on {'.'.join(map(str, RUNTIME))}",
            file=sys.stderr,
        )
        return 1
    done = True
    for folder, place in packages(build).items():
        done &= bool(
            compileall.compile_dir(
                str(folder),
                maxlevels=50,
                stripdir=str(folder),
                prependdir=place,
                quiet=1,
                force=True,
                workers=0,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )
        )
    for folder in packages(build):
        if (folder / "python/shipby/kept_methods.py").is_file():
            print(f"{folder.name}: methods of {keep_methods(folder / 'python')} dataclasses kept")
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
