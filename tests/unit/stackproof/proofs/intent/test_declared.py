"""Declared intent: TLS versions, rotation, images, Spot capacity, writers of files; each with its fault."""

from __future__ import annotations

from typing import Any

import pytest

from stackproof.proofs.intent.declared import oldest_version, prove
from tests.unit.stackproof.proofs.store_support import complaints, expect, make, ref

LATER: dict[str, Any] = {"Parameters": {"Later": {"Type": "String"}}}
LISTENER = "ElasticLoadBalancingV2::Listener"


def listener(policy: Any = None, protocol: str = "HTTPS") -> dict[str, Any]:
    return make(LISTENER, Protocol=protocol, **({} if policy is None else {"SslPolicy": policy}))


@pytest.mark.parametrize(
    ("policy", "oldest"),
    [
        ("ELBSecurityPolicy-2016-08", "1.0"),
        ("ELBSecurityPolicy-TLS-1-0-2015-04", "1.0"),
        ("ELBSecurityPolicy-TLS-1-1-2017-01", "1.1"),
        ("ELBSecurityPolicy-TLS-1-2-Ext-2018-06", "1.2"),
        ("ELBSecurityPolicy-FS-2018-06", "1.0"),
        ("ELBSecurityPolicy-FS-1-2-Res-2020-10", "1.2"),
        ("ELBSecurityPolicy-TLS13-1-0-2021-06", "1.0"),
        ("ELBSecurityPolicy-TLS13-1-2-Res-2021-06", "1.2"),
        ("ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04", "1.2"),
        ("ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09", "1.2"),
        ("ELBSecurityPolicy-TLS13-1-3-2021-06", "1.3"),
        ("TLSv1.2_2021", "1.2"),
        ("TLSv1.3_2025", "1.3"),
        ("TLSv1", "1.0"),
        ("TLS_1_0", "1.0"),
        ("TLS_1_2", "1.2"),
        ("SecurityPolicy_TLS13_1_3_2025_09", "1.3"),
        ("Policy-Min-TLS-1-0-2019-07", "1.0"),
        ("Policy-Min-TLS-1-2-PFS-2023-10", "1.2"),
        ("MyOwnPolicy", None),
        (7, None),
    ],
)
def test_a_policys_name_says_its_oldest_version(policy: Any, oldest: str | None) -> None:
    assert oldest_version(policy) == oldest


@pytest.mark.parametrize(
    "resource",
    [
        listener("ELBSecurityPolicy-TLS13-1-2-Res-2021-06"),
        listener("ELBSecurityPolicy-TLS13-1-3-2021-06", "TLS"),
        listener(protocol="HTTP"),
        make("ApiGateway::DomainName"),
        make("ApiGateway::DomainName", SecurityPolicy="TLS_1_2"),
    ],
)
def test_new_versions_of_tls_are_right(resource: dict[str, Any]) -> None:
    assert complaints(prove, {"It": resource}) == {}


@pytest.mark.parametrize(
    ("resource", "verdict", "path", "words"),
    [
        (listener(), "broken", "SslPolicy", "takes connections with TLS 1.0 (ELBSecurityPolicy-2016-08)"),
        (
            listener("ELBSecurityPolicy-TLS-1-1-2017-01"),
            "broken",
            "SslPolicy",
            "such as ELBSecurityPolicy-TLS13-1-2-Res",
        ),
        (listener("Custom"), "unknown", "SslPolicy", "cannot be told from its policy Custom"),
        (listener(ref("Later")), "unknown", "SslPolicy", "${Later}"),
        (
            make("ApiGateway::DomainName", SecurityPolicy="TLS_1_0"),
            "broken",
            "SecurityPolicy",
            "such as one with TLS 1.2",
        ),
        (
            make(
                "CloudFront::Distribution",
                DistributionConfig={"ViewerCertificate": {"MinimumProtocolVersion": "TLSv1"}},
            ),
            "broken",
            "DistributionConfig.ViewerCertificate.MinimumProtocolVersion",
            "TLS 1.0",
        ),
    ],
)
def test_old_versions_of_tls_are_broken(resource: dict[str, Any], verdict: str, path: str, words: str) -> None:
    expect(complaints(prove, {"It": resource}, **LATER), {f"{verdict} intent-tls-minimum It.Properties.{path}": words})


