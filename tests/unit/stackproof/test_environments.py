"""One environment as the commands get it, and everything wrong with it in one answer."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from stackproof.environments import Environment, environment_names, load_environment, load_foreign
from stackproof.errors import BadInputError

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "Tasks": {"Type": "Number", "Default": 2},
        "Command": {"Type": "CommaDelimitedList", "Default": ""},
        "Secret": {"Type": "String", "AllowedPattern": "arn:.*"},
    },
    "Resources": {"Cluster": {"Type": "AWS::ECS::Cluster"}},
}
TARGETS = """
[dev]
region = "sa-east-1"
account = "111111111111"
profile = "lms-dev"
template = "lms-disposable"

[prod]
region = "sa-east-1"
account = "222222222222"
template = "lms"
"""
ARN = "arn:aws:secretsmanager:sa-east-1:111111111111:secret:db"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with two environments and their templates."""
    for name in ("lms", "lms-disposable"):
        write(tmp_path / "dist" / f"{name}.json", TEMPLATE)
    write(tmp_path / "dist" / "lms.params.schema.json", {})
    write(tmp_path / "params" / "dev.json", {"Parameters": {"Secret": ARN, "Command": ["a", 1]}, "Tags": {"a": "b"}})
    write(tmp_path / "params" / "prod.json", {"Parameters": {"Secret": ARN}})
    (tmp_path / "params" / "targets.toml").write_text(TARGETS)
    return tmp_path


def write(path: Path, value: object) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value, indent=1))
    return path


def faults_of(root: Path, name: str = "dev", **options: Any) -> list[str]:
    with pytest.raises(BadInputError) as raised:
        load_environment(root, name, **options)
    return str(raised.value).splitlines()


def test_an_environment_is_its_target_its_file_and_its_template(root: Path) -> None:
    assert load_environment(root, "dev") == Environment(
        name="dev",
        stack="lms-dev",
        template_path=root / "dist" / "lms-disposable.json",
        template_text=json.dumps(TEMPLATE, indent=1),
        template=TEMPLATE,
        parameters={"Secret": ARN, "Command": "a,1"},
        tags={"a": "b"},
        stack_policy=None,
        region="sa-east-1",
        account="111111111111",
        profile="lms-dev",
        protected=False,
    )
    assert load_environment(root, "prod").protected


def test_options_replace_what_the_target_says(root: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "other.json", TEMPLATE | {"Description": "other"})
    params = write(tmp_path / "params.json", {"Parameters": {"Secret": "arn:other"}})
    environment = load_environment(
        root,
        "dev",
        template=other,
        params=params,
        stack_name="mine",
        region="eu-west-1",
        profile="me",
        settings={"Tasks": "3"},
    )
    assert environment.template_path == other
    assert environment.template["Description"] == "other"
    assert (environment.stack, environment.region, environment.profile) == ("mine", "eu-west-1", "me")
    assert environment.account == "111111111111"
    assert environment.parameters == {"Secret": "arn:other", "Tasks": "3"}


def test_another_template_goes_to_the_same_stack(root: Path) -> None:
    assert load_environment(root, "dev", template=root / "dist" / "lms.json").stack == "lms-dev"


def test_the_name_of_the_file_is_taken_as_the_environment(root: Path) -> None:
    assert load_environment(root, "dev.json") == load_environment(root, "dev")


def test_a_byte_order_mark_is_taken(root: Path) -> None:
    path = root / "params" / "dev.json"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load_environment(root, "dev").parameters["Secret"] == ARN


def test_environments_are_the_files_in_params(root: Path) -> None:
    assert environment_names(root) == ["dev", "prod"]
    assert environment_names(root / "dist" / "none") == []


def test_what_an_editor_keeps_beside_a_file_is_no_environment(root: Path) -> None:
    (root / "params" / ".#dev.json").symlink_to("somebody@host.1234")
    (root / "params" / "dev.json~").touch()
    assert environment_names(root) == ["dev", "prod"]


