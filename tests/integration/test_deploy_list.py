"""`outputs` and `list` through the command line: one stack's outputs, every environment's state."""

from __future__ import annotations

import os
import re
from datetime import datetime
from typing import TYPE_CHECKING

from tests.integration.deployer import MOMENT, NAME, STACK, TOPIC

if TYPE_CHECKING:
    import pytest

    from tests.integration.deployer import Deployer


class TestOutputs:
    """Outputs alone."""

    def test_a_line_for_each_or_one_object(self, deployer: Deployer) -> None:
        deployer.write({"Topic": TOPIC}, outputs={**NAME, "Arn": {"Value": {"Ref": "Topic"}}})
        deployer.apply()
        done = deployer("outputs", "dev")
        assert (done.code, done.err) == (0, "")
        arn, name = done.out.splitlines()
        assert re.fullmatch(r"Arn   arn:aws:sns:sa-east-1:\d{12}:lms-dev-Topic\S+", arn)
        assert re.fullmatch(r"Name  lms-dev-Topic\S+", name)
        (found,) = deployer("outputs", "dev", "--json").objects
        assert found == {
            "stack": STACK,
            "status": "CREATE_COMPLETE",
            "outputs": {"Arn": arn.split()[1], "Name": name.split()[1]},
        }

    def test_a_stack_without_outputs_prints_nothing(self, deployer: Deployer) -> None:
        deployer.write({"Topic": TOPIC})
        deployer.apply()
        done = deployer("outputs", "dev")
        assert (done.code, done.out, done.err) == (0, "", "")

    def test_without_the_stack_there_is_nothing_to_give(self, deployer: Deployer) -> None:
        deployer.write({"Topic": TOPIC})
        done = deployer("outputs", "dev", "--json")
        assert (done.code, done.out) == (2, "")
        assert done.err == f"lms-dev: does not exist in account {deployer.aws.account}, sa-east-1\n"


class TestList:
    """Every environment, each with what can be known of it."""

    def environments(self, deployer: Deployer) -> None:
        """dev is there, stage is planned, prod is somebody else's, lab has no stack."""
        deployer.write({"Topic": TOPIC})
        deployer.apply()
        (deployer.folder / "params" / "lab.json").write_text("{}")
        (deployer.folder / "params" / "targets.toml").write_text(
            f'[dev]\naccount = "{deployer.aws.account}"\nregion = "sa-east-1"\ntemplate = "lms"\n'
            f'[stage]\naccount = "{deployer.aws.account}"\nregion = "us-east-1"\ntemplate = "lms"\n'
            '[prod]\naccount = "999999999999"\nregion = "sa-east-1"\ntemplate = "lms"\n'
        )

    def test_a_line_for_each(self, deployer: Deployer) -> None:
        self.environments(deployer)
        done = deployer("list")
        assert (done.code, done.err) == (0, "")
        own = deployer.aws.account
        dev, lab, prod, stage = done.out.splitlines()
        assert re.fullmatch(rf"dev    lms-dev    {own}  sa-east-1  CREATE_COMPLETE since {MOMENT}", dev)
        assert re.fullmatch(r"lab +not looked at: no file says its stack: .*", lab)
        assert (
            prod == "prod   lms-prod   999999999999  sa-east-1  not looked at: these credentials are of another account"
        )
        assert stage == f"stage  lms-stage  {own}  us-east-1  does not exist"

    def test_as_json_what_is_not_known_is_null(self, deployer: Deployer) -> None:
        self.environments(deployer)
        (found,) = deployer("list", "--json").objects
        dev, lab, prod, stage = found["environments"]
        assert datetime.fromisoformat(dev.pop("updated")).tzinfo is not None
        own = deployer.aws.account
        assert dev == {
            "environment": "dev",
            "stack": STACK,
            "account": own,
            "region": "sa-east-1",
            "status": "CREATE_COMPLETE",
            "protected": False,
            "problem": None,
        }
        assert (lab["stack"], lab["account"], lab["region"], lab["status"]) == (None,) * 4
        assert prod["problem"] == "these credentials are of another account"
        assert (stage["region"], stage["status"], stage["updated"], stage["problem"]) == ("us-east-1", None, None, None)

    def test_a_profile_of_its_own_that_is_not_here_is_that_environment_s_problem(
        self, deployer: Deployer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        deployer.write({"Topic": TOPIC}, target='profile = "ours"')
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        done = deployer("list")
        assert done.code == 1
        assert 'not looked at: profile "ours": does not exist on this machine' in done.out

    def test_without_an_answer_from_aws_it_fails(self, deployer: Deployer, monkeypatch: pytest.MonkeyPatch) -> None:
        deployer.write({"Topic": TOPIC})
        monkeypatch.setitem(os.environ, "AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        done = deployer("list")
        assert done.code == 1
        assert "not looked at: http://127.0.0.1:9 cannot be reached" in done.out

    def test_another_region_for_all(self, deployer: Deployer) -> None:
        self.environments(deployer)
        assert "us-east-1  does not exist" in deployer("list", "--region", "us-east-1").out.splitlines()[0]
        done = deployer("list", "--region", "nowhere")
        assert (done.code, done.err.split(":")[0]) == (2, "--region")

    def test_where_there_is_none_it_says_so(self, deployer: Deployer) -> None:
        done = deployer.stackproof("list")
        assert (done.code, done.err) == (2, "params/: holds no .json file: there is no environment to list\n")
