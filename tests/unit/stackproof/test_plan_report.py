"""What a plan looks like: many additions, access, exports, quotas; and as a comment on a pull request."""

from __future__ import annotations

import argparse
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from stackproof import plan_markdown, plan_report
from stackproof.deployment.access import EFFECTS, Access
from stackproof.deployment.exports import Export
from stackproof.deployment.plan import Because, Change, Plan, Setting
from stackproof.deployment.quotas import ON_DEMAND, Passed

if TYPE_CHECKING:
    from collections.abc import Sequence

ROLE, GROUP, SUBNET, BUCKET = "AWS::IAM::Role", "AWS::EC2::SecurityGroup", "AWS::EC2::Subnet", "AWS::S3::Bucket"


def change(logical_id: str, kind: str = SUBNET, action: str = "add", data: str = "none", part: str = "") -> Change:
    because = (Because("/Properties/Name", "template", "a", "b", "Always"),) if action != "add" else ()
    return Change(logical_id, "", kind, action, data, because, {}, part)


def a_plan(*changes: Change, **more: Any) -> Plan:
    values: dict[str, Any] = {"is_new": False, "change_set": "arn:set", "settings": (), **more}
    return Plan("lms-dev", "111111111111", "sa-east-1", changes=changes, **values)


def texts(found: Plan, title: str = "") -> list[str]:
    return [line.text for line in plan_report.lines(found, title)]


def test_where_and_who_come_first() -> None:
    found = a_plan(change("A"), is_new=True, caller="arn:aws:iam::111111111111:user/ana")
    assert texts(found)[:2] == [
        "lms-dev: create in account 111111111111, sa-east-1",
        "  as arn:aws:iam::111111111111:user/ana",
    ]
    assert texts(a_plan(change_set=None)) == ["lms-dev: no changes in account 111111111111, sa-east-1"]
    assert texts(a_plan(change_set=None), "main → working tree") == ["main → working tree: no changes"]


def test_a_few_additions_are_listed_with_their_part() -> None:
    found = a_plan(change("Subnet1", part="network"), change("Uploads", BUCKET))
    assert texts(found)[2:5] == [
        "Added (2)",
        "  + Subnet1  AWS::EC2::Subnet  (network)",
        "  + Uploads  AWS::S3::Bucket",
    ]


def test_many_additions_are_a_line_for_each_type() -> None:
    subnets = [change(f"DataSubnet{index}", part="network") for index in range(12)]
    buckets = [change("Logs", BUCKET, part="balancer"), change("Uploads", BUCKET, part="files")]
    found = a_plan(*subnets, *buckets, change("Nobody", ROLE))
    names = ", ".join(f"DataSubnet{index}" for index in range(7))
    assert texts(found)[2:7] == [
        "Added (15)",
        f"  + AWS::EC2::Subnet (12)  {names}, …  (network)",
        "  + AWS::IAM::Role (1)     Nobody",
        "  + AWS::S3::Bucket (2)    Logs, Uploads",
        "",
    ]


def test_many_modifications_are_each_told() -> None:
    found = a_plan(*[change(f"Subnet{index:02}", action="modify", part="network") for index in range(20)])
    assert sum(line.startswith("  ~ Subnet") for line in texts(found)) == 20
    assert "  ~ Subnet00  AWS::EC2::Subnet  (network)" in texts(found)


ACCESS = (
    Access("Web", GROUP, "security group", "opened", "lets TCP 22 in from 0.0.0.0/0 (everybody)", "", True),
    Access("TaskRole", ROLE, "permissions", "broadened", "may s3:GetObject on *", "may s3:GetObject on a"),
    Access("TaskRole", ROLE, "permissions", "unknown", "may s3:PutObject on ${X}", "${X} is known to AWS only"),
    Access("Key", "AWS::KMS::Key", "key policy", "closed", "no longer lets 222222222222 kms:*"),
)


