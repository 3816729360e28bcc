"""`stackproof check` on templates of anybody, by their files."""

from __future__ import annotations

import json
import re
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stackproof.check_report import line_of
from stackproof.documents import json_lines
from stackproof.proofs import check as proofs
from stackproof.proofs.verdicts import broken

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.stackproof.project import Outcome

    Run = Callable[..., Outcome]

ROOT = Path(__file__).resolve().parents[3]
BUCKET: dict[str, Any] = {
    "Parameters": {
        "Access": {"Type": "String", "Default": "Private", "AllowedValues": ["Private", "PublicRead"]},
        "Days": {"Type": "Number"},
    },
    "Resources": {
        "Files": {"Type": "AWS::S3::Bucket", "Properties": {"AccessControl": {"Ref": "Access"}}},
        "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": {"Ref": "Days"}}},
    },
}
YAML = """\
AWSTemplateFormatVersion: 2010-09-09
Resources:
  Files:
    Type: AWS::S3::Bucket
    Properties:
      AccessControl: !Sub Public${Kind}
Parameters:
  Kind: {Type: String, Default: Read}
"""
# The text for a person that has nothing to say.
CLEAN = "0 broken, 0 unknown, "


def test_a_clean_template_says_what_was_proven(write: Any, run: Run) -> None:
    outcome = run("check", write("t.json", BUCKET))
    assert outcome.code == 0
    first, second, third = outcome.out.splitlines()
    assert first.startswith(CLEAN)
    assert int(first.removeprefix(CLEAN).split()[0]) > 0
    assert second == "2 of 2 resources analysed"
    assert third == "parameters without a value: Days; with --params FILE more can be told"
    given = write("p.json", {"Parameters": {"Days": 7}})
    assert "without a value" not in run("check", "t.json", "--params", given).out


def test_of_many_parameters_without_a_value_the_first_are_named(write: Any, run: Run) -> None:
    many: dict[str, Any] = {f"P{number}": {"Type": "String"} for number in range(11)}
    line = run("check", write("t.json", {**BUCKET, "Parameters": {**BUCKET["Parameters"], **many}})).out.splitlines()[
        -1
    ]
    assert line == (
        "parameters without a value: Days, P0, P1, P2, P3, P4, P5, P6 and 4 more; with --params FILE more can be told"
    )


def test_a_finding_stands_with_its_line_its_sentence_and_its_fix(write: Any, run: Run) -> None:
    template = write("t.json", BUCKET)
    outcome = run("check", template, "--params", write("p.json", {"Parameters": {"Access": "PublicRead"}}))
    assert outcome.code == 1
    lines = outcome.out.splitlines()
    assert lines[0] == "Broken (1)"
    number = 1 + (json.dumps(BUCKET, indent=1).splitlines()).index('    "AccessControl": {')
    assert lines[1] == f"  store-public-refused  Files.Properties.AccessControl  (t.json:{number})"
    assert lines[2].startswith("    S3 refuses to create Files: ")
    assert lines[3].startswith("    Fix: Use a bucket policy instead")
    assert lines[-3].startswith("1 broken, 0 unknown, ")


def test_json_is_one_object_as_documented(write: Any, run: Run) -> None:
    given = write("p.json", {"Parameters": {"Access": "PublicRead", "Days": 3}})
    outcome = run("check", write("t.json", BUCKET), "--params", given, "--json")
    assert outcome.code == 1
    [finding] = outcome.data["findings"]
    assert finding["id"] == "store-public-refused"
    assert finding["verdict"] == "broken"
    assert finding["logical_id"] == "Files"
    assert finding["path"] == "Properties.AccessControl"
    assert finding["message"].startswith("S3 refuses to create Files: ")
    number = 1 + (json.dumps(BUCKET, indent=1).splitlines()).index('    "AccessControl": {')
    assert finding["where"] == f"t.json:{number}"
    assert outcome.data["proved"] > 0
    assert outcome.data["analysed"] == {
        "resources": 2,
        "types": {"AWS::Logs::LogGroup": 1, "AWS::S3::Bucket": 1},
        "not_analysed": {},
    }


def test_yaml_is_a_template_too(write: Any, run: Run) -> None:
    outcome = run("check", write("t.yaml", YAML))
    assert outcome.code == 1
    assert "  store-public-refused  Files.Properties.AccessControl  (t.yaml:6)\n" in outcome.out


def test_a_template_may_come_through_a_pipe(write: Any, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def piped(text: bytes) -> None:
        monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(text)))

    write("t.yaml", YAML)
    for text, line in ((YAML.encode(), 6), (json.dumps(BUCKET).replace("Private", "PublicRead").encode(), 1)):
        piped(text)
        outcome = run("check", "-")
        assert outcome.code == 1
        assert f"  store-public-refused  Files.Properties.AccessControl  (standard input:{line})\n" in outcome.out
    piped(YAML.encode())
    assert run("diff", "-", "t.yaml").out == "standard input → t.yaml: no changes\n"
    piped(b"Resources:\n  \xff: {}")
    outcome = run("check", "-")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "standard input:2: byte 0xff is no UTF-8; save the file as UTF-8\n"


