"""A folder with templates and parameters, and the commands as a person would type them there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stackproof import commands

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pytest

    from tests.conftest import EmbeddedAws

STACK = "lms-dev"
TAGS = {"environment": "dev"}
TOPIC: dict[str, Any] = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "one"}}
NAME = {"Name": {"Value": {"Fn::GetAtt": ["Topic", "TopicName"]}, "Description": "of the topic"}}
# Fails when it is made: there is no such group.
BROKEN = {
    "Type": "AWS::EC2::SecurityGroupIngress",
    "Properties": {"GroupId": "sg-00000000000000000", "IpProtocol": "tcp", "FromPort": 80, "CidrIp": "10.0.0.0/8"},
}
ALLOW = {"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}]}
MOMENT = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        """The JSON objects on standard output, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]


class Deployer:
    """The commands in a folder of their own, against an account of the embedded AWS."""

    def __init__(self, aws: EmbeddedAws, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.aws, self.folder, self.capsys = aws, folder, capsys
        self.templates: Any = None
        self.cloudformation: Any = aws.client("cloudformation")
        (folder / "params").mkdir()
        (folder / "dist").mkdir()

    def write(
        self,
        resources: dict[str, Any],
        *,
        parameters: dict[str, Any] | None = None,
        given: dict[str, Any] | None = None,
        tags: dict[str, str] = TAGS,
        policy: dict[str, Any] | None = None,
        outputs: dict[str, Any] | None = None,
        target: str = "",
    ) -> None:
        """Write dist/lms.json, params/dev.json and params/targets.toml."""
        template = {"Parameters": parameters or {}, "Resources": resources, "Outputs": outputs or {}}
        self.template(**{key: value for key, value in template.items() if value})
        configuration: dict[str, Any] = {"Parameters": given or {}, "Tags": tags}
        if policy:
            configuration["StackPolicy"] = policy
        (self.folder / "params" / "dev.json").write_text(json.dumps(configuration))
        (self.folder / "params" / "targets.toml").write_text(
            f'[dev]\naccount = "{self.aws.account}"\nregion = "sa-east-1"\ntemplate = "lms"\n{target}\n'
        )

    def template(self, **sections: Any) -> Path:
        """Write dist/lms.json alone."""
        path = self.folder / "dist" / "lms.json"
        path.write_text(json.dumps(sections, indent=2))
        return path

    def __call__(self, *arguments: str) -> Done:
        """`python deploy.py …`, in this process."""
        return self._run(arguments, self.folder)

    def stackproof(self, *arguments: str) -> Done:
        """`stackproof …`, in this process."""
        return self._run(arguments, None)

    def _run(self, arguments: tuple[str, ...], root: Path | None) -> Done:
        self.capsys.readouterr()
        try:
            code = commands.main(list(arguments), root=root, templates=self.templates)
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        shown = self.capsys.readouterr()
        return Done(code, shown.out, shown.err)

    def apply(self, *options: str) -> Done:
        """`apply dev --yes`, which is expected to succeed."""
        done = self("apply", "dev", "--yes", *options)
        assert done.code == 0, done.err
        return done

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """`stackproof …` as a process of its own, in this folder."""
        return subprocess.Popen(
            [sys.executable, "-m", "stackproof", *arguments],
            cwd=self.folder,
            env=self.aws.environment | {"PYTHONPATH": os.pathsep.join(sys.path)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def upload(self, key: str, resources: Mapping[str, Any]) -> str:
        """Put a template into a bucket of the account's own, and return its URL."""
        s3, bucket = self.aws.client("s3"), f"templates-{self.aws.account}"
        if bucket not in [each["Name"] for each in s3.list_buckets()["Buckets"]]:
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "sa-east-1"})
        s3.put_object(Bucket=bucket, Key=key, Body=json.dumps({"Resources": resources}).encode())
        return f"{self.aws.url}/{bucket}/{key}"

    def stack(self, name: str = STACK) -> dict[str, Any] | None:
        """The stack as AWS describes it now; None when there is none."""
        found = [each for each in self.cloudformation.describe_stacks()["Stacks"] if each["StackName"] == name]
        return found[0] if found else None

    def change_sets(self, name: str = STACK) -> list[str]:
        """Names of the change sets of a stack that were not executed."""
        found = self.cloudformation.list_change_sets(StackName=name)["Summaries"]
        return [each["ChangeSetName"] for each in found if not each["ExecutionStatus"].startswith("EXECUTE_")]
