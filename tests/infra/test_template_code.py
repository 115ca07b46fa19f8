"""The template and the code name each other rightly."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

from tests.infra.sam_template import ROOT, environment, folder_of, functions, resources, template

FOLDERS = sorted(path.name for path in (ROOT / "functions").iterdir() if path.is_dir() and path.name != "__pycache__")
# Set by Lambda itself (developer guide, "Defined runtime environment variables") or read by libraries on their own.
NOT_OURS = ("AWS_", "LAMBDA_", "POWERTOOLS_", "_X_AMZN", "TZ")


@pytest.mark.parametrize("name", functions())
def test_the_handler_that_the_template_names_can_be_imported_and_called(name: str) -> None:
    module, function = functions()[name]["Handler"].rsplit(".", 1)
    assert callable(getattr(importlib.import_module(module), function))


@pytest.mark.parametrize("name", functions())
def test_a_handler_lies_in_the_folder_that_is_packed_for_it_under_the_path_it_is_packed_to(name: str) -> None:
    function = functions()[name]
    folder = folder_of(function)
    assert function["Handler"].startswith(f"functions.{folder}.")
    assert resources("AWS::Serverless::Function")[name]["Metadata"]["BuildProperties"] == {
        "ParentPackageMode": "explicit",
        "ParentPackages": f"functions.{folder}",
    }


def test_every_function_folder_is_in_the_template_and_every_function_of_the_template_has_a_folder() -> None:
    assert sorted({folder_of(function) for function in functions().values()}) == FOLDERS


def test_the_layer_holds_the_package_and_its_requirements_and_nothing_else() -> None:
    layer = resources("AWS::Serverless::LayerVersion")["CommonLayer"]
    assert layer["Metadata"]["BuildMethod"] == template()["Globals"]["Function"]["Runtime"]
    content = (ROOT / "infra" / layer["Properties"]["ContentUri"]).resolve()
    assert {path.name for path in content.iterdir()} - {"__pycache__"} == {"shipby", "requirements.txt"}


def _variables_read(folder: Path) -> set[str]:
    """Names that the files of a folder take from the environment, wherever they are written as text."""
    found = set()
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Subscript(
                    value=ast.Attribute(attr="environ") | ast.Name(id="environ" | "environment" | "env"),
                    slice=ast.Constant(value=str(key)),
                ):
                    found.add(key)
                case ast.Call(
                    func=ast.Attribute(attr="getenv" | "get", value=ast.Name() | ast.Attribute(attr="environ"))
                    | ast.Name(id="getenv"),
                    args=[ast.Constant(value=str(key)), *_],
                ) if key.isupper():
                    found.add(key)
                case ast.Constant(value=str(key)) if key in ALL_VARIABLES:
                    found.add(key)
                case _:
                    pass
    return {key for key in found if not key.startswith(NOT_OURS)}


ALL_VARIABLES = frozenset(variable for name in functions() for variable in environment(name))


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_environment_variable_that_a_function_reads_is_set_in_the_template(folder: str) -> None:
    read = _variables_read(ROOT / "functions" / folder)
    # Two functions of one folder share its files: together they must be given what the files read.
    given = {
        variable
        for name, function in functions().items()
        if folder_of(function) == folder
        for variable in environment(name)
    }
    assert read <= given, f"{folder} reads {sorted(read - given)}, which the template does not set"


def test_the_search_for_environment_variables_finds_each_way_of_reading_one(tmp_path: Path) -> None:
    source = """
import os
from os import environ, getenv
a = os.environ["A_NAME"]
b = os.environ.get("B_NAME", "")
c = environ["C_NAME"]
d = os.getenv("D_NAME")
e = getenv("E_NAME")
f = settings.text("TABLE_NAME")
g = environ["AWS_REGION"]
h = event.get("posting_number")
"""
    (tmp_path / "wiring.py").write_text(source, "utf-8")
    assert _variables_read(tmp_path) == {"A_NAME", "B_NAME", "C_NAME", "D_NAME", "E_NAME", "TABLE_NAME"}