def test_the_minimum_is_the_intents_to_say() -> None:
    new = {
        "It": listener("ELBSecurityPolicy-TLS13-1-2-Res-2021-06"),
        "Api": make("ApiGateway::DomainName", SecurityPolicy="TLS_1_2"),
    }
    found = complaints(prove, new, {"tls_minimum": "1.3"})
    expect(
        found,
        {
            "broken intent-tls-minimum It.Properties.SslPolicy": "ELBSecurityPolicy-TLS13-1-3-2021-06",
            "broken intent-tls-minimum Api.Properties.SecurityPolicy": "one with TLS 1.3",
        },
    )
    assert complaints(prove, {"It": listener()}, {"tls_minimum": "1.0"}) == {}


@pytest.mark.parametrize(
    ("properties", "verdict", "words"),
    [
        ({"EnableKeyRotation": True}, "", ""),
        ({"KeySpec": "RSA_2048"}, "", ""),
        ({"Origin": "EXTERNAL"}, "", ""),
        ({}, "broken", "never rotates"),
        ({"EnableKeyRotation": "false"}, "broken", "Set EnableKeyRotation to true"),
        ({"EnableKeyRotation": ref("Later")}, "unknown", "AWS only: ${Later}"),
    ],
)
def test_keys_rotate_where_that_is_asked(properties: dict[str, Any], verdict: str, words: str) -> None:
    resources = {"It": make("KMS::Key", **properties)}
    wanted = {f"{verdict} intent-key-rotation It.Properties.EnableKeyRotation": words} if verdict else {}
    expect(complaints(prove, resources, {"key_rotation": True}, **LATER), wanted)
    assert complaints(prove, resources, **LATER) == {}


def task(image: Any = "nginx:1.28", **more: Any) -> dict[str, Any]:
    return make(
        "ECS::TaskDefinition",
        ContainerDefinitions=[{"Name": "web", "Image": image, **more.pop("container", {})}],
        **more,
    )


DIGEST = "nginx@sha256:" + "1" * 64


@pytest.mark.parametrize(
    ("image", "right_for"),
    [(DIGEST, {"any", "tag", "digest"}), ("nginx:1.28", {"any", "tag"}), ("nginx:latest", {"any"}), ("nginx", {"any"})],
)
@pytest.mark.parametrize("pinned", ["any", "tag", "digest"])
def test_images_are_pinned_as_asked(image: str, right_for: set[str], pinned: str) -> None:
    found = complaints(prove, {"It": task(image)}, {"image": pinned})
    place = "broken intent-image It.Properties.ContainerDefinitions.0.Image"
    expect(found, {} if pinned in right_for else {place: f"{image} can become another image at any time"})


def test_an_image_that_only_aws_knows_is_no_pass() -> None:
    found = complaints(prove, {"It": task(ref("Later"))}, {"image": "digest"}, **LATER)
    expect(found, {"unknown intent-image It.Properties.ContainerDefinitions.0.Image": "Name the image by digest"})


def strategy(on_demand: Any = 1, spot: Any = 1, base: Any = 1) -> list[dict[str, Any]]:
    given = {} if base is None else {"Base": base}
    return [
        {"CapacityProvider": "FARGATE", "Weight": on_demand, **given},
        {"CapacityProvider": "FARGATE_SPOT", "Weight": spot},
    ]


def service(items: Any = None, **properties: Any) -> dict[str, Any]:
    return make(
        "ECS::Service",
        Cluster=ref("Cluster"),
        **({} if items is None else {"CapacityProviderStrategy": items}),
        **properties,
    )


LIMITED = {"spot_percent": 75, "on_demand_base": 2}
CLUSTER = make("ECS::Cluster")


@pytest.mark.parametrize(
    "resources",
    [
        {"It": service(strategy(1, 3, 2)), "Cluster": CLUSTER},
        {"It": service(strategy(1, 0, 0)), "Cluster": CLUSTER},
        {"It": service(strategy("1", "3", "2")), "Cluster": CLUSTER},
        {"It": service(LaunchType="FARGATE"), "Cluster": CLUSTER},
        {"It": service(), "Cluster": CLUSTER},
        {"It": make("ECS::Service", Cluster="elsewhere")},
        {"It": service(), "Cluster": make("ECS::Cluster", DefaultCapacityProviderStrategy=strategy(1, 1, 2))},
        {"It": service([]), "Cluster": CLUSTER},
    ],
)
def test_enough_tasks_on_demand_are_right(resources: dict[str, Any]) -> None:
    assert complaints(prove, resources, LIMITED) == {}


STRATEGY = "Properties.CapacityProviderStrategy"


