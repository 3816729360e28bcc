"""A plan and an apply prove what they would send, where params/intent.toml says what is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.integration.deployer import TOPIC

if TYPE_CHECKING:
    import pytest

    from tests.integration.deployer import Deployer

QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"SqsManagedSseEnabled": {"Ref": "Encrypted"}}}
ENCRYPTED = {"Encrypted": {"Type": "String", "Default": "true"}}
TOLD = "AWS was not asked: dev would be broken. Mend it, declare an exception with its reason in params/intent.toml, or"


def intent(deployer: Deployer, text: str = "") -> None:
    (deployer.folder / "params" / "intent.toml").write_text(text)


def test_a_value_of_set_that_breaks_something_never_reaches_aws(deployer: Deployer) -> None:
    deployer.write({"Queue": QUEUE}, parameters=ENCRYPTED)
    intent(deployer)
    assert deployer("plan", "dev").code == 0
    refused = deployer("plan", "dev", "--set", "Encrypted=false")
    assert (refused.code, refused.out) == (4, "")
    lines = refused.err.splitlines()
    assert lines[0] == "Broken (1)"
    assert lines[1].startswith("  store-encrypted  Queue.Properties.SqsManagedSseEnabled  (dist/lms.json:")
    assert lines[-1] == f"{TOLD} leave the proofs out with --no-proofs"
    assert deployer.change_sets() == []
    assert "+ Queue" in deployer("plan", "dev", "--set", "Encrypted=false", "--no-proofs").out


def test_an_apply_is_proven_whether_or_not_somebody_built(deployer: Deployer) -> None:
    deployer.write({"Queue": QUEUE}, parameters=ENCRYPTED, given={"Encrypted": "false"})
    intent(deployer)
    refused = deployer("apply", "dev", "--yes")
    assert (refused.code, refused.out) == (4, "")
    assert TOLD in refused.err
    assert deployer.stack() is None
    assert deployer("apply", "dev", "--yes", "--no-proofs").code == 0


def test_a_template_outside_of_the_repository_is_named_whole(deployer: Deployer, tmp_path_factory: Any) -> None:
    deployer.write({"Queue": QUEUE}, parameters=ENCRYPTED, given={"Encrypted": "false"})
    intent(deployer)
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "queue.json"
    (deployer.folder / "dist" / "lms.json").rename(elsewhere)
    refused = deployer("plan", "dev", "--template", str(elsewhere))
    assert refused.code == 4
    assert f"  store-encrypted  Queue.Properties.SqsManagedSseEnabled  ({elsewhere}:" in refused.err


def test_where_nobody_said_what_is_meant_nothing_is_refused(
    deployer: Deployer, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployer.write({"Queue": QUEUE}, parameters=ENCRYPTED, given={"Encrypted": "false"})
    assert deployer("plan", "dev").code == 0
    intent(deployer)
    monkeypatch.chdir(deployer.folder)
    foreign = ("plan", "--template", "dist/lms.json", "--params", "params/dev.json", "--stack-name", "theirs")
    assert deployer.stackproof(*foreign).code == 0


def test_an_exception_that_these_values_do_not_need_is_no_reason_to_refuse(deployer: Deployer) -> None:
    deployer.write({"Queue": QUEUE}, parameters=ENCRYPTED)
    intent(deployer, '[[dev.accept]]\nrule = "store-encrypted"\nresource = "Queue"\nreason = "for one plan alone"\n')
    assert deployer("plan", "dev").code == 0
    assert deployer("plan", "dev", "--set", "Encrypted=false").code == 0


def test_a_fault_in_the_intent_is_told_before_aws_is_asked(deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC})
    intent(deployer, "[dev]\nlog_dayz = 7\n")
    refused = deployer("plan", "dev")
    assert refused.code == 2
    assert "params/intent.toml: dev.log_dayz" in refused.err
