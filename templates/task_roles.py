"""The two roles of the tasks: what starts a container, and what the application itself may do.

The execution role pulls the image, opens the log stream and reads the secrets; nothing inside the container can use it.
The task role is the application's: it mounts the shared files through its own access point, and no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from awacs.aws import ArnLike, StringEquals
from troposphere import And, Condition, Equals, GetAtt, Not, Or, Ref, Select, Split, Sub

from templates import arns
from templates.interface import condition, parameter
from templates.mail import add_mail
from templates.policies import (
    OnlyIf,
    add_policy,
    add_role,
    allow,
    assume_role,
    decrypt_secret,
    read_secret,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awacs.aws import Statement
    from troposphere import AWSHelperFn, Parameter, Template
    from troposphere.logs import LogGroup

    from templates.cache import Cache
    from templates.cluster import Sessions
    from templates.database import Database
    from templates.files import Files
    from templates.upgrade_parameters import UpgradeParameters


@dataclass(frozen=True)
class TaskRole:
    """A role of the tasks.

    Attributes:
        arn: the role's ARN.
        policy: logical id of its policy, which must exist before a task starts.
    """

    arn: AWSHelperFn
    policy: str


def add_execution_role(
    t: Template,
    *,
    image: Parameter,
    upgrade: UpgradeParameters,
    log_group: LogGroup,
    cache: Cache,
    database: Database,
) -> TaskRole:
    """Add the role with which ECS starts the containers."""
    ours = condition(t, "ImageInOwnRegistry", _in_own_registry(image))
    upgrade_ours = condition(
        t, "UpgradeImageInOwnRegistry", And(Condition(upgrade.own_image), _in_own_registry(upgrade.image))
    )
    either = condition(t, "PullsFromOwnRegistry", Or(Condition(ours), Condition(upgrade_ours)))
    return _add_role(
        t,
        "Execution",
        allow(["logs:CreateLogStream", "logs:PutLogEvents"], GetAtt(log_group, "Arn")),
        # It names no resource: it only opens the door to the registry, and the next statements say to which room.
        OnlyIf(either, allow("ecr:GetAuthorizationToken", "*")),
        OnlyIf(ours, _pull(image)),
        *database.permissions,
        # One secret for both caches.
        read_secret(cache.sessions.secret.arn),
        decrypt_secret(cache.sessions.secret.key_arn),
        *_extra_secret(t),
        # Last: it comes and goes with each upgrade, and what stands behind it would seem to change in the plan.
        OnlyIf(upgrade_ours, _pull(upgrade.image)),
    )


def add_task_role(t: Template, *, files: Files, sessions: Sessions) -> TaskRole:
    """Add the role that the application itself has; the agent of ECS Exec works with it as well."""
    exists = sessions.exists
    through_access_point = StringEquals("elasticfilesystem:AccessPointArn", files.access_point_arn)
    channels = ["CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel"]
    return _add_role(
        t,
        "Task",
        allow(
            ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
            files.arn,
            conditions=[through_access_point],
        ),
        # The channels of ECS Exec have no ARN to name.
        OnlyIf(exists, allow([f"ssmmessages:{channel}" for channel in channels], "*")),
        OnlyIf(exists, allow("kms:Decrypt", sessions.key.arn)),
        OnlyIf(
            exists,
            allow(["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], sessions.log_group_arn),
        ),
        # It lists every group, and names none.
        OnlyIf(exists, allow("logs:DescribeLogGroups", "*")),
        add_mail(t),
    )


def _add_role(t: Template, name: str, *statements: Statement) -> TaskRole:
    source = ArnLike("aws:SourceArn", Sub("arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:*"))
    role = add_role(t, f"{name}Role", assume_role("ecs-tasks", conditions=[source]))
    return TaskRole(GetAtt(role, "Arn"), add_policy(t, f"{name}Policy", role, *statements))


def _in_own_registry(image: Parameter) -> Equals:
    """Is it `<account>.dkr.ecr.<region>.amazonaws.com/<repository>:<tag>` with this account?"""
    # The separator is put behind the image, so that a blank one can be split as well.
    return Equals(Select(0, Split(".dkr.ecr.", Sub(f"${{{image.title}}}.dkr.ecr."))), Ref("AWS::AccountId"))


def _pull(image: Parameter) -> Statement:
    return allow(
        ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        Sub(
            "arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/${Repository}",
            Repository=_repository(image),
        ),
    )


def _repository(image: Parameter) -> Select:
    """The repository's name inside an ECR image: what stands after the registry and before the tag or digest.

    The registry's ending is put behind the image once more, so that there is a second part to select from whatever
    image is given: CloudFormation may look at both branches of an If. (Registries in China end in .com.cn; there the
    name would have to be given.)
    """
    path = Select(1, Split(".amazonaws.com/", Sub(f"${{{image.title}}}.amazonaws.com/")))
    return Select(0, Split(":", Select(0, Split("@", path))))


def _extra_secret(t: Template) -> Sequence[Statement]:
    """Parameters of one more secret, of the application's own, and what is needed to read it."""
    secret = parameter(
        t,
        "ExtraSecretArn",
        group="Application",
        label="The application's own secret",
        description="Full ARN of a JSON secret in this region with whatever else the application wants kept secret; "
        "application.toml says which variable takes which key. Blank: those variables are left out.",
        default="",
        pattern=arns.SECRET.or_blank,
        constraint=f"{arns.SECRET.sentence}, or blank.",
    )
    key = parameter(
        t,
        "ExtraSecretKeyArn",
        group="Application",
        label="Key of that secret",
        description="ARN of the customer KMS key that encrypts the application's own secret. Blank: it is under AWS's "
        "own key (aws/secretsmanager).",
        default="",
        pattern=arns.KEY.or_blank,
        constraint=f"{arns.KEY.sentence}, or blank.",
    )
    condition(t, "HasExtraSecret", Not(Equals(Ref(secret), "")))
    condition(t, "HasExtraSecretKey", And(Condition("HasExtraSecret"), Not(Equals(Ref(key), ""))))
    return (
        OnlyIf("HasExtraSecret", read_secret(Ref(secret))),
        OnlyIf("HasExtraSecretKey", decrypt_secret(Ref(key))),
    )