def test_the_parameter_list_of_the_aws_cli_is_taken(write: Any, run: Run) -> None:
    template = write("t.json", BUCKET)
    days = {"ParameterKey": "Days", "UsePreviousValue": True}
    given = write("p.json", [{"ParameterKey": "Access", "ParameterValue": "PublicRead"}, days])
    outcome = run("check", template, "--params", given)
    assert "store-public-refused  Files.Properties.AccessControl" in outcome.out
    # What the list says not is as if nobody gave it.
    assert outcome.out.endswith("parameters without a value: Days; with --params FILE more can be told\n")
    outcome = run("check", template, "--params", write("q.json", [{"ParameterKey": "Acess", "ParameterValue": "a"}]))
    assert outcome.code == 2
    assert outcome.err.startswith('q.json: Parameters.Acess: the template has no such parameter, did you mean "Access"')
    for wrong in ([1], [{"Key": "Days"}]):
        outcome = run("check", template, "--params", write("r.json", wrong))
        assert outcome.code == 2
        assert outcome.err.startswith("r.json: ")


FLOW = """{Resources: {Files: {Type: AWS::S3::Bucket, Properties: {
  AccessControl: PublicRead}}}}
"""
ALIASES = """Resources:
  One: &one
    Type: AWS::S3::Bucket
    Properties: &all
      AccessControl: !If
        - Always
        - PublicRead
        - !Ref AWS::NoValue
  Two: *one
  Three:
    Type: AWS::S3::Bucket
    Properties:
      <<: *all
Conditions:
  Always: !Equals [a, a]
"""


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (FLOW, {"Files": 2}),
        # What stands elsewhere has the line of what leads there.
        (ALIASES, {"One": 5, "Two": 9, "Three": 12}),
    ],
)
def test_lines_of_yaml_are_found_whatever_its_style(text: str, places: dict[str, int], write: Any, run: Run) -> None:
    findings = run("check", write("t.yaml", text), "--json").data["findings"]
    refused = {each["logical_id"]: each["where"] for each in findings if each["id"] == "store-public-refused"}
    assert refused == {name: f"t.yaml:{line}" for name, line in places.items()}


SAM = {
    "Transform": ["AWS::Serverless-2016-10-31", "AWS::LanguageExtensions", "Ours"],
    "Resources": {
        "Api": {"Type": "AWS::Serverless::Function", "Properties": {"Handler": "a.b"}},
        "Inner": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "https://x.example/t"}},
        "Fn::ForEach::Topics": ["Name", ["a"], {"Topic${Name}": {"Type": "AWS::SNS::Topic"}}],
    },
}


def test_what_is_made_elsewhere_is_unknown_with_a_reason(write: Any, run: Run) -> None:
    template = write("t.json", SAM)
    outcome = run("check", template, "--json")
    assert outcome.code == 0
    found = [each for each in outcome.data["findings"] if each["id"] == "check-not-read"]
    assert {each["verdict"] for each in found} == {"unknown"}
    said = {(each["logical_id"], each["path"]): each["message"] for each in found}
    texts = " ".join(each["message"] for each in found)
    assert "AWS::Serverless-2016-10-31 makes other resources of 1 resources here" in texts
    assert "The macro Ours may rewrite any part of the template" in texts
    assert "LanguageExtensions" not in texts
    assert said["Inner", "Properties.TemplateURL"].startswith("The stack nested here is not analysed")
    assert "a macro or a loop makes these resources" in said["Fn::ForEach::Topics", ""]
    assert outcome.data["analysed"]["not_analysed"] == {
        "AWS::CloudFormation::Stack": 1,
        "AWS::Serverless::Function": 1,
    }
    assert run("check", template, "--fail-on", "unknown").code == 1


def test_a_template_that_gives_nothing_to_prove_says_so(write: Any, run: Run) -> None:
    outcome = run("check", write("t.json", {"Resources": {"Own": {"Type": "Custom::Thing"}}}))
    assert outcome.code == 0
    assert outcome.out.splitlines()[-3:] == [
        "0 of 1 resources analysed",
        "not analysed: 1 Custom::Thing",
        "There is nothing to prove here: no rule is about these resources, only references.",
    ]


def test_everything_that_cannot_be_read_is_told_at_once(write: Any, run: Run) -> None:
    write("t.json", '{"Resources": }')
    write("p.json", "[]")
    write("i.toml", "[default]\nlog_day = 3\n")
    outcome = run("check", "t.json", "--params", "p.json", "--intent", "i.toml")
    assert outcome.code == 2
    assert outcome.out == ""
    assert [line.split(":")[0] for line in outcome.err.splitlines()] == ["t.json", "i.toml"]
    assert "no.json: there is no such file" in run("check", "no.json").err
    assert "no.toml: there is no such file" in run("check", "t.json", "--intent", "no.toml").err


