"""The tasks' two roles: exactly what each needs, on exactly that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.templates_support import statements

if TYPE_CHECKING:
    from tests.templates_support import Emitted

ACCOUNT = "111122223333"
REGISTRY = f"{ACCOUNT}.dkr.ecr.sa-east-1.amazonaws.com"
EXTRA = f"arn:aws:secretsmanager:sa-east-1:{ACCOUNT}:secret:lms/app-AbCdEf"
EXTRA_KEY = f"arn:aws:kms:sa-east-1:{ACCOUNT}:key/99999999-89ab-cdef-0123-456789abcdef"
LOG_GROUP = "${ApplicationLogGroup.Arn}"  # ends in :*, so it covers the group's streams


def granted(template: Emitted, policy: str) -> set[tuple[str, str]]:
    """(action, resource) of every Allow."""
    found = list(statements(template.resources[policy]))
    assert {statement["Effect"] for statement in found} == {"Allow"}
    return {(action, resource) for s in found for action in s["Action"] for resource in s["Resource"]}


def ecr(template: Emitted) -> set[tuple[str, str]]:
    return {grant for grant in granted(template, "ExecutionPolicy") if grant[0].startswith("ecr:")}


@pytest.mark.parametrize("role", ["ExecutionRole", "TaskRole"])
def test_only_tasks_of_this_account_and_region_take_a_role_on(lms: Emitted, role: str) -> None:
    [trust] = lms.resources[role]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
    assert trust["Action"] == ["sts:AssumeRole"]
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": f"arn:aws:ecs:sa-east-1:{ACCOUNT}:*"},
    }


@pytest.mark.parametrize("name", ["Execution", "Task"])
def test_a_role_has_one_policy_and_nothing_of_aws(lms: Emitted, name: str) -> None:
    role = lms.resources[f"{name}Role"]
    assert role.get("ManagedPolicyArns") is None
    assert role.get("Policies") is None
    assert lms.resources[f"{name}Policy"]["Roles"] == [f"${{{name}Role}}"]


def test_the_smallest_execution_role(lms: Emitted) -> None:
    """A public image, AWS's own key, no extra secret."""
    assert granted(lms, "ExecutionPolicy") == {
        ("logs:CreateLogStream", LOG_GROUP),
        ("logs:PutLogEvents", LOG_GROUP),
        ("secretsmanager:GetSecretValue", lms.parameters["DatabaseSecretArn"]),
        ("secretsmanager:GetSecretValue", "${CacheSecret}"),
        ("kms:Decrypt", "${SecretsKey.Arn}"),
    }


@pytest.mark.parametrize(
    ("image", "repository"),
    [
        (f"{REGISTRY}/lms:1.4.2", "lms"),
        (f"{REGISTRY}/lms@sha256:{'0' * 64}", "lms"),
        (f"{REGISTRY}/team/lms:1.4@sha256:{'0' * 64}", "team/lms"),
        (f"{REGISTRY}/lms", "lms"),
    ],
)
def test_an_image_of_ours_is_pulled_from_its_repository_alone(lms: Emitted, image: str, repository: str) -> None:
    resource = f"arn:aws:ecr:sa-east-1:{ACCOUNT}:repository/{repository}"
    assert ecr(lms.with_parameters(Image=image)) == {
        ("ecr:GetAuthorizationToken", "*"),
        ("ecr:BatchCheckLayerAvailability", resource),
        ("ecr:BatchGetImage", resource),
        ("ecr:GetDownloadUrlForLayer", resource),
    }


@pytest.mark.parametrize("image", ["nginx:1.28", "public.ecr.aws/nginx/nginx:1.28", "ghcr.io/a/b@sha256:" + "0" * 64])
def test_an_image_of_others_needs_no_permission(lms: Emitted, image: str) -> None:
    assert ecr(lms.with_parameters(Image=image)) == set()


def test_the_extra_secret_and_its_key(lms: Emitted) -> None:
    def more(**parameters: str) -> set[tuple[str, str]]:
        return granted(lms.with_parameters(**parameters), "ExecutionPolicy") - granted(lms, "ExecutionPolicy")

    read, decrypt = ("secretsmanager:GetSecretValue", EXTRA), ("kms:Decrypt", EXTRA_KEY)
    assert more(ExtraSecretArn=EXTRA) == {read}
    assert more(ExtraSecretArn=EXTRA, ExtraSecretKeyArn=EXTRA_KEY) == {read, decrypt}
    assert more(ExtraSecretKeyArn=EXTRA_KEY) == set(), "a key without a secret is used for nothing"


