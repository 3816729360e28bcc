"""What a person reads of a step that is no change, before it happens."""

from __future__ import annotations

from typing import Any

import pytest

from stackproof.deploying.course import words
from stackproof.proofs.resolve.stack import resolve
from stackproof.steps import Idle, Task

CLUSTER = {"Value": {"Ref": "Cluster"}}


def said(action: Any, *containers: dict[str, Any], cluster: Any = CLUSTER) -> str:
    template = {
        "Resources": {
            "Cluster": {"Type": "AWS::ECS::Cluster"},
            "Named": {"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": {"Fn::Sub": "lms-${AWS::Region}"}}},
            "Upgrade": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": list(containers)}},
        },
        "Outputs": {"Cluster": cluster} if cluster else {},
    }
    whole = resolve(template, region="sa-east-1", account="111111111111", stack_name="lms-dev")
    (line,) = words(action, whole)
    return line


SIDE = {"Name": "log", "Command": ["tail", "-f"]}
MAIN = {"Name": "lms", "Command": ["sh", "-c", "lms upgrade"]}


@pytest.mark.parametrize(
    ("task", "containers", "told"),
    [
        (Task(definition="Upgrade"), [MAIN, SIDE], "sh -c 'lms upgrade'"),
        (Task(definition="Upgrade", container="log"), [MAIN, SIDE], "tail -f"),
        (Task(definition="Upgrade", command=("lms", "migrate")), [MAIN], "lms migrate"),
        (Task(definition="Upgrade"), [{"Name": "lms"}], "its image's command"),
        (Task(definition="Upgrade"), [], "its image's command"),
        (Task(definition="Elsewhere"), [MAIN], "its image's command"),
    ],
)
def test_the_command_is_that_of_the_container_that_runs(task: Task, containers: list[Any], told: str) -> None:
    assert said(task, *containers).startswith(f"run {told} once, ")


@pytest.mark.parametrize(
    ("cluster", "told"),
    [
        ({"Value": "lms-cluster"}, "lms-cluster"),
        ({"Value": {"Ref": "Named"}}, "lms-sa-east-1"),
        ({"Value": {"Fn::GetAtt": ["Named", "Arn"]}}, "Cluster"),
        (CLUSTER, "Cluster"),
        (None, "Cluster"),
    ],
)
def test_the_cluster_has_its_name_where_that_is_known(cluster: Any, told: str) -> None:
    assert said(Idle("Cluster", minutes=1), cluster=cluster) == (
        f"wait until no task runs in cluster {told}; waits up to 1 minute"
    )
