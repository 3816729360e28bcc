"""How policies are read, and that nothing malformed is mistaken for one that allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stackproof.proofs.iam import managed
from stackproof.proofs.model.iam import key_of, model_iam, named, role_of
from stackproof.proofs.model.system import model
from stackproof.proofs.permissions.queries import prove
from stackproof.proofs.resolve.stack import resolve
from stackproof.proofs.values import Sym, Unknown
from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import ACCOUNT, REGION, put, ref, resource
from tests.unit.stackproof.proofs.permissions_support import allow, changed, complaints, document, role, service, sub

if TYPE_CHECKING:
    from collections.abc import Callable

    from stackproof.proofs.model.iam import Access
    from stackproof.proofs.resolve.stack import Stack
    from stackproof.proofs.values import Value
    from tests.unit.stackproof.proofs.permissions_support import Template

    Change = Callable[[Template], None]


def stack(**resources: dict[str, Any]) -> Stack:
    return resolve({"Resources": resources}, {}, region=REGION, account=ACCOUNT, stack_name="lms")


def access(**resources: dict[str, Any]) -> Access:
    return model_iam(stack(**resources))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (None, "Properties.AssumeRolePolicyDocument of Own is no policy"),
        ("{nothing", "the policy is text that is no JSON"),
        ({"Statement": ["x"]}, "Properties.AssumeRolePolicyDocument.Statement.0 of Own is no statement"),
        ({"Statement": {"Effect": "Maybe"}}, "Properties.AssumeRolePolicyDocument.Statement.Effect of Own is Maybe"),
        ({"Statement": {"Fn::Transform": {"Name": "X"}}}, "a macro rewrites it"),
        ({"Statement": [{"Fn::Transform": {"Name": "X"}}]}, "a macro rewrites it"),
        ({"Fn::Transform": {"Name": "X"}}, "a macro rewrites it"),
    ],
)
def test_what_is_no_policy_is_unknown_with_a_reason(body: object, reason: str) -> None:
    trust = access(Own=resource("IAM::Role", AssumeRolePolicyDocument=body)).roles["Own"].trust
    assert trust.statements == ()
    assert trust.unread is not None
    assert reason.split(maxsplit=1)[0] in trust.unread.reason


def test_one_statement_needs_no_list_and_lists_of_one_need_none_either() -> None:
    trust = {"Statement": allow("sts:AssumeRole", Principal=service("ec2"))}
    (found,) = access(Own=resource("IAM::Role", AssumeRolePolicyDocument=trust)).roles["Own"].trust.statements
    assert (found.path, found.actions, found.resources) == (
        "Properties.AssumeRolePolicyDocument.Statement",
        ("sts:AssumeRole",),
        None,
    )


def test_policies_as_json_text_keep_their_references() -> None:
    text = '{"Statement": [{"Effect": "Allow", "Action": "x:*", "Resource": ["${Own.Arn}/a", 1, null, true]}]}'
    (found,) = access(Own=role("ec2"), Door=resource("Logs::ResourcePolicy", PolicyDocument=sub(text))).shared
    assert found.statements[0].resources is not None
    assert [str(one) for one in found.statements[0].resources] == [
        f"arn:aws:iam::{ACCOUNT}:role/${{Own}}/a",
        "1",
        "None",
        "True",
    ]
    plain = resource("Logs::ResourcePolicy", PolicyDocument='{"Statement": []}')
    assert access(Door=plain).shared[0].statements == ()


def test_a_policy_variable_is_not_known() -> None:
    statement = allow("s3:GetObject", sub("arn:aws:s3:::b/${!aws:username}"))
    (document_,) = access(Own=role("ec2", statement)).roles["Own"].documents
    (found,) = document_.statements[0].resources or ()
    assert isinstance(found, Unknown)
    assert "holds a policy variable" in found.reason


MACRO = {"Fn::Transform": {"Name": "X"}}


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (put("SecretsKey", "KeyPolicy.Statement.0.Principal", MACRO), Verdict.UNKNOWN),
        (put("SecretsKey", "KeyPolicy.Statement.0.Principal", "ec2.amazonaws.com"), Verdict.UNKNOWN),
        (put("SecretsKey", "KeyPolicy.Statement.0.Condition", "none"), Verdict.UNKNOWN),
        (put("SecretsKey", "KeyPolicy.Statement.0.Condition", {"StringEquals": "none"}), Verdict.UNKNOWN),
        (
            put("SecretsKey", "KeyPolicy.Statement.0.Condition", {"StringEquals": {"aws:UserAgent": "x"}}),
            Verdict.UNKNOWN,
        ),
        (put("SecretsKey", "KeyPolicy.Statement.0.Action", MACRO), Verdict.UNKNOWN),
        (put("SecretsKey", "KeyPolicy.Statement.0.Effect", "allow"), Verdict.UNKNOWN),
        (put("SecretsKey", "KeyPolicy.Statement.0.Action", None), Verdict.BROKEN),
        (put("ExecutionRole", "Policies", MACRO), Verdict.UNKNOWN),
        (put("ExecutionRole", "ManagedPolicyArns", MACRO), Verdict.UNKNOWN),
        (put("ExecutionRole", "Tags", MACRO), Verdict.BROKEN),
    ],
)
def test_what_is_malformed_or_not_modelled_neither_allows_nor_denies(change: Change, verdict: Verdict) -> None:
    without_decrypt = put("ExecutionPolicy", "PolicyDocument.Statement.4", ref("AWS::NoValue"))
    (found,) = (one for one in complaints(changed(change, without_decrypt)) if one.id == "iam-key")
    assert found.verdict is verdict


def test_things_are_found_by_reference_arn_and_name() -> None:
    there = stack(
        Own=resource("IAM::Role", RoleName="own", AssumeRolePolicyDocument=document()),
        Key=resource("KMS::Key"),
        Alias=resource("KMS::Alias", AliasName="alias/own", TargetKeyId=ref("Key")),
        Lost=resource("KMS::Alias", AliasName="alias/lost", TargetKeyId="elsewhere"),
    )
    spellings: list[Value] = [Sym("Own"), Sym("Own", "Arn"), "own", f"arn:aws:iam::{ACCOUNT}:role/own"]
    assert [role_of(there, value) for value in spellings] == ["Own"] * 4
    others: list[Value] = [None, "other", Sym("Key"), Unknown("x"), ["own"]]
    assert [role_of(there, value) for value in others] == [None] * 5
    assert named(there, Sym("Key"), "AWS::KMS::Key") is there.resources["Key"]
    by_alias = key_of(there, "alias/own")
    assert by_alias is not None
    assert by_alias.resource == "Key"
    lost = key_of(there, "alias/lost")
    assert lost is not None
    assert (lost.resource, lost.arn) == (None, "alias/lost")
    owned = key_of(there, f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/aws/sns")
    assert owned is not None
    assert (owned.alias, owned.arn) == ("alias/aws/sns", None)
    assert key_of(there, "") is None


def test_a_policy_for_roles_of_elsewhere_belongs_to_nobody_here() -> None:
    policy = resource("IAM::Policy", PolicyName="x", Roles=["elsewhere"], PolicyDocument=document(allow("*", "*")))
    given = access(Own=role("ec2"), Policy=policy)
    assert given.roles["Own"].documents == ()


def test_a_policy_on_what_is_elsewhere_counts_for_nothing_here() -> None:
    door = resource("S3::BucketPolicy", Bucket="elsewhere", PolicyDocument=document())
    assert access(Door=door).policies == {}
    assert access(Door=door).on(None) == ()


@pytest.mark.parametrize(
    ("arn", "known"),
    [
        ("arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy", True),
        ("arn:aws-cn:iam::aws:policy/AmazonSQSFullAccess", True),
        ("arn:aws:iam::aws:policy/SomethingElse", False),
        (f"arn:aws:iam::{ACCOUNT}:policy/AmazonSQSFullAccess", False),
    ],
)
def test_aws_managed_policies_are_known_by_name(arn: str, known: bool) -> None:
    assert (managed.policy(arn) is not None) is known


def test_a_function_by_name_has_the_permissions_that_name_it() -> None:
    there = resource("Lambda::Function", FunctionName="own", Role="arn:x")
    door = resource(
        "Lambda::Permission", FunctionName="own", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com"
    )
    assert len(access(Function=there, Door=door).on("Function")) == 1


def test_in_china_services_have_the_ending_of_china_too() -> None:
    template = changed(
        put("TaskRole", "AssumeRolePolicyDocument.Statement.0.Principal", {"Service": "ecs-tasks.amazonaws.com.cn"})
    )

    def trusted(region: str) -> set[Verdict]:
        there = resolve(template, {}, region=region, account=ACCOUNT, stack_name="lms")
        return {one.verdict for one in prove(model(there)) if (one.id, one.logical_id) == ("iam-trust", "TaskRole")}

    assert trusted("cn-north-1") == {Verdict.PROVED}
    assert trusted(REGION) == {Verdict.BROKEN}


def test_without_a_region_and_an_account_the_same_holds() -> None:
    found = prove(model(resolve(changed(), {})))
    assert {one.verdict for one in found if one.id in {"iam-trust", "iam-key"}} == {Verdict.PROVED}
    assert {one.id for one in found if one.verdict is Verdict.BROKEN} == set()
