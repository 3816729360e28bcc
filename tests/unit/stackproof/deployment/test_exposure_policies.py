"""What a change opens and closes in IAM: statements by meaning, trust, boundaries, policies of resources."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stackproof.deployment import exposure_policies
from stackproof.deployment.access import Access
from tests.unit.stackproof.deployment.exposures import (
    A_LOGS,
    ALL,
    READ,
    ROOT,
    A,
    B,
    Resources,
    compared,
    document,
    of_role,
    resource,
    role,
    statement,
    told,
)

PARAMETERS = {"Bucket": {"Type": "String"}, "Key": {"Type": "String", "NoEcho": True}}
LIKE = {"StringLike": {"s3:prefix": "home/*"}}


class TestStatements:
    """One role; what its statements mean counts, not how they are written."""

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ([statement([READ, "s3:PutObject"], A)], [statement(READ, A), statement("s3:PutObject", [A])]),
            ([statement(READ, A), statement(READ, A_LOGS)], [statement(READ, A)]),
            ([statement("S3:getobject", A)], [statement(READ, A)]),
            ([statement("s3:*", A)], [statement("s3:*", A), statement(READ, A_LOGS)]),
            ([statement(READ, ALL)], [statement(READ, ALL), statement(READ, {"Fn::ImportValue": "Bucket"})]),
            ([statement(READ, A, Condition=LIKE)], [statement(READ, A, Condition=LIKE, Sid="Renamed")]),
            (
                [statement(READ, "arn:aws:s3:::a/${aws:username}/*")],
                [statement(READ, ["arn:aws:s3:::a/${aws:username}/*"])],
            ),
            (
                [statement(READ, A, Condition={"StringEquals": {"aws:userid": "${aws:userid}"}})],
                [statement(READ, A, Condition={"StringEquals": {"aws:userid": ["${aws:userid}"]}})],
            ),
        ],
    )
    def test_another_spelling_of_the_same_is_nothing(self, before: list[Resources], after: list[Resources]) -> None:
        assert of_role(before, after) == []

    def test_a_new_action_is_opened_and_nothing_else_is_told_again(self) -> None:
        assert of_role([statement(READ, A)], [statement([READ, "s3:PutObject"], [A])]) == [
            ("opened", f"may s3:PutObject on {A}")
        ]

    def test_what_is_left_of_actions_and_resources_is_told_in_pieces(self) -> None:
        after = [statement([READ, "s3:PutObject"], [A, B])]
        assert of_role([statement(READ, A)], after) == [
            ("opened", f"may s3:PutObject on {A}, {B}"),
            ("opened", f"may {READ} on {B}"),
        ]

    def test_a_statement_that_goes_is_closed(self) -> None:
        assert of_role([statement(READ, A), statement(READ, B)], [statement(READ, A)]) == [
            ("closed", f"may no longer {READ} on {B}")
        ]

    @pytest.mark.parametrize(
        ("narrow", "wide"),
        [
            (statement(READ, A_LOGS), statement(READ, A)),
            (statement(READ, A), statement(READ, ALL)),
            (statement(READ, A), statement("s3:Get*", A)),
            (statement(READ, A), statement(ALL, A)),
            (statement(READ, A, Condition=LIKE), statement(READ, A)),
            (
                statement(READ, A, Condition={"StringLike": {"s3:prefix": "home/ana/*"}}),
                statement(READ, A, Condition=LIKE),
            ),
            (
                statement(READ, A, Condition={"IpAddress": {"aws:SourceIp": "10.1.0.0/16"}}),
                statement(READ, A, Condition={"IpAddress": {"aws:SourceIp": ["10.0.0.0/8"]}}),
            ),
            (
                statement(READ, A, Condition={"StringNotEquals": {"aws:PrincipalAccount": ["1", "2"]}}),
                statement(READ, A, Condition={"StringNotEquals": {"aws:PrincipalAccount": "1"}}),
            ),
            (
                statement(READ, A, Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}}),
                statement(READ, A, Condition={"StringEqualsIfExists": {"aws:SourceVpce": ["vpce-1", "vpce-2"]}}),
            ),
            (statement(None, A, NotAction=["s3:Delete*", "s3:Put*"]), statement(None, A, NotAction="s3:Put*")),
            (statement(READ, A), statement(None, A, NotAction="iam:*")),
            (statement(READ, A), statement(None, A, NotAction="s3:GetObjectAcl")),
            (statement(READ, {"Fn::Sub": "${Role}/a/*"}), statement(READ, {"Fn::Sub": "${Role}/*"})),
            (statement(READ, A), statement(READ, NotResource=B)),
        ],
    )
    def test_what_covers_the_old_is_broader_and_the_other_way_round_narrower(
        self, narrow: Resources, wide: Resources
    ) -> None:
        (broader,) = compared({"Role": role(narrow)}, {"Role": role(wide)})
        (narrower,) = compared({"Role": role(wide)}, {"Role": role(narrow)})
        assert (broader.effect, narrower.effect) == ("broadened", "narrowed")
        # Both tell how it is now, and how it was.
        assert (broader.what, broader.instead) == (narrower.instead, narrower.what)
        assert broader.kind == "permissions"

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            # A "?" is one character: what ends in "*" is more than that.
            (statement(READ, "arn:aws:s3:::a/??"), statement(READ, "arn:aws:s3:::a/*")),
            (statement(READ, A), statement(None, A, NotAction="s3:Put*")),
            (
                statement(READ, A, Condition={"StringEquals": {"aws:SourceVpce": "a"}}),
                statement(READ, A, Condition={"StringLike": {"aws:SourceVpce": "a"}}),
            ),
        ],
    )
    def test_what_does_not_cover_the_old_is_no_narrower(self, before: Resources, after: Resources) -> None:
        assert "narrowed" not in dict(of_role([before], [after]))
        assert {"opened", "broadened"} & set(dict(of_role([before], [after])))

    def test_other_values_of_a_condition_open_one_and_close_the_other(self) -> None:
        before, after = (
            statement(READ, A, Condition={"StringEquals": {"aws:PrincipalAccount": number}}) for number in ("1", "2")
        )
        assert of_role([before], [after]) == [
            ("opened", f"may {READ} on {A} if aws:PrincipalAccount StringEquals 2"),
            ("closed", f"may no longer {READ} on {A} if aws:PrincipalAccount StringEquals 1"),
        ]

    def test_a_denial_that_comes_closes_and_one_that_goes_opens(self) -> None:
        allow, deny = statement("s3:*", ALL), statement("s3:DeleteBucket", ALL, effect="Deny")
        assert of_role([allow], [allow, deny]) == [("closed", "is denied s3:DeleteBucket on *")]
        assert of_role([allow, deny], [allow]) == [("opened", "is no longer denied s3:DeleteBucket on *")]

    def test_a_denial_that_covers_less_broadens(self) -> None:
        before, after = (statement("s3:Delete*", on, effect="Deny") for on in (ALL, A))
        (found,) = compared({"Role": role(before)}, {"Role": role(after)})
        assert (found.effect, found.what, found.instead) == (
            "broadened",
            f"is denied s3:Delete* on {A}",
            "is denied s3:Delete* on *",
        )

    def test_a_statement_that_moves_into_a_policy_of_its_own_is_nothing(self) -> None:
        apart = resource(
            "IAM::Policy", PolicyName="p", PolicyDocument=document(statement(READ, A)), Roles=[{"Ref": "Role"}]
        )
        assert told({"Role": role(statement(READ, A))}, {"Role": role(), "Policy": apart}) == []

    def test_an_arn_is_the_same_however_it_is_spelled(self) -> None:
        bucket = resource("S3::Bucket", BucketName="uploads")
        before, after = (
            {"Bucket": bucket, "Role": role(statement(READ, on))}
            for on in ({"Fn::Sub": "${Bucket.Arn}/*"}, "arn:aws:s3:::uploads/*")
        )
        assert told(before, after) == []

    def test_everything_of_a_new_role_is_opened_and_of_one_that_goes_closed(self) -> None:
        found = compared({}, {"Role": role(statement(READ, A))})
        assert [(each.effect, each.kind, each.type) for each in found] == [
            ("opened", "trust", "AWS::IAM::Role"),
            ("opened", "permissions", "AWS::IAM::Role"),
        ]
        assert {each.effect for each in compared({"Role": role(statement(READ, A))}, {})} == {"closed"}


class TestKnownLater:
    """Values that only AWS knows."""

    def test_what_may_be_the_same_as_before_is_unknown(self) -> None:
        found = compared(
            {"Role": role(statement(READ, "arn:aws:s3:::a"))},
            {"Role": role(statement(READ, {"Fn::ImportValue": "Bucket"}))},
        )
        assert found[0] == Access(
            "Role",
            "AWS::IAM::Role",
            "permissions",
            "unknown",
            f"may {READ} on ${{import:Bucket}}",
            "${import:Bucket} is known to AWS only",
        )
        assert found[1].effect == "closed"

    def test_a_new_action_on_it_is_opened_all_the_same(self) -> None:
        assert of_role(
            [statement(READ, A)],
            [statement(READ, A), statement("sqs:SendMessage", {"Ref": "Bucket"})],
            parameters=PARAMETERS,
        ) == [("opened", "may sqs:SendMessage on ${Bucket}")]

    def test_the_value_of_a_secret_parameter_is_unknown_where_the_resource_changes(self) -> None:
        both = [statement(READ, {"Ref": "Key"})]
        more = {"parameters": PARAMETERS, "opaque": {"Key"}}
        assert of_role(both, both, touched={"Role"}, **more) == [("unknown", f"may {READ} on ${{Key}}")]
        assert of_role(both, both, touched=set(), **more) == []

    def test_a_policy_whose_existence_only_aws_decides_is_unknown(self) -> None:
        policy = {
            **resource("IAM::Policy", PolicyDocument=document(statement(READ, A)), Roles=[{"Ref": "Role"}]),
            "Condition": "Maybe",
        }
        found = told(
            {"Role": role()},
            {"Role": role(), "Policy": policy},
            parameters=PARAMETERS,
            conditions={"Maybe": {"Fn::Equals": [{"Ref": "Bucket"}, "a"]}},
        )
        assert found == [("unknown", f"may {READ} on {A}")]

    def test_a_resource_that_cannot_be_worked_out_is_unknown(self) -> None:
        one, two = ([statement(READ, {"Fn::Transform": {"Name": name}})] for name in ("one", "two"))
        assert of_role(one, one) == []
        assert [each[0] for each in of_role(one, two)] == ["unknown"], "told alike, and not the same"
        assert [each[0] for each in of_role(one, [])] == ["unknown"]
        (found,) = compared({"Role": role()}, {"Role": role(*two)})
        assert (found.effect, found.kind) == ("unknown", "permissions")
        assert "Fn::Transform" in found.instead

    def test_a_policy_that_cannot_be_read_is_unknown_unless_nothing_of_it_changed(self) -> None:
        def unread(name: str) -> Resources:
            transform = {"Fn::Transform": {"Name": name}}
            return {"Policy": resource("IAM::ManagedPolicy", PolicyDocument=transform)}

        (found,) = compared(unread("one"), unread("two"))
        assert (found.effect, found.what) == ("unknown", "has a policy that cannot be read")
        assert found.instead
        assert compared(unread("one"), unread("one")) == ()

    def test_more_statements_than_are_compared_are_unknown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(exposure_policies, "_MOST_GRANTS", 1)
        two, three = ([statement(READ, f"arn:aws:s3:::{name}") for name in names] for names in ("ab", "abc"))
        assert of_role(two, three) == [("unknown", "has policies that change")]
        assert of_role(two, two) == []


class TestIdentities:
    """Users, groups, managed policies and boundaries."""

    def test_users_and_groups_have_policies_too(self) -> None:
        policies = [{"PolicyName": "p", "PolicyDocument": document(statement(READ, A))}]
        after = {"User": resource("IAM::User", Policies=policies), "Group": resource("IAM::Group", Policies=policies)}
        assert [(each.logical_id, each.what) for each in compared({}, after)] == [
            ("Group", f"may {READ} on {A}"),
            ("User", f"may {READ} on {A}"),
        ]

    @pytest.mark.parametrize(
        ("kind", "name"),
        [
            ("IAM::ManagedPolicy", "PolicyDocument"),
            ("IAM::UserPolicy", "PolicyDocument"),
            ("SSO::PermissionSet", "InlinePolicy"),
        ],
    )
    def test_a_policy_that_no_role_of_the_template_has_speaks_for_itself(self, kind: str, name: str) -> None:
        text: Any = document(statement(READ, A))
        policy = resource(kind, **{name: json.dumps(text) if name == "InlinePolicy" else text})
        assert told({}, {"Policy": policy}) == [("opened", f"may {READ} on {A}")]

    def test_a_managed_policy_is_named(self) -> None:
        admin, view = (f"arn:aws:iam::aws:policy/{name}" for name in ("AdministratorAccess", "ViewOnlyAccess"))
        before, after = ({"Role": role(ManagedPolicyArns=[name])} for name in (view, admin))
        assert told(before, after) == [
            ("opened", f"gets all that the managed policy {admin} allows"),
            ("closed", f"loses what the managed policy {view} allows"),
        ]

    def test_a_managed_policy_of_the_template_is_read(self) -> None:
        policy = resource("IAM::ManagedPolicy", PolicyDocument=document(statement(READ, A)))
        before = {"Policy": policy, "Role": role()}
        after = {"Policy": policy, "Role": role(ManagedPolicyArns=[{"Ref": "Policy"}])}
        assert told(before, after) == [("opened", f"may {READ} on {A}"), ("closed", f"may no longer {READ} on {A}")]

    def test_a_boundary_that_comes_goes_or_changes(self) -> None:
        one, two = (role(PermissionsBoundary=f"arn:aws:iam::111111111111:policy/{name}") for name in ("one", "two"))
        none = role()
        assert told({"Role": none}, {"Role": one}) == [
            ("narrowed", "is held by the permissions boundary arn:aws:iam::111111111111:policy/one")
        ]
        assert told({"Role": one}, {"Role": none}) == [("broadened", "has no permissions boundary")]
        assert [each[0] for each in told({"Role": one}, {"Role": two})] == ["unknown"]
        assert told({"Role": one}, {"Role": one}) == []
        assert "boundary" not in {each.kind for each in compared({}, {"Role": one})}


class TestResources:
    """Policies that stand on resources, wherever they stand."""

    def test_a_key_policy_has_a_name_of_its_own(self) -> None:
        own = statement("kms:*", ALL, Principal={"AWS": ROOT})
        other = statement("kms:Decrypt", ALL, Principal={"AWS": "222222222222"})
        before, after = ({"Key": resource("KMS::Key", KeyPolicy=document(*side))} for side in ([own], [own, other]))
        (found,) = compared(before, after)
        assert found == Access("Key", "AWS::KMS::Key", "key policy", "opened", "lets 222222222222 kms:Decrypt")

    @pytest.mark.parametrize(
        ("kind", "properties"),
        [
            ("S3::BucketPolicy", lambda policy: {"Bucket": "a", "PolicyDocument": policy}),
            ("Logs::ResourcePolicy", lambda policy: {"PolicyName": "a", "PolicyDocument": json.dumps(policy)}),
            ("Backup::BackupVault", lambda policy: {"BackupVaultName": "a", "AccessPolicy": policy}),
            ("DynamoDB::Table", lambda policy: {"ResourcePolicy": {"PolicyDocument": policy}}),
            ("Some::Thing", lambda policy: {"Deep": [{"Inside": policy}]}),
            ("Some::Policy", lambda policy: policy),
        ],
    )
    def test_a_policy_for_everybody_is_found_and_is_public(self, kind: str, properties: Any) -> None:
        policy = document(statement("a:Read", "arn:aws:a:::b", Principal="*"))
        (found,) = compared({}, {"Policy": resource(kind, **properties(policy))})
        assert (found.kind, found.effect, found.everybody) == ("resource policy", "opened", True)
        assert found.what == "lets everybody a:Read on arn:aws:a:::b"

    def test_one_that_tells_who_comes_is_not_public_and_an_endpoint_is_open_by_nature(self) -> None:
        source = {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:111111111111:*"}}
        narrowed = statement("sqs:SendMessage", ALL, Principal="*", Condition=source)
        open_to_all = statement(ALL, ALL, Principal="*")
        after = {
            "Queue": resource("SQS::QueuePolicy", Queues=["q"], PolicyDocument=document(narrowed)),
            "Endpoint": resource("EC2::VPCEndpoint", PolicyDocument=document(open_to_all)),
        }
        assert [each.everybody for each in compared({}, after)] == [False, False]

    def test_a_statement_without_an_action_grants_nothing(self) -> None:
        policy = resource(
            "S3::BucketPolicy", Bucket="a", PolicyDocument=document({"Effect": "Allow", "Principal": "*"})
        )
        assert told({}, {"Policy": policy}) == []

    def test_a_denial_of_a_resource_is_told_as_one(self) -> None:
        deny = statement(
            "s3:*", ALL, effect="Deny", Principal="*", Condition={"Bool": {"aws:SecureTransport": "false"}}
        )
        policy = {"Policy": resource("S3::BucketPolicy", Bucket="a", PolicyDocument=document(deny))}
        assert told({}, policy) == [("closed", "denies everybody s3:* if aws:SecureTransport Bool false")]
        assert told(policy, {})[0] == ("opened", "no longer denies everybody s3:* if aws:SecureTransport Bool false")

    def test_a_permission_of_a_function_is_a_statement(self) -> None:
        permission = resource(
            "Lambda::Permission",
            Action="lambda:InvokeFunction",
            FunctionName="f",
            Principal="sns.amazonaws.com",
            SourceAccount="111111111111",
        )
        assert told({}, {"Permission": permission}) == [
            ("opened", "lets sns.amazonaws.com lambda:InvokeFunction if aws:SourceAccount StringEquals 111111111111")
        ]
