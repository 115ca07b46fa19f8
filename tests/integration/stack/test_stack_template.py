"""From SAM to what the emulator creates: nothing dropped, and the same as SAM's own translator makes."""

import json
import subprocess
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from shipby_local.stack import PythonTooOldError, TemplateError, sam, template
from shipby_local.stack.emulation import private_names
from shipby_local.stack.emulation.emulator import require_python
from shipby_local.stack.filters import matches
from tests.integration.stack.shop_help import SHOP

pytestmark = pytest.mark.stack
ROOT = Path(__file__).parents[3]
TRANSLATOR = ROOT / ".venv-sam" / "bin" / "python"
TRANSLATE = """
import json, os, sys
os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
from samtranslator.translator.transform import transform
class NoPolicies:
    def load(self):
        return {}
print(json.dumps(transform(json.load(sys.stdin), {}, NoPolicies())))
"""


def expanded(path: Path) -> tuple[dict[str, Any], template.Archives]:
    archives = sam.archives_for(path, "code")
    return sam.expand(template.load(path), archives)["Resources"], archives


def with_s3_code(source: dict[str, Any]) -> dict[str, Any]:
    for resource in source["Resources"].values():
        for name in {"CodeUri", "ContentUri"} & set(resource.get("Properties") or {}):
            resource["Properties"][name] = {"Bucket": "code", "Key": "any"}
    return source


@pytest.mark.skipif(not TRANSLATOR.exists(), reason="SAM's own translator is not installed (.venv-sam): NOT COMPARED")
@pytest.mark.parametrize("path", [SHOP / "template.yaml", ROOT / "infra" / "template.yaml"], ids=["shop", "product"])
def test_functions_mappings_and_schedules_equal_those_of_sams_own_translator(path: Path) -> None:
    source = json.dumps(with_s3_code(template.load(path)))
    done = subprocess.run([TRANSLATOR, "-c", TRANSLATE], input=source, capture_output=True, text=True, check=True)
    theirs = json.loads(done.stdout)["Resources"]
    ours, _ = expanded(path)
    layers = {name for name, made in theirs.items() if made["Type"] == "AWS::Lambda::LayerVersion"}
    kinds = ("AWS::Lambda::Function", "AWS::Lambda::EventSourceMapping", "AWS::Scheduler::Schedule")
    for kind in kinds:
        names = {name for name, made in theirs.items() if made["Type"] == kind}
        assert names == {name for name, made in ours.items() if made["Type"] == kind}
        for name in names:
            wanted, made = theirs[name]["Properties"], ours[name]["Properties"]
            for ignored in ("Code", "Tags"):
                wanted.pop(ignored, None)
                made.pop(ignored, None)
            # SAM renames a layer by a hash of its content.
            text = json.dumps(wanted, sort_keys=True)
            for layer in layers:
                text = text.replace(f'"{layer}"', '"CommonLayer"')
            assert json.dumps(made, sort_keys=True) == text, name


def test_every_route_of_the_openapi_body_that_sam_makes_becomes_a_route() -> None:
    ours, _ = expanded(SHOP / "template.yaml")
    routes = {
        made["Properties"]["RouteKey"]: made["Properties"]["AuthorizationType"]
        for made in ours.values()
        if made["Type"] == "AWS::ApiGatewayV2::Route"
    }
    assert routes == {"POST /open/{token}": "NONE", "ANY /v1/{proxy+}": "CUSTOM"}


def test_an_archive_holds_the_import_path_bytecode_and_no_requirements(own_template: Path) -> None:
    (own_template.parent / "echo" / "requirements.txt").write_text("boto3\n")
    resources, archives = expanded(own_template)
    with zipfile.ZipFile(BytesIO(archives.zipped(resources["Echo"]["Properties"]["Code"]["S3Key"]))) as archive:
        names = archive.namelist()
    assert {"functions/__init__.py", "functions/echo/__init__.py", "functions/echo/handler.py"} <= set(names)
    assert any(name.startswith("functions/echo/__pycache__/handler.") for name in names)
    assert not any("requirements" in name for name in names)
    layer = resources["CommonLayer"]["Properties"]["Content"]["S3Key"]
    with zipfile.ZipFile(BytesIO(archives.zipped(layer))) as archive:
        assert "python/shoplib/store.py" in archive.namelist()


