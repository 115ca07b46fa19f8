"""Templates to text. MiniJinja, strict about what is missing; everything is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from minijinja import Environment, Markup

from functions.console.assets import asset, integrity

FOLDER: Final = Path(__file__).resolve().parent / "templates"


def _load(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")


def _asset(name: str) -> Markup:
    # Made of hashes and names of our own: nothing in it needs escaping.
    return Markup(asset(name))


def _integrity(name: str) -> Markup:
    return Markup(integrity(name))


@cache
def environment() -> Environment:
    """Of the process: a template is parsed once."""
    return Environment(
        loader=_load,
        auto_escape_callback=lambda _name: True,
        undefined_behavior="strict",
        trim_blocks=True,
        lstrip_blocks=True,
        globals={"asset": _asset, "integrity": _integrity},
    )


def render(template: str, values: Mapping[str, Any]) -> str:
    """Raises minijinja.TemplateError where a template asks for what is not there."""
    return environment().render_template(template, **values)
