"""Writes the bill of materials of what `sam build` made, as CycloneDX 1.6 (JSON): .aws-sam/build/sbom.cdx.json.

Made from the packages themselves and not from the lock files: each package (layer or function) with the libraries in
it (from their metadata), the shared libraries that came within these, and the fonts. The same packages give the same
bytes.
Runs in .venv-gates, where the CycloneDX library is; tools/check_build.py compares the bill with the packages by itself.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import sys
import tomllib
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from cyclonedx.factory.license import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from tools.check_build import FONTS, NAME, bundled_libraries, packages

ROOT = Path(__file__).resolve().parent.parent
_NAMESPACE = uuid.UUID("6f0c3c0a-6a3f-4a3e-9b0f-5f6d6f1f7c11")
_WITHOUT_A_DATE = datetime(1980, 1, 1, tzinfo=UTC)
"""When it was made says nothing about the packages, and would make two bills of one build differ."""


def _file(path: Path, owner: str) -> Component:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Component(
        type=ComponentType.FILE,
        name=path.name,
        bom_ref=f"{owner}#{path.name}",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
    )


def _licence(about: importlib.metadata.PackageMetadata) -> str:
    """The SPDX expression where the library says one, else its words for it, of which some put the whole text there."""
    words = [about[key].strip() for key in ("License-Expression", "License") if key in about]
    return next((text.split("\n")[0][:100] for text in words if text), "")


def _distribution(found: importlib.metadata.Distribution, folder: Path) -> Component:
    name, version = found.metadata["Name"], found.version
    reference = f"pkg:pypi/{name.lower().replace('_', '-')}@{version}"
    licence = _licence(found.metadata)
    return Component(
        type=ComponentType.LIBRARY,
        name=name,
        version=version,
        bom_ref=reference,
        purl=PackageURL.from_string(reference),
        licenses=[LicenseFactory().make_from_string(licence)] if licence else None,
        components=[_file(path, reference) for path in bundled_libraries(folder, found)],
    )


def bill(build: Path) -> Bom:
    """The bill of all packages of a build."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    whole = Component(type=ComponentType.APPLICATION, name="shipby", version=version, bom_ref="shipby")
    bom = Bom()
    bom.metadata.component = whole
    bom.metadata.timestamp = _WITHOUT_A_DATE
    known: dict[str, Component] = {}
    made = []
    for package, folder in packages(build):
        own = Component(type=ComponentType.APPLICATION, name=package, version=version, bom_ref=package)
        own.components.update(_file(path, package) for path in sorted(folder.rglob(FONTS)))
        held = []
        for found in importlib.metadata.distributions(path=[str(folder)]):
            component = _distribution(found, folder)
            held.append(known.setdefault(str(component.bom_ref), component))
        made.append(own)
        bom.register_dependency(own, held)
    for component in (*made, *known.values()):
        bom.components.add(component)
    bom.register_dependency(whole, made)
    bom.serial_number = uuid.uuid5(_NAMESPACE, "\n".join(sorted(_told(bom))))
    return bom


def _told(bom: Bom) -> Iterator[str]:
    for component in bom.components:
        yield str(component.bom_ref)
        yield from (f"{inner.bom_ref} {next(iter(inner.hashes)).content}" for inner in component.components)


def main(build: Path) -> int:
    """Write it; 1 if it is not what the schema asks."""
    text = JsonV1Dot6(bill(build)).output_as_string(indent=1)
    if wrong := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        print(f"The bill of materials is no CycloneDX 1.6: {wrong}", file=sys.stderr)
        return 1
    (build / NAME).write_text(text + "\n", "utf-8")
    print(f"{build / NAME}: {len(json.loads(text)['components'])} components")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