def test_the_key_of_an_archive_changes_exactly_when_its_code_does(own_template: Path) -> None:
    def keys() -> dict[str, str]:
        resources, _ = expanded(own_template)
        return {name: resources[name]["Properties"]["Code"]["S3Key"] for name in ("Echo", "Sweep")}

    first = keys()
    assert keys() == first
    (own_template.parent / "echo" / "handler.py").write_text("handler = None\n")
    assert keys()["Echo"] != first["Echo"]
    assert keys()["Sweep"] == first["Sweep"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("CodeUri: sweep", "CodeUri: missing", "Sweep: the code folder missing does not exist"),
        ("CodeUri: sweep", "AutoPublishAlias: live\n      CodeUri: sweep", "SAM properties AutoPublishAlias"),
        ("Type: ScheduleV2", "Type: Kafka", "does not know events of type Kafka"),
        ("FunctionArn: !GetAtt Guard.Arn", "JwtConfiguration: {}", "Lambda authorizers only"),
        ("Auth: { Authorizer: NONE }", "Auth: { Authorizer: Other }", "defines no authorizer Other"),
        ("Resources:", "Resources: [", "is not valid YAML"),
        ("Role: !GetAtt WorkerRole.Arn", "Description: x", "needs a Role of its own"),
    ],
)
def test_what_the_embedded_stack_cannot_do_is_refused_by_name(
    own_template: Path, old: str, new: str, told: str
) -> None:
    text = own_template.read_text()
    own_template.write_text(text.replace(old, new))
    assert text != own_template.read_text()
    with pytest.raises(TemplateError, match=told):
        expanded(own_template)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"kind": ["a", "b"]}, True),
        ({"kind": ["c"]}, False),
        ({"kind": [{"prefix": "a"}], "size": [{"numeric": [">", 3, "<=", 5]}]}, True),
        ({"size": [{"numeric": ["<", 5]}]}, False),
        ({"kind": [{"anything-but": ["a"]}]}, False),
        ({"kind": [{"suffix": "z"}]}, False),
        ({"absent": [{"exists": False}]}, True),
        ({"inner": {"name": [{"equals-ignore-case": "X"}]}}, True),
        ({"inner": {"name": ["X"]}}, False),
        ({"inner": {"name": [{"prefix": "y"}, {"prefix": "x"}]}}, True),
        ({"inner": {"name": [{"prefix": "y"}, {"prefix": "z"}]}}, False),
        ({"kind": ["a"], "inner": {"name": [{"prefix": "y"}]}}, False),
        ({"absent": {"name": [{"prefix": "x"}]}}, False),
        ({"kind": {"name": [{"prefix": "a"}]}}, False),
        ({"$or": [{"kind": ["c"]}, {"size": [5]}]}, True),
    ],
)
def test_filter_rules_mean_what_the_lambda_guide_says(rule: dict[str, Any], expected: bool) -> None:
    assert matches(rule, {"kind": "a", "size": 5, "inner": {"name": "x"}}) is expected


def test_a_filter_rule_that_is_not_known_is_refused_not_ignored() -> None:
    with pytest.raises(TemplateError, match="cidr"):
        matches({"kind": [{"cidr": "10.0.0.0/8"}]}, {"kind": "a"})


def test_every_private_name_of_the_installed_emulator_is_as_expected() -> None:
    private_names.check()


def test_another_version_or_a_missing_name_fails_clearly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ministack.services.dynamodb._stream_records", None, raising=True)
    monkeypatch.delattr("ministack.services.dynamodb._stream_records")
    with pytest.raises(private_names.UnknownMinistackError, match=r"ministack\.services\.dynamodb .* _stream_records"):
        private_names.check()
    monkeypatch.setattr(private_names, "VERSION", "0.0.1")
    with pytest.raises(private_names.UnknownMinistackError, match=r"was written for 0\.0\.1"):
        private_names.check()


def test_a_python_that_is_too_old_is_told_which_one_is_needed() -> None:
    require_python((3, 11))
    with pytest.raises(PythonTooOldError, match=r"Python 3\.10 is too old.*needs 3\.11 or newer"):
        require_python((3, 10))
