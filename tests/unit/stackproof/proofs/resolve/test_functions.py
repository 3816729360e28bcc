"""The intrinsic functions of their arguments alone, and what they say of malformed ones."""

from __future__ import annotations

import pytest

from stackproof.proofs.equality import equal
from stackproof.proofs.resolve import functions
from stackproof.proofs.values import Dynamic, Sym, Unknown, Value, join, show, symbols

SUBNETS = Sym("Subnets", kind="parameter", many=True)
PARAMETER = Sym("Text", kind="parameter")
VPC = Sym("Vpc", plain=True)
ROLE = Sym("Role", "Arn")


def reason(value: Value) -> str:
    assert isinstance(value, Unknown)
    return value.reason


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (functions.join_list("-", ["a", 1, VPC]), "a-1-${Vpc}"),
        (functions.join_list(",", []), ""),
        (functions.join_list(",", SUBNETS), "${Fn::Join(,, ${Subnets})}"),
        (functions.select("1", ["a", "b"]), "b"),
        (functions.select(0, SUBNETS), "${Subnets.Ref[0]}"),
        (functions.select(PARAMETER, ["a", "b"]), "${Fn::Select(${Text}, [a, b])}"),
        (functions.split(",", "a,b"), "[a, b]"),
        (functions.split("/", join("a/", VPC, "/b", VPC)), "[a, ${Vpc}, b${Vpc}]"),
        (functions.split("/", VPC), "[${Vpc}]"),
        (functions.split("-", VPC), "${Fn::Split(-, ${Vpc})}"),
        (functions.split(":", ROLE), "${Fn::Split(:, ${Role.Arn})}"),
        (functions.split(":", Dynamic("ssm", "/x")), "${Fn::Split(:, {{resolve:ssm:/x}})}"),
        (functions.cidr("10.0.0.0/16", 2), "[10.0.0.0/24, 10.0.1.0/24]"),
        (
            functions.cidr("192.168.0.0/24", "6", "5"),
            "[192.168.0.0/27, 192.168.0.32/27, 192.168.0.64/27, 192.168.0.96/27, 192.168.0.128/27, 192.168.0.160/27]",
        ),
        (functions.cidr("2001:db8::/56", 1, 64), "[2001:db8::/64]"),
        (functions.encode("héllo"), "aMOpbGxv"),
        (functions.encode(VPC), "${Fn::Base64(${Vpc})}"),
        (functions.imported("shared-vpc"), "${import:shared-vpc}"),
        (functions.imported(join("a-", PARAMETER)), "${import:a-${Text}}"),
        (functions.stack_output({"StackName": "a"}), "${Fn::GetStackOutput({StackName: a})}"),
        (functions.length([1, 2]), "2"),
        (functions.length(SUBNETS), "${Fn::Length(${Subnets})}"),
        (
            functions.json_text({"a": [1, True, VPC, 'x"y'], "b": join("v/", VPC)}),
            '{"a":[1,true,"${Vpc}","x\\"y"],"b":"v/${Vpc}"}',
        ),
    ],
)
def test_what_can_be_computed_is_and_the_rest_keeps_its_identity(value: Value, shown: str) -> None:
    assert show(value) == shown


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (functions.join_list(VPC, ["a"]), "Fn::Join takes a delimiter and a list"),
        (functions.join_list(",", "text"), "Fn::Join takes a delimiter and a list"),
        (functions.select(2, ["a", "b"]), "Fn::Select asks for item 2 of a list of 2"),
        (functions.select(-1, ["a"]), "Fn::Select asks for item -1 of a list of 1"),
        (functions.select("x", ["a"]), "Fn::Select takes an index and a list"),
        (functions.select(0, "text"), "Fn::Select takes an index and a list"),
        (functions.split("", "text"), "Fn::Split takes a delimiter and text"),
        (functions.split(",", ["a"]), "Fn::Split takes a delimiter and text"),
        (functions.cidr("10.0.0.0/16", 0), "Fn::Cidr takes a block, a count from 1 to 256, and the bits of each part"),
        (
            functions.cidr("10.0.0.0/16", 1, VPC),
            "Fn::Cidr takes a block, a count from 1 to 256, and the bits of each part",
        ),
        (
            functions.cidr("nonsense", 1),
            "Fn::Cidr cannot divide nonsense: 'nonsense' does not appear to be an IPv4 or IPv6 network",
        ),
        (functions.cidr("10.0.0.0/28", 1, 8), "Fn::Cidr cannot divide 10.0.0.0/28: new prefix must be longer"),
        (functions.encode(["a"]), "Fn::Base64 takes text"),
        (functions.imported(["a"]), "Fn::ImportValue takes the name of an export"),
        (functions.length("text"), "Fn::Length takes a list"),
        (functions.json_text([Unknown("a macro rewrites it")]), "a macro rewrites it"),
    ],
)
def test_malformed_arguments_get_a_reason(value: Value, why: str) -> None:
    assert reason(value) == why


def test_parts_of_one_block_are_told_apart_by_position() -> None:
    parts = functions.cidr(PARAMETER, 2)
    assert isinstance(parts, list)
    assert equal(parts[0], parts[0]) is True
    assert equal(parts[0], parts[1]) is False
    assert equal(parts, functions.cidr(PARAMETER, "2", 8)) is True
    other = functions.cidr(Sym("Other", kind="parameter"), 2)
    assert isinstance(other, list)
    assert equal(parts[0], other[1]) is None


def test_a_member_of_a_symbolic_list_remembers_what_it_was_made_of() -> None:
    member = functions.select(1, functions.split("-", VPC))
    assert isinstance(member, Sym)
    assert member.attribute == "-, ${Vpc}[1]"
    assert symbols(member) == [member, VPC]