def test_wrong_parameters_are_told_and_missing_ones_are_symbols(write: Any, run: Run) -> None:
    template = write("t.json", BUCKET)
    wrong = write("p.json", {"Parameters": {"Access": "Secret", "Acess": "Private"}})
    outcome = run("check", template, "--params", wrong)
    assert outcome.code == 2
    assert "Parameters.Access" in outcome.err
    assert 'did you mean "Access"?' in outcome.err
    assert run("check", template, "--params", write("q.json", {"Parameters": {}})).code == 0


def test_the_intent_is_that_of_the_environment_the_parameter_file_is_named_after(write: Any, run: Run) -> None:
    template = write("t.json", BUCKET)
    given = write("params/prod.json", {"Parameters": {"Days": 3}})
    assert run("check", template, "--params", given).code == 0
    other = write("other.toml", "[default]\nlog_days = 1\n[prod]\nlog_days = 30\n")
    outcome = run("check", template, "--params", given, "--intent", other)
    assert outcome.code == 1
    assert "store-log-retention" in outcome.out
    assert (
        run("check", template, "--params", write("dev.json", {"Parameters": {"Days": 3}}), "--intent", other).code == 0
    )
    # The file beside the parameters is taken by itself.
    write("params/intent.toml", "[default]\nlog_days = 7\n")
    assert "store-log-retention" in run("check", template, "--params", given).out


def test_the_environments_place_comes_from_the_targets_beside_its_parameters(write: Any, run: Run) -> None:
    template = write(
        "site.json",
        {
            "Conditions": {"Elsewhere": {"Fn::Equals": [{"Fn::Sub": "${AWS::Region}/${AWS::AccountId}"}, "x/y"]}},
            "Resources": {"Files": {"Type": "AWS::S3::Bucket", "Condition": "Elsewhere"}},
        },
    )
    params = write("params/prod.json", {"Parameters": {}})
    assert run("check", template, "--params", params, "--json").data["analysed"]["resources"] == 1
    write("params/targets.toml", '[prod]\nregion = "eu-west-1"\naccount = "333333333333"\n')
    assert run("check", template, "--params", params, "--json").data["analysed"]["resources"] == 0
    write("params/targets.toml", '[prod]\nregoin = "eu-west-1"\n')
    outcome = run("check", template, "--params", params)
    assert outcome.code == 2
    assert 'did you mean "region"?' in outcome.err


def test_a_query_that_fails_is_unknown_and_the_others_answer(
    write: Any, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> list[Any]:
        raise KeyError("surprise")

    monkeypatch.setitem(proofs.QUERIES, "wiring", fails)
    template = write("t.json", BUCKET)
    outcome = run("check", template, "--json")
    assert outcome.code == 0
    [finding] = outcome.data["findings"]
    assert (finding["id"], finding["verdict"]) == ("check-failed", "unknown")
    assert finding["message"].startswith("Nothing is known about wiring: the query failed on this template (KeyError")
    assert outcome.data["proved"] > 0
    with pytest.raises(KeyError, match="surprise"):
        run("check", template, "--debug")


@pytest.mark.parametrize(
    ("logical_id", "path", "line"),
    [
        ("Group", "Properties.Rules.0.Port", 4),
        ("Group", "", 3),
        # Resolved away from where it stands: what is around it is the nearest.
        ("Group", "Properties.Rules.7.Port", 4),
        ("Group", "Properties.Missing", 3),
        ("Group", "Properties.Port.Value", 3),
        # A key may hold dots.
        ("", "Outputs.Site.Name.Value", 6),
        ("", "Nowhere", None),
        ("", "", None),
    ],
)
def test_a_line_is_found_as_deep_as_the_template_goes(logical_id: str, path: str, line: int | None) -> None:
    text = """{
      "Resources": {
        "Group": {"Properties": {"Port": 1,
          "Rules": [{"Port": 1}]}}},
      "Outputs": {
        "Site.Name": {"Value": 1}}}"""
    finding = broken("net-open", logical_id, path, "", "")
    assert line_of(finding, json.loads(text), json_lines(text)) == line


def test_the_page_on_proofs_shows_a_template_with_its_real_answer(write: Any, run: Run) -> None:
    page = (ROOT / "docs" / "proofs.md").read_text(encoding="utf-8")
    told = page.partition("## How to read an answer")[2]
    template, answer = re.findall(r"^```(?:yaml)?\n(.*?)^```$", told, re.MULTILINE | re.DOTALL)[:2]
    outcome = run("check", write("site.yaml", template))
    assert outcome.code == 1
    assert outcome.out == answer
