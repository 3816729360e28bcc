"""What a change opens and closes in the trust of roles: who may take one on, before and after."""

from __future__ import annotations

import pytest

from tests.unit.stackproof.deployment.exposures import (
    A_LOGS,
    READ,
    ROOT,
    Resources,
    compared,
    of_role,
    role,
    statement,
)


class TestTrust:
    """Who may take a role on."""

    @staticmethod
    def trust(before: Resources, after: Resources) -> list[tuple[str, str, bool]]:
        found = compared({"Role": role(trust=before)}, {"Role": role(trust=after)})
        assert {each.kind for each in found} <= {"trust"}
        return [(each.effect, each.what, each.everybody) for each in found]

    def test_another_service_is_opened_and_the_old_one_closed(self) -> None:
        before, after = (
            statement("sts:AssumeRole", Principal={"Service": f"{name}.amazonaws.com"}) for name in ("ecs", "ec2")
        )
        assert self.trust(before, after) == [
            ("opened", "lets ec2.amazonaws.com sts:AssumeRole", False),
            ("closed", "no longer lets ecs.amazonaws.com sts:AssumeRole", False),
        ]

    @pytest.mark.parametrize("account", [ROOT, "111111111111"])
    def test_the_whole_account_is_broader_than_one_of_its_roles(self, account: str) -> None:
        before = statement("sts:AssumeRole", Principal={"AWS": "arn:aws:iam::111111111111:role/one"})
        after = statement("sts:AssumeRole", Principal={"AWS": account})
        assert self.trust(before, after) == [("broadened", f"lets {account} sts:AssumeRole", False)]

    def test_an_account_by_number_and_by_root_are_the_same(self) -> None:
        before, after = (statement("sts:AssumeRole", Principal={"AWS": name}) for name in (ROOT, "111111111111"))
        assert self.trust(before, after) == []

    def test_what_a_policy_variable_stands_for_is_told_as_it_is_written(self) -> None:
        home = "arn:aws:s3:::a/${aws:username}"
        assert of_role([statement(READ, A_LOGS)], [statement(READ, [A_LOGS, home])]) == [
            ("opened", f"may {READ} on {home}")
        ]

    def test_another_account_is_another(self) -> None:
        before, after = (statement("sts:AssumeRole", Principal={"AWS": name * 12}) for name in "12")
        assert [each[0] for each in self.trust(before, after)] == ["opened", "closed"]

    @pytest.mark.parametrize(
        ("condition", "everybody"),
        [
            ({}, True),
            ({"Condition": {"StringEquals": {"sts:ExternalId": "x"}}}, False),
            # It holds AWS's services to one account, but lets in every one of them.
            ({"Condition": {"StringEquals": {"aws:SourceAccount": "111111111111"}}}, True),
        ],
    )
    def test_everybody_is_said_to_be_everybody(self, condition: Resources, everybody: bool) -> None:
        before = statement("sts:AssumeRole", Principal={"AWS": ROOT})
        found = self.trust(before, statement("sts:AssumeRole", Principal="*", **condition))[0]
        assert found[0] == ("broadened" if not condition else "opened")
        assert found[1].startswith("lets everybody sts:AssumeRole")
        assert found[2] is everybody

    def test_everybody_but_one_is_everybody(self) -> None:
        before = statement("sts:AssumeRole", Principal={"AWS": "222222222222"})
        after = statement("sts:AssumeRole", NotPrincipal={"AWS": "333333333333"})
        (found,) = self.trust(before, after)
        assert found == ("broadened", "lets everything but 333333333333 sts:AssumeRole", True)
        own = statement("sts:AssumeRole", Principal={"AWS": "arn:aws:iam::333333333333:role/one"})
        assert [each[0] for each in self.trust(own, after)] == ["opened", "closed"], "one of those that are left out"
        service = statement("sts:AssumeRole", Principal={"Service": "ecs.amazonaws.com"})
        assert [each[0] for each in self.trust(service, after)] == ["broadened"]
        fewer = statement("sts:AssumeRole", NotPrincipal={"AWS": ["333333333333", "444444444444"]})
        assert self.trust(after, fewer)[0][0] == "narrowed"

    def test_a_principal_that_cannot_be_read_is_compared_by_its_wording(self) -> None:
        both = statement("sts:AssumeRole", Principal={"AWS": {"Fn::Transform": {"Name": "x"}}})
        assert self.trust(both, both) == []
