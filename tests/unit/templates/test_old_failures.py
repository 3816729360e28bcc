"""The eight ways in which the stack before this one failed: for each, the test that would have caught it.

The tests speak of what must hold and not of our logical ids, so that they stay when the template is built another way.
Every environment is asked, with its own values.
"""

from __future__ import annotations

import ast
import runpy
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from stackproof import building
from stackproof.configuration import check_configuration
from stackproof.environments import environment_names, load_environment
from stackproof.targets import load_targets
from templates import TEMPLATES
from tests.templates_support import ROOT, Emitted, environment_template, logical_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module", params=environment_names(ROOT))
def environment(request: pytest.FixtureRequest) -> Emitted:
    return environment_template(request.param)


@pytest.mark.parametrize("name", [name for name in environment_names(ROOT) if name != "company"])
def test_1_private_subnets_had_no_route_out(name: str) -> None:
    """Subnet → its table → default route → NAT gateway → that one's subnet → its table → internet gateway.

    In a network that is not ours (company) the routes are not either: params/intent.toml says who answers for them.
    """
    environment = environment_template(name)
    service = environment.resources["Service"]
    tasks = service["NetworkConfiguration"]["AwsvpcConfiguration"]
    tables = {
        association["SubnetId"]: association["RouteTableId"]
        for association in environment.of_type("AWS::EC2::SubnetRouteTableAssociation").values()
    }
    ways = {
        route["RouteTableId"]: route
        for route in environment.of_type("AWS::EC2::Route").values()
        if route["DestinationCidrBlock"] == "0.0.0.0/0"
    }
    assert tasks["AssignPublicIp"] == "DISABLED"
    assert tasks["Subnets"]
    for subnet in tasks["Subnets"]:
        gateway = environment.resources[logical_id(ways[tables[subnet]]["NatGatewayId"])]
        assert gateway["AllocationId"], "a NAT gateway without an address leads nowhere"
        way = ways[tables[gateway["SubnetId"]]]
        assert environment.resources[logical_id(way["GatewayId"])].type == "AWS::EC2::InternetGateway"


class Test2EntryPointAndStackDisagreedOnTheirParameters:
    """Suffix, region, tags and state were said twice, and not the same."""

    @pytest.mark.parametrize("name", environment_names(ROOT))
    def test_every_value_has_its_parameter_and_every_parameter_its_value(self, name: str) -> None:
        target = load_targets(ROOT)[name].template
        assert target is not None
        body = Emitted(TEMPLATES[target]()).body
        loaded = load_environment(ROOT, name)
        assert loaded.parameters.keys() - body["Parameters"].keys() == set()
        required = {key for key, parameter in body["Parameters"].items() if "Default" not in parameter}
        assert required - loaded.parameters.keys() == set()
        assert check_configuration(body, {"Parameters": dict(loaded.parameters)}, f"params/{name}.json") == []

    @pytest.mark.parametrize("name", environment_names(ROOT))
    def test_the_suffix_is_the_environment_and_the_region_and_stack_are_said_once(self, name: str) -> None:
        loaded = load_environment(ROOT, name)
        assert loaded.parameters["EnvironmentSuffix"] == name
        assert loaded.stack == f"lms-{name}"
        assert loaded.region == load_targets(ROOT)[name].region
        assert not [key for key in loaded.template["Parameters"] if "Region" in key]

    def test_what_is_built_is_what_is_tested(self, monkeypatch: pytest.MonkeyPatch) -> None:
        handed_over: list[Any] = []

        def remember(templates: object, **_: object) -> int:
            handed_over.append(templates)
            return 0

        monkeypatch.setattr(building, "main", remember)
        assert runpy.run_path(str(ROOT / "build.py"))["main"]() == 0
        assert handed_over == [TEMPLATES]

    def test_every_environment_lives_in_a_template_that_is_built(self) -> None:
        assert {target.template for target in load_targets(ROOT).values()} <= TEMPLATES.keys()


def test_3_cache_switches_had_the_wrong_type(environment: Emitted) -> None:
    groups = environment.of_type("AWS::ElastiCache::ReplicationGroup")
    assert groups
    for group in groups.values():
        for switch in ("AtRestEncryptionEnabled", "TransitEncryptionEnabled", "AutoMinorVersionUpgrade"):
            assert group[switch] is True, f"{switch} is {group[switch]!r}, and must be JSON's true"


def test_4_the_cache_named_a_subnet_group_that_was_not_there(environment: Emitted) -> None:
    for group in environment.of_type("AWS::ElastiCache::ReplicationGroup").values():
        named = environment.resources[logical_id(group["CacheSubnetGroupName"])]
        assert named.type == "AWS::ElastiCache::SubnetGroup"
        assert group["CacheSubnetGroupName"] == f"${{{logical_id(group['CacheSubnetGroupName'])}}}", "Ref is the name"
        assert len(named["SubnetIds"]) >= 2


