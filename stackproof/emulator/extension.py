"""All that is put on top of ministack, in one list."""

from __future__ import annotations

from stackproof.emulator.cloudformation import (
    cancel,
    changes,
    conditions,
    dependencies,
    events,
    policy,
    replacement,
    requests,
    triggers,
)
from stackproof.emulator.handlers import (
    autoscaling,
    backup,
    cloudwatch,
    ec2,
    ec2_answers,
    ecs,
    elasticache,
    elbv2,
    iam,
    log_delivery,
    logs,
    rds,
    rotation,
    s3,
    secretsmanager,
    servicequotas,
    sns,
    tasks,
    waf,
)

PARTS = (
    conditions,
    dependencies,
    replacement,
    changes,
    requests,
    events,
    policy,
    triggers,
    cancel,
    autoscaling,
    backup,
    cloudwatch,
    ec2,
    ec2_answers,
    ecs,
    elasticache,
    elbv2,
    iam,
    log_delivery,
    logs,
    rds,
    rotation,
    s3,
    secretsmanager,
    sns,
    tasks,
    servicequotas,
    waf,
)


def install() -> None:
    """Extend ministack in this process; call once, before it serves."""
    for part in PARTS:
        part.install()
