"""Looks into what `sam build` made: is every handler where Lambda looks, for the right processor, within the limit,
every file compiled, and everything in the bill of materials?"""

from __future__ import annotations

import _imp
import hashlib
import importlib.metadata
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

LIMIT_MB = 250.0
"""Unzipped, the function and its layers together (AWS Lambda quotas)."""


MAGIC = b"\xf3\r\r\n"
"""What the compiled files of the deployed runtime begin with: importlib.util.MAGIC_NUMBER of Python 3.13."""
TAG = "cpython-313"
_UNCHECKED = 0b01
"""PEP 552: by hash, and the loader does not compare it with the source."""


NAME = "sbom.cdx.json"
"""The bill of materials, beside the packages and in none of them (tools/sbom.py writes it)."""
FONTS = "*.ttf"
_OURS = frozenset({"functions", "shipby", "requirements.txt", "__pycache__"})


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's tags, whose values are of no interest here."""


def _opaque(_loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> str:
    return f"!{suffix} {node.value!s}"


_Loader.add_multi_constructor("!", _opaque)


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def _foreign_binaries(folder: Path) -> list[str]:
    """Shared libraries for another processor, by the machine field of their ELF header (183 is AArch64)."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and ".so" in path.name:
            header = path.read_bytes()[:20]
            if header[:4] == b"\x7fELF" and int.from_bytes(header[18:20], "little") != 183:
                found.append(str(path.relative_to(folder)))
    return found


def _not_compiled(folder: Path) -> list[str]:
    """Python files without a compiled one that the runtime takes as it is: its own, unchecked, of this very source."""
    found = []
    for path in sorted(folder.rglob("*.py")):
        compiled = path.parent / "__pycache__" / f"{path.stem}.{TAG}.pyc"
        head = compiled.read_bytes()[:16] if compiled.is_file() else b""
        source = _imp.source_hash(int.from_bytes(MAGIC, "little"), path.read_bytes())
        if head != MAGIC + _UNCHECKED.to_bytes(4, "little") + source:
            found.append(str(path.relative_to(folder)))
    return found


def _resources(build: Path) -> dict[str, Any]:
    template: dict[str, Any] = yaml.load((build / "template.yaml").read_text("utf-8"), _Loader)  # noqa: S506 - derives from SafeLoader
    resources: dict[str, Any] = template["Resources"]
    return resources


def packages(build: Path) -> Iterator[tuple[str, Path]]:
    """(logical id, folder that is on the import path) of every layer and function, in the template's order."""
    for name, resource in _resources(build).items():
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            yield name, build / resource["Properties"]["ContentUri"] / "python"
        elif resource["Type"] == "AWS::Serverless::Function":
            yield name, build / resource["Properties"]["CodeUri"]


def bundled_libraries(folder: Path, found: importlib.metadata.Distribution) -> list[Path]:
    """Shared libraries that came within a distribution and are no modules of Python: they have bugs of their own."""
    files = [folder / str(path) for path in found.files or []]
    return sorted(
        path
        for path in files
        if path.is_file() and ".so" in path.name and (path.parent.name.endswith(".libs") or path.name.startswith("lib"))
    )


def unlisted(build: Path) -> list[str]:
    """What the packages hold and the bill of materials does not, and the other way round."""
    if not (build / NAME).is_file():
        return [f"{NAME} is missing: tools/sbom.py writes it"]
    bill = json.loads((build / NAME).read_text("utf-8"))
    listed = {component["bom-ref"]: component for component in bill["components"]}
    holds = {entry["ref"]: set(entry.get("dependsOn", ())) for entry in bill["dependencies"]}
    wrong = []
    for name, folder in packages(build):
        theirs: set[str] = set()
        tops = {path.name for path in folder.iterdir()} - _OURS
        for found in importlib.metadata.distributions(path=[str(folder)]):
            reference = f"pkg:pypi/{found.metadata['Name'].lower().replace('_', '-')}@{found.version}"
            theirs.add(reference)
            tops -= {str(path).split("/", 1)[0] for path in found.files or []}
            tops -= {f"{found.metadata['Name'].replace('-', '_')}-{found.version}.data"}
            wrong += _unlisted_files(bundled_libraries(folder, found), listed.get(reference, {}), name)
        wrong += [f"{name}: {top} belongs to no library that says its name and version" for top in sorted(tops)]
        wrong += [f"{name}: {extra} is not in {NAME}" for extra in sorted(theirs - holds.get(name, set()))]
        wrong += [
            f"{name}: {NAME} lists {extra}, which is not there" for extra in sorted(holds.get(name, set()) - theirs)
        ]
        wrong += _unlisted_files(sorted(folder.rglob(FONTS)), listed.get(name, {}), name)
    return wrong


def _unlisted_files(files: list[Path], component: dict[str, Any], name: str) -> list[str]:
    listed = {inner["name"]: inner["hashes"][0]["content"] for inner in component.get("components", ())}
    return [
        f"{name}: {path.name} is not in {NAME} as it is"
        for path in files
        if listed.get(path.name) != hashlib.sha256(path.read_bytes()).hexdigest()
    ]


def main(build: Path) -> int:
    """Print sizes and problems; 1 if there are problems."""
    resources = _resources(build)
    problems: list[str] = []
    layers = {
        name: build / resource["Properties"]["ContentUri"]
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::LayerVersion"
    }
    for name, folder in layers.items():
        if not (folder / "python/shipby/__init__.py").is_file():
            problems.append(f"{name}: python/shipby is not in it")
        if not (folder / "python/shipby/kept_methods.bin").is_file():
            problems.append(f"{name}: the methods of its dataclasses are not kept")
        if not (folder / "python/boto3").is_dir():
            problems.append(f"{name}: its libraries are not in it")
    sizes = {name: _megabytes(folder) for name, folder in layers.items()}
    shared = sum(sizes.values())
    folders = dict(layers)
    for name, resource in resources.items():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        properties = resource["Properties"]
        folders[name] = build / properties["CodeUri"]
        sizes[name] = _megabytes(folders[name])
        module = properties["Handler"].rsplit(".", 1)[0].replace(".", "/") + ".py"
        if not (folders[name] / module).is_file():
            problems.append(f"{name}: {module} is not in its package")
        if sizes[name] + shared >= LIMIT_MB:
            problems.append(f"{name}: {sizes[name] + shared:.0f} MB with its layer; the limit is {LIMIT_MB:.0f} MB")
    for name, folder in folders.items():
        problems += [f"{name}: {path} is for another processor than arm64" for path in _foreign_binaries(folder)]
        if bare := _not_compiled(folder):
            problems.append(f"{name}: {len(bare)} files are not compiled for the runtime, {bare[0]} among them")
    problems += unlisted(build)
    for name, size in sorted(sizes.items(), key=lambda item: -item[1]):
        print(f"{size:8.1f} MB  {name}")
    largest = shared + max(size for name, size in sizes.items() if name not in layers)
    print(f"Unzipped, the largest function with its layer: {largest:.0f} of {LIMIT_MB:.0f} MB")
    for problem in problems:
        print(problem, file=sys.stderr)
    print(json.dumps({"functions": len(sizes) - len(layers), "layers": len(layers), "problems": len(problems)}))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
