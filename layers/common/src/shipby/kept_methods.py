"""Methods of dataclasses, compiled when the package was built instead of at every cold start.

`dataclasses` writes the methods of each class as text and has it compiled, which is most of what importing our types
costs. `tools/compile_packages.py` keeps the compiled text beside this module; here `dataclasses` is given it for
exactly the same text. Whatever is not kept (another Python, a changed class, no file at all, as on a developer's
machine) is compiled as ever: the classes are the same in every way, only later.
"""

import dataclasses
import marshal
import sys
import zlib
from types import CodeType
from typing import Any

NAME = "kept_methods.bin"
_HEAD = 8
"""Bytes before the index: its length."""


def version() -> bytes:
    """What compiled code belongs to; code of another is never loaded."""
    return f"{sys.implementation.cache_tag} {sys.hexversion >> 16:x}".encode()


def pack(texts: "dict[str, CodeType]") -> bytes:
    """The file: length of the index, index (checksum -> where an entry begins and ends), entries (text, code)."""
    entries, places, end = [], {}, 0
    for text, code in texts.items():
        entry = marshal.dumps((text, code))
        places[zlib.crc32(text.encode())] = (end, end + len(entry))
        end += len(entry)
        entries.append(entry)
    index = marshal.dumps((version(), places))
    return len(index).to_bytes(_HEAD, "little") + index + b"".join(entries)


class _Kept:
    def __init__(self, content: bytes) -> None:
        begin = _HEAD + int.from_bytes(content[:_HEAD], "little")
        made_for, self._places = marshal.loads(content[_HEAD:begin])  # noqa: S302 - our own package's file
        if made_for != version():
            self._places = {}
        self._entries = memoryview(content)[begin:]

    def run(self, text: Any, *names: Any) -> None:
        """As exec does; `text` is compiled only if it is not kept."""
        place = self._places.get(zlib.crc32(text.encode())) if isinstance(text, str) else None
        if place is not None:
            kept, code = marshal.loads(self._entries[place[0] : place[1]])  # noqa: S302 - as above
            if kept == text:
                text = code
        exec(text, *names)  # noqa: S102 - what dataclasses itself does


def install(content: bytes) -> None:
    """Have `dataclasses` take its methods from these."""
    dataclasses.exec = _Kept(content).run  # type: ignore[attr-defined]  # a module's own name goes before the builtin


def install_shipped() -> None:
    """The file of this package, if it has one."""
    try:
        with open(f"{__file__.rpartition('/')[0]}/{NAME}", "rb") as file:
            content = file.read()
    except OSError:
        return
    install(content)