def test_a_copied_file_that_still_has_the_suffix_of_another_environment_is_refused(root: Path) -> None:
    template = {**TEMPLATE, "Parameters": {**TEMPLATE["Parameters"], "EnvironmentSuffix": {"Type": "String"}}}
    write(root / "dist" / "lms.json", template)
    write(root / "params" / "prod.json", {"Parameters": {"Secret": ARN, "EnvironmentSuffix": "dev"}})
    [fault] = faults_of(root, "prod")
    assert fault.startswith("params/prod.json:4: Parameters.EnvironmentSuffix: ")
    assert fault.endswith("names and tags would be that one's; give this one its own")
    assert load_environment(root, "prod", settings={"EnvironmentSuffix": "prod"}).stack == "lms-prod"


def test_a_table_can_stand_for_a_file_that_is_given(root: Path) -> None:
    params = (root / "params" / "dev.json").rename(root / "elsewhere.json")
    assert load_environment(root, "dev", params=params).stack == "lms-dev"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("prd", 'params/: there is no environment "prd"; there are dev, prod, did you mean "prod"?'),
        ("zzz", 'params/: there is no environment "zzz"; there are dev, prod'),
        ("", "params/: an environment's name is missing; there are dev, prod"),
        (" ", "params/: an environment's name is missing; there are dev, prod"),
        (
            "params/dev.json",
            (
                'params/: "params/dev.json" is a path; an environment is the name of a file in params/; there are dev,'
                ' prod, did you mean "dev"?'
            ),
        ),
        (
            "../dev",
            'params/: "../dev" is a path; an environment is the name of a file in params/; there',
        ),
        (
            "..\\dev",
            'params/: "..\\\\dev" is a path; an environment is the name of a file in params/; there',
        ),
        ("a\0b", 'params/: there is no environment "a\\u0000b"; there are dev, prod'),
        ("d" * 5000, 'params/: there is no environment "ddd'),
    ],
)
def test_an_environment_that_does_not_exist(root: Path, name: str, message: str) -> None:
    (fault,) = faults_of(root, name)
    assert fault.startswith(message)


def test_a_repository_without_environments(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path)
    assert fault == 'params/: there is no environment "dev"; params/ holds no .json file'


def test_everything_wrong_comes_in_one_answer(root: Path) -> None:
    (root / "params" / "targets.toml").write_text(TARGETS + "acount = 1\n")
    write(root / "params" / "dev.json", {"Parameters": {"Task": 1}, "Tags": {"aws:a": "b"}})
    assert [
        " ".join(fault.split(": ")[:2])[:40] for fault in faults_of(root, region="x", stack_name="", profile=" ")
    ] == [
        "params/targets.toml prod.acount",
        '--stack-name "" is no stack name; it has',
        '--region "x" is no AWS region that the i',
        "--profile a profile has a name",
        "params/dev.json:3 Parameters.Task",
        "params/dev.json Parameters.Secret",
        "params/dev.json:6 Tags.aws:a",
    ]


def test_a_broken_file_does_not_hide_what_the_others_say(root: Path) -> None:
    (root / "params" / "dev.json").write_text("{")
    (root / "params" / "targets.toml").write_text("[dev")
    assert [fault.split(": ")[0] for fault in faults_of(root, settings={"Task": "1"})] == [
        "params/targets.toml",
        "params/dev.json:1",
    ]
    template = root / "dist" / "lms.json"
    assert [fault.split(": ")[0] for fault in faults_of(root, settings={"Task": "1"}, template=template)] == [
        "params/targets.toml",
        "params/dev.json:1",
        "--set",
    ]


def test_a_target_without_its_table(root: Path) -> None:
    (root / "params" / "targets.toml").write_text(TARGETS.replace("[prod]", "[prdo]"))
    write_it = 'write template = "<name of a file in dist/>", or give --template FILE'
    assert faults_of(root, "prod") == [
        f'params/targets.toml: prod: has no table here; add [prod], and in it {write_it}, did you mean "prdo"?'
    ]
    (root / "params" / "targets.toml").unlink()
    assert faults_of(root, "prod") == [f"params/targets.toml: there is no such file; with a table [prod], {write_it}"]


def test_without_targets_a_template_is_enough(root: Path) -> None:
    (root / "params" / "targets.toml").unlink()
    environment = load_environment(root, "prod", template=root / "dist" / "lms-disposable.json")
    assert (environment.stack, environment.region, environment.account) == ("lms-prod", None, None)
    assert environment.protected


