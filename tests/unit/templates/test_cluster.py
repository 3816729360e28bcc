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


def test_no_share_at_all_is_refused_with_a_sentence(lms: Emitted) -> None:
    def sentences(on_demand: str, spot: str) -> str:
        given = {
            "DatabaseSecretArn": lms.parameters["DatabaseSecretArn"],
            "OnDemandWeight": on_demand,
            "SpotWeight": spot,
        }
        return "\n".join(map(str, check_configuration(lms.body, {"Parameters": given}, "params/x.json")))

    assert "OnDemandWeight and SpotWeight are both 0" in sentences("0", "0")
    assert sentences("0", "1") == sentences("1", "0") == ""
