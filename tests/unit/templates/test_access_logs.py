"""Every request to the balancer, in a log group under the stack's own key; or none at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.templates_support import statements

if TYPE_CHECKING:
    from tests.templates_support import Emitted

PARTS = {"AccessLogDelivery", "AccessLogDestination", "AccessLogSource"}


@pytest.mark.parametrize("kind", ["lms", "disposable", "in_vpc"])
def test_are_carried_from_the_balancer_to_a_log_group_under_the_logs_key(
    kind: str, request: pytest.FixtureRequest
) -> None:
    template: Emitted = request.getfixturevalue(kind).with_parameters(EnvironmentSuffix="exam")
    source, destination = template.resources["AccessLogSource"], template.resources["AccessLogDestination"]
    assert (source["ResourceArn"], source["LogType"]) == ("${LoadBalancer}", "ALB_ACCESS_LOGS")
    assert source["Name"] == destination["Name"] == "lms-access-exam"
    assert destination["DestinationResourceArn"].endswith(":log-group:${AccessLogGroup}")
    assert destination["OutputFormat"] == "json"
    delivery = template.resources["AccessLogDelivery"]
    assert delivery["DeliverySourceName"] == "${AccessLogSource}"
    assert delivery["DeliveryDestinationArn"] == "${AccessLogDestination.Arn}"
    assert template.resources["AccessLogGroup"]["KmsKeyId"] == "${LogsKey.Arn}"


def test_stay_as_long_as_every_log(lms: Emitted) -> None:
    assert lms.with_parameters(LogRetentionDays=30).resources["AccessLogGroup"]["RetentionInDays"] == "30"


def test_log_delivery_alone_writes_there_for_this_account(lms: Emitted) -> None:
    [allowed] = statements(lms.resources["AccessLogGroup"])
    assert allowed["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
    assert allowed["Resource"] == ["arn:aws:logs:sa-east-1:111122223333:log-group:/lms/lms-dev/access:log-stream:*"]
    assert allowed["Condition"]["StringEquals"] == {"aws:SourceAccount": "111122223333"}


def test_are_left_out_by_parameter_and_leave_their_group(lms: Emitted) -> None:
    without = lms.with_parameters(AccessLogs="no")
    assert lms.resources.keys() - without.resources.keys() == PARTS


def test_there_is_no_bucket(lms: Emitted, disposable: Emitted) -> None:
    """It would take no key of ours, and hold up the deletion of its stack."""
    assert not lms.of_type("AWS::S3::Bucket")
    assert not disposable.of_type("AWS::S3::Bucket")
