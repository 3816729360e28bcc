"""Customer keys: one per store, rotating, open to exactly the services that need them.

Every key's policy hands the decision to IAM (the account's root as principal), which is how EFS, ElastiCache, RDS and
Secrets Manager come to their key: they act with the rights of whoever calls them, and hold grants. CloudWatch Logs acts
by itself and is named. A policy never refers to a role or a log group that uses the key: that would be a circle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from awacs.aws import ArnLike
from troposphere import GetAtt, Ref, Sub
from troposphere.kms import Key as KmsKey

from templates.parts import part
from templates.policies import key_policy, use_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awacs.aws import PolicyDocument
    from troposphere import AWSHelperFn, Template

LOG_PREFIX = "/lms/${AWS::StackName}"
ANY_GROUP = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:"
"""For Sub: the start of a log group's ARN, before its name. Written out, since GetAtt would make circles."""
FIREWALL_LOG_GROUP = "aws-waf-logs-${AWS::StackName}"
"""WAF writes to no group whose name begins otherwise."""
DATABASE_LOG_PREFIX = "/aws/rds/cluster"
"""Where RDS writes, whatever one would like: `/aws/rds/cluster/<cluster>/<log>`, with a generated cluster name."""


@dataclass(frozen=True)
class Key:
    """A customer key."""

    id: AWSHelperFn
    arn: AWSHelperFn


@dataclass(frozen=True)
class Keys:
    """The platform's keys, one per store."""

    files: Key
    cache: Key
    logs: Key
    secrets: Key


@dataclass(frozen=True)
class Secret:
    """A secret in Secrets Manager that holds a JSON object.

    Attributes:
        arn: its full ARN, which container secrets and policies take.
        keys: what each JSON key is for (`password`) → the key's name inside the secret, text or a parameter's Ref.
        key_arn: the customer key that encrypts it.
    """

    arn: AWSHelperFn
    keys: Mapping[str, str | AWSHelperFn]
    key_arn: AWSHelperFn


@part("keys")
def add_keys(t: Template) -> Keys:
    """Add the keys of files, cache, logs and generated secrets."""
    names = [f"{LOG_PREFIX}/*", f"{DATABASE_LOG_PREFIX}/*", FIREWALL_LOG_GROUP]
    groups = [Sub(f"{ANY_GROUP}{name}") for name in names]
    context = ArnLike("kms:EncryptionContext:aws:logs:arn", groups)
    return Keys(
        files=add_key(t, "FilesKey", "Shared files: the file system and its backups", key_policy()),
        cache=add_key(t, "CacheKey", "Cache: data at rest and snapshots", key_policy()),
        logs=add_key(
            t,
            "LogsKey",
            "Log groups of this stack",
            key_policy(use_key("logs.${AWS::Region}", conditions=[context])),
        ),
        secrets=add_key(t, "SecretsKey", "Secrets that this stack generates", key_policy()),
    )


def add_key(
    t: Template,
    logical_id: str,
    description: str,
    policy: PolicyDocument,
    *,
    condition: str | None = None,
    keeps_data: bool = True,
) -> Key:
    """Add one key.

    Args:
        t: the template.
        logical_id: the key's logical id.
        description: what it encrypts.
        policy: who may use it.
        condition: under which it exists; None: always.
        keeps_data: it encrypts what outlives the stack, and so does the key.
    """
    key = KmsKey(logical_id, Description=description, EnableKeyRotation=True, KeyPolicy=policy)
    if condition is not None:
        key.Condition = condition
    if not keeps_data:
        key.DeletionPolicy = key.UpdateReplacePolicy = "Delete"
    t.add_resource(key)
    return Key(id=Ref(key), arn=GetAtt(key, "Arn"))
