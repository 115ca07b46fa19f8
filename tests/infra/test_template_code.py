"""The template and the code name each other rightly."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

from shipby.settings import Settings
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


def _settings(folder: str) -> list[type[Settings]]:
    """The settings models that the modules of a function use."""
    names = [path.stem for path in (ROOT / "functions" / folder).glob("*.py") if path.stem != "__init__"]
    modules = [importlib.import_module(f"functions.{folder}.{name}") for name in names]
    return [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Settings) and value is not Settings
    ]


@pytest.mark.parametrize("name", functions())
def test_every_environment_variable_that_a_function_needs_is_set_in_the_template(name: str) -> None:
    folder = folder_of(functions()[name])
    needed = _variables_read(ROOT / "functions" / folder)
    needed |= {
        field.upper() for model in _settings(folder) for field in model.__annotations__ if not hasattr(model, field)
    }
    missing = needed - set(environment(name))
    assert not missing, f"{name} needs {sorted(missing)}, which the template does not set"


@pytest.mark.parametrize("name", functions())
def test_a_function_is_given_no_environment_variable_that_it_does_not_read(name: str) -> None:
    folder = folder_of(functions()[name])
    read = _variables_read(ROOT / "functions" / folder)
    read |= {field.upper() for model in _settings(folder) for field in model.__annotations__}
    shared = set(template()["Globals"]["Function"]["Environment"]["Variables"]) | {"POWERTOOLS_SERVICE_NAME"}
    assert set(environment(name)) - shared - read == set()


@pytest.mark.parametrize("name", functions())
def test_the_settings_of_a_function_can_be_made_from_what_the_template_gives(name: str) -> None:
    parameters = template()["Parameters"]
    resolved = {
        variable: str(parameters[value["Ref"]]["Default"]) if value.get("Ref") in parameters else "something"
        for variable, value in environment(name).items()
        if isinstance(value, dict)
    }
    for model in _settings(folder_of(functions()[name])):
        model(resolved)


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