def test_keys_are_used_through_secrets_manager_alone(lms: Emitted) -> None:
    template = lms.with_parameters(ExtraSecretArn=EXTRA, ExtraSecretKeyArn=EXTRA_KEY, DatabaseSecretKeyArn=EXTRA_KEY)
    decrypts = [s for s in statements(template.resources["ExecutionPolicy"]) if s["Action"] == ["kms:Decrypt"]]
    assert len(decrypts) == 3
    for statement in decrypts:
        assert statement["Condition"] == {"StringEquals": {"kms:ViaService": "secretsmanager.sa-east-1.amazonaws.com"}}


def test_the_application_mounts_its_files_through_its_access_point(lms: Emitted) -> None:
    [statement] = statements(lms.resources["TaskPolicy"])
    assert statement == {
        "Effect": "Allow",
        "Action": ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
        "Resource": ["${FileSystem.Arn}"],
        "Condition": {"StringEquals": {"elasticfilesystem:AccessPointArn": "${FileAccessPoint.Arn}"}},
    }


def test_a_task_that_may_be_entered_has_the_channels_for_it(lms: Emitted) -> None:
    entered = lms.with_parameters(ExecuteCommand="yes")
    assert granted(entered, "TaskPolicy") - granted(lms, "TaskPolicy") == {
        ("ssmmessages:CreateControlChannel", "*"),
        ("ssmmessages:CreateDataChannel", "*"),
        ("ssmmessages:OpenControlChannel", "*"),
        ("ssmmessages:OpenDataChannel", "*"),
        ("kms:Decrypt", "${LogsKey.Arn}"),
        ("logs:CreateLogStream", "${SessionLogGroup.Arn}"),
        ("logs:DescribeLogStreams", "${SessionLogGroup.Arn}"),
        ("logs:PutLogEvents", "${SessionLogGroup.Arn}"),
        ("logs:DescribeLogGroups", "*"),
    }


@pytest.mark.parametrize(
    ("image", "upgrade", "repositories"),
    [
        ("nginx:1.28", "nginx:1.29", set()),
        ("nginx:1.28", f"{REGISTRY}/lms:2", {"lms"}),
        (f"{REGISTRY}/lms:1", "nginx:1.29", {"lms"}),
        (f"{REGISTRY}/lms:1", "", {"lms"}),
        (f"{REGISTRY}/lms:1", f"{REGISTRY}/team/lms@sha256:{'0' * 64}", {"lms", "team/lms"}),
    ],
)
def test_an_upgrades_image_is_pulled_as_well(lms: Emitted, image: str, upgrade: str, repositories: set[str]) -> None:
    template = lms.with_parameters(Image=image, UpgradeImage=upgrade, UpgradeCommand="lms,upgrade")
    pulled = {resource.partition("/")[2] for action, resource in ecr(template) if action == "ecr:BatchGetImage"}
    assert pulled == repositories
    assert (("ecr:GetAuthorizationToken", "*") in ecr(template)) is bool(repositories)


def test_the_image_of_an_upgrade_that_does_not_exist_is_not_pulled(lms: Emitted) -> None:
    assert ecr(lms.with_parameters(UpgradeImage=f"{REGISTRY}/lms:2", UpgradeCommand="")) == set()


@pytest.mark.parametrize("more", [{}, {"ExtraSecretArn": EXTRA, "ExtraSecretKeyArn": EXTRA_KEY}])
def test_in_an_upgrades_plan_one_statement_comes_and_none_changes(lms: Emitted, more: dict[str, str]) -> None:
    before = lms.with_parameters(Image=f"{REGISTRY}/lms:1", UpgradeCommand="lms,upgrade", **more)
    during = before.with_parameters(UpgradeImage=f"{REGISTRY}/lms:2")
    old, new = (list(statements(each.resources["ExecutionPolicy"])) for each in (before, during))
    assert (new[:-1], len(new)) == (old, len(old) + 1)
