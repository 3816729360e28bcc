"""Credentials with a policy: what it does not allow is refused before it is sent, as AWS's IAM would.

Refusals by policy are decided by fewer rules than IAM has: those that the policies of `permissions` need. Which
resource an action is checked against is in AWS's Service Authorization Reference.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from stackproof.deployment import aws

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pytest


@dataclass
class Police:
    """Stands before AWS.

    Attributes:
        policy: an IAM policy document; None allows everything.
        region: where the clients are.
        account: 12 digits.
        asked: every action that was asked for, in order, allowed or not.
        answered: every operation that was answered, in order.
    """

    policy: Mapping[str, Any] | None
    region: str
    account: str
    asked: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    _stacks: dict[str, str] = field(default_factory=dict)
    _roles: dict[str, list[str]] = field(default_factory=dict)

    def stand_before(self, client: Any) -> None:
        """See every call of a client."""
        client.meta.events.register("provide-client-params", self._note)
        client.meta.events.register("before-call", self._decide)
        client.meta.events.register("after-call", self._learn)

    @staticmethod
    def _note(params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
        context["given"] = params

    def _decide(self, model: Any, context: dict[str, Any], **_: object) -> tuple[AWSResponse, dict[str, Any]] | None:
        """Nothing lets the call pass; an answer stands for AWS's."""
        service, operation = model.service_model.signing_name, model.name
        if operation == "GetCallerIdentity":
            return None  # needs no permission
        for action, resource in self._needs(service, operation, context["given"]):
            self.asked.append(action)
            if self.policy is not None and not self._is_allowed(action, resource, operation):
                said = f"not authorized to perform: {action} on resource: {resource}"
                answer = {"Error": {"Code": "AccessDenied", "Message": said}, "ResponseMetadata": {}}
                return AWSResponse("", 403, HTTPHeaders(), None), answer
        return None

    def _learn(self, model: Any, parsed: dict[str, Any], **_: object) -> None:
        self.answered.append(model.name)
        if model.name == "CreateChangeSet" and "Id" in parsed:
            self._stacks[parsed["Id"]] = parsed["StackId"]
        if model.name == "DescribeTaskDefinition" and "taskDefinition" in parsed:
            found = parsed["taskDefinition"]
            roles = [found[key] for key in ("taskRoleArn", "executionRoleArn") if found.get(key)]
            self._roles[found["taskDefinitionArn"]] = roles

    def _needs(self, service: str, operation: str, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Every action and resource that AWS would check for a call."""
        action = aws.iam_action(service, operation)
        if service != "cloudformation":
            yield from ((named or action, resource) for named, resource in self._elsewhere(service, operation, given))
            return
        change_set = given.get("ChangeSetName", "")
        stack = given.get("StackName") or self._stacks.get(change_set, "")
        resources = [stack if stack.startswith("arn:") else self._arn(f"stack/{stack}/guid")] if stack else []
        # AWS's documents name the stack, reports of users the change set: what holds for both is safe.
        resources += [change_set] if change_set.startswith("arn:") else []
        for resource in resources or ["*"]:
            yield action, resource
        if given.get("Tags"):
            yield "cloudformation:TagResource", resources[0]

    def _elsewhere(self, service: str, operation: str, given: Mapping[str, Any]) -> list[tuple[str, str]]:
        """The same outside of CloudFormation; a blank action is the operation's own."""
        place = f"{self.region}:{self.account}"
        if operation == "RunTask":
            definition = given["taskDefinition"]
            return [("", definition), *(("iam:PassRole", role) for role in self._roles[definition])]
        if operation == "StartBackupJob":
            vault = f"arn:aws:backup:{place}:backup-vault:{given['BackupVaultName']}"
            return [("", vault), ("iam:PassRole", given["IamRoleArn"])]
        if service == "s3":
            key = "kms:GenerateDataKey" if operation == "PutObject" else "kms:Decrypt"
            return [("", f"arn:aws:s3:::{given['Bucket']}/{given['Key']}"), (key, f"arn:aws:kms:{place}:key/bootstrap")]
        named = {
            ("logs", "logGroupName"): f"arn:aws:logs:{place}:log-group:{{}}:log-stream:x",
            ("lambda", "FunctionName"): f"arn:aws:lambda:{place}:function:{{}}",
            ("rds", "DBClusterIdentifier"): f"arn:aws:rds:{place}:cluster:{{}}",
            ("rds", "DBClusterSnapshotIdentifier"): f"arn:aws:rds:{place}:cluster-snapshot:{{}}",
        }
        found = [arn.format(given[key]) for (of, key), arn in named.items() if of == service and key in given]
        return [("", each) for each in found or ["*"]]

    def _arn(self, resource: str) -> str:
        return f"arn:aws:cloudformation:{self.region}:{self.account}:{resource}"

    def _is_allowed(self, action: str, resource: str, operation: str) -> bool:
        assert self.policy is not None
        facts = {
            "aws:RequestedRegion": self.region,
            "s3:ResourceAccount": self.account,
            "cloudformation:CreateAction": operation,
            "iam:PassedToService": f"{'backup' if operation == 'StartBackupJob' else 'ecs-tasks'}.amazonaws.com",
            "kms:ViaService": f"s3.{self.region}.amazonaws.com",
            "kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::lms-bootstrap-artifactbucket-1",
        }
        return any(
            action in statement["Action"]
            and any(fnmatchcase(resource, pattern) for pattern in statement["Resource"])
            and all(
                any(fnmatchcase(facts[key], value) for value in values)
                for wanted in statement.get("Condition", {}).values()
                for key, values in wanted.items()
            )
            for statement in self.policy["Statement"]
        )


def police(monkeypatch: pytest.MonkeyPatch, policy: Mapping[str, Any] | None, *, region: str, account: str) -> Police:
    """Let every client that the commands make from now on be seen, and held to a policy."""
    officer = Police(policy, region, account)
    make = aws._client

    def watched(*arguments: Any, **options: Any) -> Any:
        client = make(*arguments, **options)
        officer.stand_before(client)
        return client

    monkeypatch.setattr(aws, "_client", watched)
    return officer