def test_a_target_without_a_template(root: Path) -> None:
    (root / "params" / "targets.toml").write_text("[dev]\n")
    assert faults_of(root) == [
        (
            'params/targets.toml: dev.template: is missing; write template = "<name of a file in dist/>", or give'
            " --template FILE"
        )
    ]
    (root / "params" / "targets.toml").write_text("[dev]\ntemplate = 1\n")
    assert faults_of(root) == [
        'params/targets.toml: dev.template: "1" is no name of a template in dist/; write it without folder and .json'
    ]


def test_a_template_that_was_not_built(root: Path) -> None:
    (root / "dist" / "lms-disposable.json").unlink()
    assert faults_of(root) == [
        "dist/lms-disposable.json: there is no such file; python build.py writes the templates of dist/"
    ]
    (root / "params" / "targets.toml").write_text('[dev]\ntemplate = "lsm"\n')
    assert faults_of(root) == [
        'dist/lsm.json: there is no such file; python build.py writes the templates of dist/, did you mean "lms"?'
    ]


def test_a_name_that_makes_no_stack_name(root: Path) -> None:
    write(root / "params" / "my_env.json", {"Parameters": {"Secret": ARN}})
    (root / "params" / "targets.toml").write_text('[my_env]\ntemplate = "lms"\n')
    (fault,) = faults_of(root, "my_env")
    assert fault.startswith(
        'params/targets.toml: my_env.stack: is missing, and the default "lms-my_env" is no stack name'
    )
    assert load_environment(root, "my_env", stack_name="mine").stack == "mine"


def test_a_folder_with_the_name_of_an_environment(root: Path) -> None:
    (root / "params" / "dev.json").unlink()
    (root / "params" / "dev.json").mkdir()
    assert faults_of(root) == ["params/dev.json: this is a folder; give a file in it"]


YAML = """
Parameters:
  Name: {Type: String}
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref Name}}
"""


def test_a_foreign_stack_needs_no_file_of_ours(tmp_path: Path) -> None:
    template = tmp_path / "queue.yaml"
    template.write_text(YAML)
    environment = load_foreign(template=template, params=None, stack_name="queue", settings={"Name": "jobs"})
    assert environment == Environment(
        name="queue",
        stack="queue",
        template_path=template,
        template_text=YAML,
        template={
            "Parameters": {"Name": {"Type": "String"}},
            "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "Name"}}}},
        },
        parameters={"Name": "jobs"},
        tags={},
        stack_policy=None,
        region=None,
        account=None,
        profile=None,
        protected=False,
    )


@pytest.mark.parametrize(("file", "stack"), [("prod.json", "queue"), ("eu.json", "prod-queue")])
def test_a_foreign_stack_is_called_like_its_parameter_file(tmp_path: Path, file: str, stack: str) -> None:
    template = tmp_path / "queue.yaml"
    template.write_text(YAML)
    params = write(tmp_path / file, {"Parameters": {"Name": "jobs"}})
    environment = load_foreign(template=template, params=params, stack_name=stack, region="eu-west-1", profile="me")
    assert (environment.name, environment.region, environment.profile) == (params.stem, "eu-west-1", "me")
    assert environment.protected


def test_faults_of_a_foreign_stack(tmp_path: Path) -> None:
    template = tmp_path / "queue.yaml"
    template.write_text(YAML)
    with pytest.raises(BadInputError) as raised:
        load_foreign(template=template, params=None, stack_name="", region="x", settings={"Nmae": "jobs"})
    assert [" ".join(fault.split(": ")[:2])[:40] for fault in str(raised.value).splitlines()] == [
        '--stack-name "" is no stack name; it has',
        '--region "x" is no AWS region that the i',
        "--set Nmae",
        "--params Parameters.Name",
    ]
    with pytest.raises(BadInputError) as raised:
        load_foreign(template=tmp_path / "none.json", params=tmp_path / "none.json", stack_name="queue")
    assert str(raised.value).splitlines() == [f"{tmp_path}/none.json: there is no such file"] * 2


def test_importing_it_loads_nothing_heavy() -> None:
    code = "import sys, stackproof.environments as e; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env={}
    ).stdout.split()
    assert "stackproof.parameters" in loaded
    assert not {"yaml", "cfn_flip", "boto3", "botocore", "cfnlint", "troposphere", "rich", "tomllib"} & set(loaded)
