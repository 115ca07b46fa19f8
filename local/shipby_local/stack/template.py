"""Reading the SAM template and packing the code it names.

What `sam build` and `sam package` do for AWS is done here in milliseconds: `CodeUri` and `ContentUri` become zip
archives whose object keys contain their hash, so that CloudFormation sees a change exactly when the code changed. The
layer is packed without its libraries: workers find those in the environment that runs the stack.
"""

import hashlib
import importlib.util
import io
import json
import marshal
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from shipby_local.stack.errors import TemplateError

# Zip archives know no earlier date.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_SKIPPED_SUFFIXES = (".pyc", ".pyo")
_SKIPPED_NAMES = {"__pycache__", ".DS_Store", "requirements.txt"}


class _CloudFormationLoader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags (`!Ref X` is `{"Ref": "X"}`)."""


def _short_tag(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)  # noqa: S101 - YAML has no fourth kind of node
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_CloudFormationLoader.add_multi_constructor("!", _short_tag)
# CloudFormation treats `2012-10-17` as text, YAML as a date.
_CloudFormationLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load(path: Path) -> dict[str, Any]:
    """The template as plain data. Raises TemplateError if it is absent or no template."""
    try:
        content = yaml.load(path.read_text("utf-8"), _CloudFormationLoader)  # noqa: S506 - derives from SafeLoader
    except OSError as error:
        raise TemplateError(f"The template {path} cannot be read: {error.strerror}.") from error
    except yaml.YAMLError as error:
        raise TemplateError(f"The template {path} is not valid YAML: {error}") from error
    if not isinstance(content, dict) or not isinstance(content.get("Resources"), dict):
        raise TemplateError(f"The template {path} has no Resources section.")
    return content


@dataclass(slots=True)
class Archives:
    """Source files to zip and upload, by object key; the key holds the hash of the files."""

    bucket: str
    base: Path
    replaced: Mapping[str, bytes] = field(default_factory=dict)
    """Files of the layer that others stand in for on this machine, by their path in the archive."""
    sources: dict[str, dict[str, bytes]] = field(default_factory=dict)

    def zipped(self, key: str) -> bytes:
        """The archive of one key.

        Bytecode is added, to be used unchecked: a worker unpacks the archive for itself and would compile all of it
        again.
        """
        files = dict(self.sources[key])
        for path, source in self.sources[key].items():
            if path.endswith(".py"):
                folder, _, name = path.rpartition("/")
                cached = f"__pycache__/{name[:-3]}.{sys.implementation.cache_tag}.pyc"
                files[f"{folder}/{cached}" if folder else cached] = _bytecode(path, source)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(files):
                entry = zipfile.ZipInfo(path, _EPOCH)
                entry.external_attr = 0o644 << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, files[path])
        return buffer.getvalue()

    def function(self, name: str, uri: str, metadata: dict[str, Any]) -> dict[str, str]:
        """`Code` of a function whose source is the folder `uri`, relative to the template.

        `ParentPackages: functions.order_webhook` puts the folder's files below that import path, as `sam build` does.
        """
        properties = metadata.get("BuildProperties") or {}
        packages = str(properties.get("ParentPackages") or "").strip(".")
        prefix = packages.replace(".", "/") + "/" if packages else ""
        files = self._files(name, uri, prefix)
        # Without these the installed source tree, a regular package, would win over the deployed archive.
        parents = prefix.split("/")[:-1]
        for depth in range(1, len(parents) + 1):
            files.setdefault("/".join([*parents[:depth], "__init__.py"]), b"")
        return self._add(name, files)

    def layer(self, name: str, uri: str, metadata: dict[str, Any]) -> dict[str, str]:
        """`Content` of a layer; with a Python `BuildMethod` everything lies below `python/`, as `sam build` does."""
        built = str(metadata.get("BuildMethod") or "").startswith(("python", "makefile"))
        files = self._files(name, uri, "python/" if built else "")
        # A file that moved must not be left unreplaced in silence.
        if absent := sorted(set(self.replaced) - set(files)):
            raise TemplateError(f"{name}: there is no {', '.join(absent)} to be replaced.")
        return self._add(name, files | dict(self.replaced))

    def _files(self, name: str, uri: str, prefix: str) -> dict[str, bytes]:
        folder = (self.base / uri).resolve()
        if not folder.is_dir():
            raise TemplateError(f"{name}: the code folder {uri} does not exist (looked for {folder}).")
        files = {
            prefix + path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
            and path.suffix not in _SKIPPED_SUFFIXES
            and not _SKIPPED_NAMES.intersection(path.relative_to(folder).parts)
        }
        if not files:
            raise TemplateError(f"{name}: the code folder {uri} is empty.")
        return files

    def _add(self, name: str, files: dict[str, bytes]) -> dict[str, str]:
        digest = hashlib.sha256(str(sys.implementation.cache_tag).encode())
        for path in sorted(files):
            digest.update(f"{path}\0{len(files[path])}\0".encode() + files[path])
        key = f"{name}-{digest.hexdigest()[:32]}.zip"
        self.sources[key] = files
        return {"S3Bucket": self.bucket, "S3Key": key}


def _bytecode(path: str, source: bytes) -> bytes:
    """A .pyc file that Python uses without looking at its source (PEP 552, unchecked hash)."""
    try:
        code = marshal.dumps(compile(source, path, "exec", dont_inherit=True))
    except SyntaxError as error:
        raise TemplateError(f"{path} is not valid Python: {error}.") from error
    return importlib.util.MAGIC_NUMBER + (0b01).to_bytes(4, "little") + importlib.util.source_hash(source) + code


def fingerprint(*parts: Any) -> str:
    """One hash over everything a deployment consists of."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
