"""What is open to everybody: buckets, functions, endpoints."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.stackproof.proofs.network_support import ref, resource
from tests.unit.stackproof.proofs.permissions_support import (
    allow,
    alone,
    complaints,
    document,
    function,
    service,
    sub,
    the,
)

PUBLIC = allow("s3:GetObject", sub("${Site}/*"), Principal="*")


@pytest.mark.parametrize(
    ("resources", "broken"),
    [
        ({"Site": resource("S3::Bucket")}, True),
        ({"Site": resource("S3::Bucket", WebsiteConfiguration={"IndexDocument": "index.html"})}, False),
    ],
)
def test_a_bucket_for_everybody_is_broken_unless_it_is_a_site(resources: dict[str, Any], broken: bool) -> None:
    door = resource("S3::BucketPolicy", Bucket=ref("Site"), PolicyDocument=document(PUBLIC))
    assert [(one.id, one.logical_id) for one in complaints(alone(**resources, Door=door))] == [
        ("iam-open-policy", "Door")
    ] * broken


@pytest.mark.parametrize(
    ("given", "broken"),
    [
        ({"Principal": "*"}, True),
        ({"Principal": "*", "PrincipalOrgID": "o-1"}, False),
        ({"Principal": "*", "SourceArn": "arn:aws:s3:::x"}, False),
        ({"Principal": "111122223333"}, False),
    ],
)
def test_a_function_that_everybody_may_call_is_broken(given: dict[str, object], broken: bool) -> None:
    door = resource("Lambda::Permission", FunctionName=ref("Function"), Action="lambda:InvokeFunction", **given)
    assert [(one.id, one.path) for one in complaints(alone(**function(), Door=door))] == [
        ("iam-open-policy", "Properties.Principal")
    ] * broken


def test_an_endpoint_and_a_denial_may_name_everybody_and_notprincipal_does() -> None:
    endpoint = resource("EC2::VPCEndpoint", PolicyDocument=document(allow("*", "*", Principal="*")))
    assert complaints(alone(Endpoint=endpoint)) == []
    but_one = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*", "NotPrincipal": {"AWS": "111122223333"}}
    door = resource("SQS::QueueInlinePolicy", Queue=ref("Queue"), PolicyDocument=document(but_one))
    assert the(alone(Queue=resource("SQS::Queue"), Door=door)).id == "iam-open-policy"
    rest = {"Effect": "Allow", "NotAction": "sns:Publish", "Resource": "*", "Principal": service("s3")}
    door = resource("SNS::TopicInlinePolicy", TopicArn=ref("Topic"), PolicyDocument=document(rest))
    found = the(alone(Topic=resource("SNS::Topic"), Door=door))
    assert "allows everything but a list to s3.amazonaws.com" in found.message
