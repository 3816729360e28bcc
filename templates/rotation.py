"""Rotation of the own database's password, by parameter: a function that Secrets Manager calls on a schedule.

The secret stays what it is, with the same keys, and so does its ARN: only the password in it is a new one. The function
(functions/rotation.py) has RDS change it, so that it connects to nothing and needs no place in the VPC. It changes in
one night hour of a Sunday, in UTC: of rates, Secrets Manager says that a change of the schedule may rotate at once.

ECS hands a secret over when a task starts. Once the new password is in force, new tasks must take the place of those
that run (redeployment.py): the function says so on the account's event bus. What Secrets Manager itself tells comes by
way of CloudTrail, which an account need not have.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from awacs.aws import StringEquals
from troposphere import And, Condition, Equals, FindInMap, GetAtt, Not, Ref, Sub
from troposphere.awslambda import Code, Function, LoggingConfig, Permission
from troposphere.awslambda import Environment as LambdaEnvironment
from troposphere.secretsmanager import RotationRules, RotationSchedule

from templates.alarms import Measure, Watch, add_alarm
from templates.interface import condition, parameter, rule
from templates.logs import log_group
from templates.own_database_parameters import GROUP
from templates.parts import part
from templates.policies import add_policy, add_role, allow, assume_role

if TYPE_CHECKING:
    from troposphere import AWSHelperFn, Template

    from templates.keys import Key
    from templates.own_database import OwnDatabase
    from templates.topic import AlarmTopic

SCHEDULES = {"weekly": "cron(0 7 ? * SUN *)", "monthly": "cron(0 7 ? * SUN#1 *)"}
"""In UTC: the end of Saturday's night in São Paulo, after the daily backup and before the monthly one."""
WINDOW = "2h"
SECONDS = 300
SOURCE, KIND = "lms.database", "Database password rotated"
"""Of the event. The function has the same two, and nothing but Python to take them from."""

CODE = Path(__file__).parent / "functions" / "rotation.py"


@dataclass(frozen=True)
class Rotation:
    """What the rest of the template may know about the rotation.

    Attributes:
        exists: name of the condition under which there is one.
        secret: ARN of the secret; the event that says that it has a new password names it.
    """

    exists: str
    secret: AWSHelperFn


@part("database")
def add_rotation(t: Template, *, database: OwnDatabase, topic: AlarmTopic, log_key: Key) -> Rotation:
    """Add function, role, log and schedule, and the alarm on a step that fails.

    Args:
        t: the template.
        database: whose password rotates.
        topic: is told of a rotation that failed.
        log_key: encrypts what the function writes.
    """
    exists = _add_parameter(t, database)
    secret = database.secret.arn
    # Always there: a log group outlives what leaves the stack, and could not be made again under its name.
    log = log_group(t, "RotationLogGroup", "rotation", key=log_key)
    role = add_role(t, "RotationRole", assume_role("lambda", says_for_whom=False), exists=exists)
    policy = add_policy(
        t,
        "RotationPolicy",
        role,
        allow(["logs:CreateLogStream", "logs:PutLogEvents"], GetAtt(log, "Arn")),
        allow(
            [
                "secretsmanager:DescribeSecret",
                "secretsmanager:GetSecretValue",
                "secretsmanager:PutSecretValue",
                "secretsmanager:UpdateSecretVersionStage",
            ],
            secret,
        ),
        allow(
            ["kms:Decrypt", "kms:GenerateDataKey"],
            database.secret.key_arn,
            conditions=[
                StringEquals(
                    {
                        "kms:EncryptionContext:SecretARN": secret,
                        "kms:ViaService": Sub("secretsmanager.${AWS::Region}.amazonaws.com"),
                    }
                )
            ],
        ),
        allow(["rds:DescribeDBClusters", "rds:ModifyDBCluster"], database.arn),
        allow(
            "events:PutEvents",
            Sub("arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/default"),
            conditions=[StringEquals({"events:source": SOURCE, "events:detail-type": KIND})],
        ),
    )
    function = t.add_resource(
        Function(
            "RotationFunction",
            Condition=exists,
            Description="One step of a rotation of the database's password",
            Runtime="python3.14",
            Architectures=["arm64"],
            Handler="index.handler",
            Code=Code(ZipFile=CODE.read_text(encoding="utf-8")),
            Environment=LambdaEnvironment(Variables={"CLUSTER": database.cluster}),
            Role=GetAtt(role, "Arn"),
            Timeout=SECONDS,
            MemorySize=256,
            LoggingConfig=LoggingConfig(LogGroup=Ref(log)),
            DependsOn=[policy],
        )
    )
    permission = t.add_resource(
        Permission(
            "RotationPermission",
            Condition=exists,
            Action="lambda:InvokeFunction",
            FunctionName=Ref(function),
            Principal="secretsmanager.amazonaws.com",
            # All that Secrets Manager is known to say; the function's role reaches one secret alone in any case.
            SourceAccount=Ref("AWS::AccountId"),
        )
    )
    t.add_resource(
        RotationSchedule(
            "RotationSchedule",
            Condition=exists,
            SecretId=secret,
            RotationLambdaARN=GetAtt(function, "Arn"),
            # Never with the update that turns it on: the next night is for that.
            RotateImmediatelyOnUpdate=False,
            RotationRules=RotationRules(
                ScheduleExpression=FindInMap("DatabaseRotations", Ref("DatabaseRotation"), "Schedule"), Duration=WINDOW
            ),
            DependsOn=[permission],
            # The writer is what a password is set on; what the cluster itself adds to the secret is kept.
            Metadata={"WaitsFor": database.ready},
        )
    )
    _add_alarm(t, exists, Ref(function), topic)
    return Rotation(exists, secret)


def _add_parameter(t: Template, database: OwnDatabase) -> str:
    """Add the parameter with the rule that says for whose password it is, and return the condition."""
    asked = parameter(
        t,
        "DatabaseRotation",
        group=GROUP,
        label="Rotate the password",
        description="weekly, monthly: on Sunday (the first of the month) between 7 and 9 o'clock UTC this stack's own "
        "database gets a new password, and services new tasks with it. For some minutes, tasks that still have the "
        "old one open no new connection. no: it stays until it is rotated by hand.",
        default="no",
        allowed_values=["no", *SCHEDULES],
        constraint="no, weekly or monthly.",
    )
    t.add_mapping("DatabaseRotations", {name: {"Schedule": schedule} for name, schedule in SCHEDULES.items()})
    rotates = Not(Equals(Ref(asked), "no"))
    ours = (
        "DatabaseRotation is not no, but DatabaseSecretArn names an existing database: its password is its owner's to "
        "rotate. Choose no, or leave the secret blank."
    )
    rule(t, "DatabaseRotationIsOurs", when=rotates, assertions=[(Equals(Ref("DatabaseSecretArn"), ""), ours)])
    return condition(t, "RotatesDatabasePassword", And(Condition(database.exists), rotates))


def _add_alarm(t: Template, exists: str, function: AWSHelperFn, topic: AlarmTopic) -> None:
    add_alarm(
        t,
        Watch(
            "RotationAlarm",
            problem="A step of the rotation of the database's password failed. If it was setSecret or a later one, the "
            "database may have the new password already while the secret still has the old one: no task can connect.",
            remedy="Read why in the log group that ends in /rotation. If Secrets Manager does not go on by itself, "
            "follow the part on a failed rotation in docs/running.md.",
            measures={"errors": Measure("AWS/Lambda", "Errors", {"FunctionName": function}, "Sum")},
            threshold=0,
            period=300,
            bad=1,
            among=1,
            exists=exists,
        ),
        topic,
    )
