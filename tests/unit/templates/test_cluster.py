"""The cluster and its two kinds of capacity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof.configuration import check_configuration

if TYPE_CHECKING:
    from tests.templates_support import Emitted


def test_named_with_the_suffix(lms: Emitted) -> None:
    assert lms.with_parameters(EnvironmentSuffix="staging").resources["Cluster"]["ClusterName"] == "lms-cluster-staging"


def test_container_insights(lms: Emitted) -> None:
    assert lms.resources["Cluster"]["ClusterSettings"] == [{"Name": "containerInsights", "Value": "enabled"}]


def test_both_kinds_of_capacity_are_associated(lms: Emitted) -> None:
    association = lms.resources["ClusterCapacity"]
    assert association["Cluster"] == "${Cluster}"
    assert association["CapacityProviders"] == ["FARGATE", "FARGATE_SPOT"]


def test_a_base_runs_on_demand_and_shares_follow(lms: Emitted) -> None:
    template = lms.with_parameters(OnDemandBase=3, OnDemandWeight=1, SpotWeight=4)
    wanted = [
        {"CapacityProvider": "FARGATE", "Base": "3", "Weight": "1"},
        {"CapacityProvider": "FARGATE_SPOT", "Weight": "4"},
    ]
    assert template.resources["Service"]["CapacityProviderStrategy"] == wanted
    assert template.resources["ClusterCapacity"]["DefaultCapacityProviderStrategy"] == wanted


def test_on_demand_always_has_a_weight(lms: Emitted) -> None:
    """ECS places no task on capacity whose weight is 0, so the base would hang in the air; and both cannot be 0."""
    given = {"DatabaseSecretArn": lms.parameters["DatabaseSecretArn"], "OnDemandWeight": "0", "SpotWeight": "1"}
    [fault] = check_configuration(lms.body, {"Parameters": given}, "params/x.json")
    assert str(fault) == 'params/x.json: Parameters.OnDemandWeight: "0" is below the minimum of 1 (1 to 1000.)'
    assert check_configuration(lms.body, {"Parameters": given | {"OnDemandWeight": "1"}}, "params/x.json") == []


def test_shells_in_tasks_are_encrypted_and_kept_where_there_are_any(lms: Emitted) -> None:
    entered = lms.with_parameters(ExecuteCommand="yes").resources["Cluster"]
    assert entered["Configuration"]["ExecuteCommandConfiguration"] == {
        "KmsKeyId": "${LogsKey.Arn}",
        "Logging": "OVERRIDE",
        "LogConfiguration": {"CloudWatchLogGroupName": "${SessionLogGroup}", "CloudWatchEncryptionEnabled": True},
    }
    assert lms.resources["Cluster"].get("Configuration") is None


def test_the_log_group_of_shells_outlasts_the_switch(lms: Emitted) -> None:
    """It is kept when it leaves the stack, and its name would be taken when it comes back."""
    for wanted in ("yes", "no"):
        group = lms.with_parameters(ExecuteCommand=wanted).resources["SessionLogGroup"]
        assert (group["LogGroupName"], group["KmsKeyId"]) == ("/lms/lms-dev/sessions", "${LogsKey.Arn}")