def test_5_capacity_providers_were_dropped(environment: Emitted) -> None:
    service = environment.resources["Service"]
    [(name, association)] = environment.of_type("AWS::ECS::ClusterCapacityProviderAssociations").items()
    assert association["Cluster"] == service["Cluster"]
    assert set(association["CapacityProviders"]) == {"FARGATE", "FARGATE_SPOT"}
    wanted = {item["CapacityProvider"] for item in service["CapacityProviderStrategy"]}
    assert wanted == {"FARGATE", "FARGATE_SPOT"}
    assert name in service.depends_on, "they must be associated before the service asks for them"


def modules() -> list[str]:
    """Every module that ships, as it is imported."""
    found = [path.relative_to(ROOT) for folder in ("templates", "stackproof") for path in (ROOT / folder).rglob("*.py")]
    names = {".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in found}
    return [*sorted(name for name in names if not name.endswith("__main__")), "build", "deploy"]


IMPORT_EACH_FIRST = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
    for ours in [known for known in sys.modules if known.split(".")[0] in ("templates", "stackproof")]:
        del sys.modules[ours]
"""


def test_6_imports_were_missing() -> None:
    """Each module can be imported before any other of ours, and uses no name that nothing defines."""
    subprocess.run([sys.executable, "-c", IMPORT_EACH_FIRST, *modules()], cwd=ROOT, check=True)
    checked = ["build.py", "deploy.py", "templates", "stackproof"]
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F401,F811,F821,F822,F823", *checked]
    done = subprocess.run(ruff, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"names that nothing defines: {done.stdout}"


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


SERVICES = {
    "ApplicationAutoScaling": "application-autoscaling",
    "Backup": "backup",
    "CloudWatch": "cloudwatch",
    "EC2": "ec2",
    "ECS": "ecs",
    "EFS": "efs",
    "ElastiCache": "elasticache",
    "ElasticLoadBalancingV2": "elbv2",
    "Events": "events",
    "IAM": "iam",
    "KMS": "kms",
    "Logs": "logs",
    "RDS": "rds",
    "S3": "s3",
    "Scheduler": "scheduler",
    "SecretsManager": "secretsmanager",
    "SQS": "sqs",
    "WAFv2": "wafv2",
    "SNS": "sns",
}
"""CloudFormation's name of a service → boto3's."""


def test_7_nothing_asked_what_was_deployed(environment: Emitted) -> None:
    """The integration tests ask every service in which the template makes something."""
    trees = [
        ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / "tests" / "integration" / "running").glob("*.py"))
    ]
    asked = {
        call.args[0].value
        for tree in trees
        for call in calls(tree)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in {"client", "pages"}
        and isinstance(call.args[0], ast.Constant)
    }
    used = {SERVICES[resource.type.split("::")[1]] for resource in environment.resources.values()}
    assert used - asked == set()


def functions_that_test() -> list[tuple[Path, ast.FunctionDef, set[str]]]:
    """Every test, with the names of all functions of the tests that assert something."""
    functions = [
        (path, node)
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    ]
    asserting: set[str] = set()
    while more := {node.name for _, node in functions if asserts(node, asserting)} - asserting:
        asserting |= more
    return [(path, node, asserting) for path, node in functions if node.name.startswith("test_")]


def asserts(function: ast.FunctionDef, helpers: set[str]) -> bool:
    """Whether a function can fail a test: by assert, by pytest.raises, by check=True, or by a helper that does."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            checked = any(keyword.arg == "check" and ast.unparse(keyword.value) == "True" for keyword in node.keywords)
            if name in {"raises", "warns", *helpers} or checked:
                return True
    return False


def test_8_tests_asserted_nothing() -> None:
    """Each test can fail, and no assert compares by comma (`assert x.type, y.type` compares nothing)."""
    functions = functions_that_test()
    assert len(functions) > 100
    idle = [f"{path.name}: {test.name}" for path, test, asserting in functions if not asserts(test, asserting)]
    assert idle == []
    commas = [
        f"{path.name}:{node.lineno}"
        for path, test, _ in functions
        for node in ast.walk(test)
        if isinstance(node, ast.Assert)
        and isinstance(node.test, ast.Attribute | ast.Subscript | ast.Constant)
        and isinstance(node.msg, ast.Attribute | ast.Subscript | ast.Compare)
    ]
    assert commas == []


@pytest.mark.parametrize(
    "source",
    ["def test_a(): x = 1", "def test_a(): print(1)", "def test_a(): run(check=False)"],
)
def test_8_would_notice_an_idle_test(source: str) -> None:
    [function] = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    assert not asserts(function, set())
