"""Roles: the boundary of their permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.unit.stackproof.emulator.stacks import resources

if TYPE_CHECKING:
    from tests.unit.stackproof.emulator.stacks import Stacks, Template

BOUNDARY = "arn:aws:iam::000000000000:policy/{}"


def role(**properties: Any) -> Template:
    trust = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    return resources(Role=("IAM::Role", {"AssumeRolePolicyDocument": document, **properties}))


def test_a_role_has_a_boundary_another_and_none(stacks: Stacks) -> None:
    def boundary() -> str | None:
        found = stacks.aws.client("iam").get_role(RoleName=stacks.physical_id("Role"))["Role"]
        return (found.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")

    for name in ("one", "two"):
        stacks.deploy(role(PermissionsBoundary=BOUNDARY.format(name)), Capabilities=["CAPABILITY_IAM"])
        assert boundary() == BOUNDARY.format(name)
    stacks.deploy(role(), Capabilities=["CAPABILITY_IAM"])
    assert boundary() is None