def test_access_says_what_is_opened_and_closed_and_how_it_was() -> None:
    found = [line for line in plan_report.lines(a_plan(access=ACCESS)) if line.text]
    assert [line.text for line in found[1:8]] == [
        "Access (4): 1 opened, 1 broadened, 1 unknown, 1 closed",
        "  ! opened     Web       lets TCP 22 in from 0.0.0.0/0 (everybody)",
        "  + broadened  TaskRole  may s3:GetObject on *",
        "      before: may s3:GetObject on a",
        "  ? unknown    TaskRole  may s3:PutObject on ${X}",
        "      not known: ${X} is known to AWS only",
        "  - closed     Key       no longer lets 222222222222 kms:*",
    ]
    assert [line.style for line in found[2:8:2]] == ["bold red", "", ""]


def test_every_effect_has_a_sign() -> None:
    found = a_plan(access=tuple(replace(ACCESS[1], effect=effect) for effect in EFFECTS))
    assert [line[2] for line in texts(found) if line.startswith("  ") and line[2] != " "] == ["+", "+", "?", "-", "-"]


@pytest.mark.parametrize(
    ("kind", "words"),
    [("removed", "is removed"), ("changed", "changes"), ("may-change", "may change (only AWS knows)")],
)
def test_exports_in_use_name_who_uses_them(kind: str, words: str) -> None:
    found = texts(a_plan(exports=(Export("lms-dev-VpcId", kind, ("app", "batch")),)))
    assert found[2:5] == [
        "Exports in use (1): AWS lets nobody remove or change these",
        f"  ! lms-dev-VpcId {words}; it is imported by app, batch",
        "      keep it, or take Fn::ImportValue out of these stacks first",
    ]


def test_a_quota_that_is_too_small_comes_with_the_command_that_asks_for_more() -> None:
    found = texts(a_plan(quotas=(Passed(ON_DEMAND, 20.5, 6),)))
    command = "aws service-quotas request-service-quota-increase --service-code fargate --quota-code L-3032A538"
    assert found[2:5] == [
        "Quotas passed (1)",
        "  ! vCPUs of Fargate tasks: 20.5 at the maximum, and 6 are allowed",
        f"      {command} --desired-value 20.5",
    ]