@pytest.mark.parametrize(
    ("items", "wanted"),
    [
        (strategy(0, 1, 2), {f"broken intent-spot-share It.{STRATEGY}": "100 of 100 tasks of It above the base"}),
        (strategy(1, 4, 2), {f"broken intent-spot-share It.{STRATEGY}": "80 of 100 tasks"}),
        (strategy(1, 1, 1), {f"broken intent-on-demand-base It.{STRATEGY}": "1 tasks of It run on demand in any case"}),
        (strategy(1, 1, None), {f"broken intent-on-demand-base It.{STRATEGY}": "Set Base of FARGATE to 2"}),
        (strategy(ref("Later"), 1, 2), {"unknown intent-spot-share It": "known to AWS only"}),
        ([{"CapacityProvider": ref("Later"), "Weight": 1}], {"unknown intent-spot-share It": "plain values"}),
    ],
)
def test_too_much_spot_capacity_is_broken(items: Any, wanted: dict[str, str]) -> None:
    resources = {"It": service(items), "Cluster": CLUSTER}
    found = complaints(prove, resources, LIMITED, **LATER)
    expect(found, {key if "unknown" not in key else f"{key}.{STRATEGY}": words for key, words in wanted.items()})
    assert complaints(prove, resources, **LATER) == {}


def test_the_clusters_own_strategy_counts_where_a_service_has_none() -> None:
    association = make(
        "ECS::ClusterCapacityProviderAssociations",
        Cluster=ref("Cluster"),
        DefaultCapacityProviderStrategy=strategy(0, 1, 2),
    )
    other = make(
        "ECS::ClusterCapacityProviderAssociations", Cluster="x", DefaultCapacityProviderStrategy=strategy(1, 0)
    )
    resources = {"It": service(), "Cluster": CLUSTER, "Other": other, "Capacity": association}
    found = complaints(prove, resources, LIMITED)
    expect(found, {"broken intent-spot-share Capacity.Properties.DefaultCapacityProviderStrategy": "tasks of It"})


EFS = {"EFSVolumeConfiguration": {"FilesystemId": "fs-1", "TransitEncryption": "ENABLED"}}
VOLUMES = [{"Name": "files", **EFS}, {"Name": "tmp"}]


def mounting(*mounts: dict[str, Any]) -> dict[str, Any]:
    return task(Volumes=VOLUMES, container={"MountPoints": list(mounts)})


def mount(volume: str = "files", **more: Any) -> dict[str, Any]:
    return {"SourceVolume": volume, "ContainerPath": f"/{volume}", **more}


READER, WRITER = mount(ReadOnly=True), mount()
DECLARED = {"file_writers": ("Writer",)}
FUNCTION = make("Lambda::Function", FileSystemConfigs=[{"Arn": "arn", "LocalMountPath": "/mnt/files"}])


@pytest.mark.parametrize(
    "resources",
    [
        {"Writer": mounting(WRITER)},
        {"Writer": mounting(READER, WRITER)},
        {"Writer": mounting(WRITER), "Reader": mounting(READER)},
        {"Other": mounting(mount("tmp"))},
        {"Writer": FUNCTION},
        {"Other": make("Lambda::Function")},
    ],
)
def test_those_who_are_declared_write_files(resources: dict[str, Any]) -> None:
    assert complaints(prove, resources, DECLARED) == {}


@pytest.mark.parametrize(
    ("resources", "place", "words"),
    [
        (
            {"Other": mounting(WRITER)},
            "broken intent-file-writers Other.Properties.ContainerDefinitions.0.MountPoints.0",
            "web of Other can change and delete shared files",
        ),
        (
            {"Other": mounting(mount(ReadOnly=ref("Later")))},
            "unknown intent-file-writers Other.Properties.ContainerDefinitions.0.MountPoints.0",
            "Whether web of Other can write shared files",
        ),
        (
            {"Writer": mounting(READER)},
            "broken intent-file-writers Writer.Properties.Volumes",
            "mounts its files read-only",
        ),
        (
            {"Writer": mounting()},
            "broken intent-file-writers Writer.Properties.Volumes",
            "no shared files: uploads fail",
        ),
        ({"Other": FUNCTION}, "broken intent-file-writers Other.Properties.FileSystemConfigs", "not declared to"),
    ],
)
def test_nobody_else_does(resources: dict[str, Any], place: str, words: str) -> None:
    expect(complaints(prove, resources, DECLARED, **LATER), {place: words})
    assert complaints(prove, resources, **LATER) == {}
