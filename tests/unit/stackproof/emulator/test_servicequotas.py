"""Service Quotas: what a new account has, and no other call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from stackproof.deployment import quotas

if TYPE_CHECKING:
    from tests.conftest import EmbeddedAws

ASKED = [quotas.ON_DEMAND, quotas.ON_SPOT, quotas.ADDRESSES, quotas.VPCS, quotas.RULES, quotas.BALANCERS]


@pytest.mark.parametrize("quota", ASKED, ids=lambda quota: quota.code)
def test_every_quota_that_a_plan_asks_for_is_there(aws: EmbeddedAws, quota: quotas.Quota) -> None:
    found = aws.client("service-quotas").get_service_quota(ServiceCode=quota.service, QuotaCode=quota.code)["Quota"]
    assert found["Value"] == (quota.default or 6)
    assert found["QuotaArn"] == f"arn:aws:servicequotas:sa-east-1:{aws.account}:{quota.service}/{quota.code}"


def test_another_quota_and_another_call_are_refused(aws: EmbeddedAws) -> None:
    client = aws.client("service-quotas")
    with pytest.raises(client.exceptions.NoSuchResourceException, match="no quota L-00000000 of vpc"):
        client.get_service_quota(ServiceCode="vpc", QuotaCode="L-00000000")
    with pytest.raises(ClientError, match="ListServices is not in the embedded AWS"):
        client.list_services()