class TestMarkdown:
    """A comment on a pull request."""

    @staticmethod
    def shown(found: Plan, share: int = 1) -> str:
        return plan_markdown.markdown(plan_report.heading(found, ""), plan_report.sections(found), share)

    def test_it_is_folded_and_what_is_grave_is_open(self) -> None:
        lost = change("Uploads", BUCKET, "replace", "lost")
        added, modified = change("Subnet"), change("Vpc", "AWS::EC2::VPC", "modify")
        found = a_plan(lost, modified, added, access=ACCESS[3:], settings=(Setting("tag", "owner", "a", "b"),))
        assert self.shown(found) == (
            "### lms-dev: update in account 111111111111, sa-east-1\n"
            "\n"
            "**1 to replace, 1 to modify, 1 to add, 1 setting**\n"
            "\n"
            "<details open><summary>Replaced (1)</summary>\n\n```diff\n"
            "-/+ Uploads  AWS::S3::Bucket\n      Name: a → b  (replaces it)\n```\n</details>\n"
            "\n"
            "<details><summary>Modified (1)</summary>\n\n```diff\n"
            "! Vpc  AWS::EC2::VPC\n      Name: a → b  (replaces it)\n```\n</details>\n"
            "\n"
            "<details><summary>Added (1)</summary>\n\n```diff\n+ Subnet  AWS::EC2::Subnet\n```\n</details>\n"
            "\n"
            "<details open><summary>Data at stake (1)</summary>\n\n```diff\n"
            "! Uploads  AWS::S3::Bucket: its data would be lost\n"
            "      apply needs --allow-data-loss Uploads\n```\n</details>\n"
            "\n"
            "<details><summary>Access (1): 1 closed</summary>\n\n```diff\n"
            "- closed     Key  no longer lets 222222222222 kms:*\n```\n</details>\n"
            "\n"
            "<details><summary>Tags</summary>\n\n```diff\n! owner: a → b\n```\n</details>\n"
        )

    def test_what_opens_to_everybody_is_open(self) -> None:
        assert "<details open><summary>Access (1): 1 opened" in self.shown(a_plan(access=ACCESS[:1]))

    def test_whoever_made_it_stands_below_the_heading_and_is_not_mentioned(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        made = replace(a_plan(change("A")), caller="arn:aws:sts::111111111111:assumed-role/deploy/me@example.com")
        plan_report.show(made, argparse.Namespace(json=False, markdown=True))
        said = capsys.readouterr().out.splitlines()
        assert said[2] == "as arn:aws:sts::111111111111:assumed-role/deploy/me\\@example.com"
        assert said[4] == "**1 to add**"

    def test_no_change_is_a_heading(self) -> None:
        assert self.shown(a_plan(change_set=None)) == "### lms-dev: no changes in account 111111111111, sa-east-1\n"

    def test_nothing_in_it_ends_a_block_or_mentions_somebody(self) -> None:
        evil = Because("/Properties/Name", "template", "```\n</details>", "@everyone `x` <b>")
        found = a_plan(replace(change("Topic", action="modify"), because=(evil,)), warnings=("````",))
        text = self.shown(replace(found, stack="_lms_@x"))
        assert text.startswith("### \\_lms\\_\\@x: update")
        fences = re.findall(r"^(`{3,})(diff)?$", text, re.MULTILINE)
        assert fences == [("````", "diff"), ("````", ""), ("`````", "diff"), ("`````", "")]

    @pytest.mark.parametrize("share", [1, 3])
    def test_it_is_never_longer_than_a_comment_may_be(self, share: int) -> None:
        found = a_plan(
            *[change(f"Resource{index:04}", action="modify") for index in range(2500)], warnings=("mind it",)
        )
        text = self.shown(found, share)
        assert 0.9 * plan_markdown.MOST // share < len(text) < 1.05 * plan_markdown.MOST // share
        told = text.count("\n! Resource")
        (left,) = re.findall(r"… and (\d+) more lines: plan --json has them", text.split("</details>")[0])
        # Two lines for each.
        assert int(left) in {2 * (2500 - told), 2 * (2500 - told) + 1}
        assert "<details><summary>Warnings</summary>" in text, "each section has its title"
        assert text.count("```diff") * 2 == text.count("```")


@pytest.mark.parametrize("options", [{"json": True}, {"json": False, "markdown": True}, {"json": False}])
def test_it_is_written_as_the_options_say(options: dict[str, bool], capsys: pytest.CaptureFixture[str]) -> None:
    plan_report.show(a_plan(change("A")), argparse.Namespace(**options))
    out = capsys.readouterr().out
    if options["json"]:
        assert json.loads(out)["changes"][0]["logical_id"] == "A"
    else:
        assert out.startswith("### lms-dev" if "markdown" in options else "lms-dev: update")


def test_a_difference_without_aws_is_told_alike() -> None:
    def told(changes: Sequence[Change], notes: Sequence[str] = ()) -> list[str]:
        return [line.text for line in plan_report.difference("a → b", changes, notes)]

    assert told([]) == ["a → b: no changes"]
    assert told([change("Uploads", BUCKET, "remove", "lost")], ["mind it"]) == [
        "a → b",
        "",
        "Removed (1)",
        "  - Uploads  AWS::S3::Bucket",
        "      Name: a → b  (replaces it)",
        "",
        "Data at stake (1)",
        "  ! Uploads  AWS::S3::Bucket: its data would be lost",
        "",
        "Warnings",
        "  ! mind it",
        "",
        "1 to remove",
    ]
