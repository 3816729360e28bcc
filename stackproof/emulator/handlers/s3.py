"""S3: tags, encryption, lifecycle, ownership; a bucket with objects in it cannot be deleted."""

from __future__ import annotations

from html import escape
from typing import Any

from ministack.services import s3
from ministack.services.cloudformation import provisioners

from stackproof.emulator.handler import Properties, after, call

_TYPE = "AWS::S3::Bucket"


def _bucket(physical_id: str, properties: Properties, attributes: dict[str, Any]) -> None:
    """Apply the configurations that ministack's CloudFormation drops, by S3's own calls."""
    tags = [{"Key": tag["Key"], "Value": tag["Value"]} for tag in properties.get("Tags", [])]
    configurations = (
        ("Tagging", {"TagSet": {"Tag": tags}} if tags else None, s3._put_bucket_tagging, s3._delete_bucket_tagging),
        (
            "ServerSideEncryptionConfiguration",
            _encryption(properties),
            s3._put_bucket_encryption,
            s3._delete_bucket_encryption,
        ),
        ("LifecycleConfiguration", _lifecycle(properties), s3._put_bucket_lifecycle, s3._delete_bucket_lifecycle),
        (
            "OwnershipControls",
            _ownership(properties),
            s3._put_bucket_ownership_controls,
            s3._delete_bucket_ownership_controls,
        ),
    )
    for element, configuration, put, delete in configurations:
        if configuration is None:
            call(delete, physical_id)
        else:
            call(put, physical_id, _xml({element: configuration}).encode())


def _encryption(properties: Properties) -> dict[str, Any] | None:
    rules = properties.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration")
    return rules and {
        "Rule": [
            {
                "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
                "BucketKeyEnabled": rule.get("BucketKeyEnabled"),
            }
            for rule in rules
        ]
    }


def _ownership(properties: Properties) -> dict[str, Any] | None:
    rules = properties.get("OwnershipControls", {}).get("Rules")
    return rules and {"Rule": rules}


def _lifecycle(properties: Properties) -> dict[str, Any] | None:
    rules = properties.get("LifecycleConfiguration", {}).get("Rules")
    return rules and {"Rule": [_lifecycle_rule(rule, f"rule-{number}") for number, rule in enumerate(rules)]}


def _lifecycle_rule(rule: dict[str, Any], name: str) -> dict[str, Any]:
    """A lifecycle rule as S3 writes it; CloudFormation has names of its own for half of it."""
    transitions = [
        {"Days": transition.get("TransitionInDays"), "StorageClass": transition["StorageClass"]}
        for transition in rule.get("Transitions", [])
    ]
    days = rule.get("ExpirationInDays")
    return {
        "ID": rule.get("Id", name),
        "Status": rule["Status"],
        "Filter": {"Prefix": rule.get("Prefix", "")},
        "Expiration": {"Days": days} if days else None,
        "NoncurrentVersionExpiration": rule.get("NoncurrentVersionExpiration"),
        "AbortIncompleteMultipartUpload": rule.get("AbortIncompleteMultipartUpload"),
        "Transition": transitions,
    }


def _xml(value: Any) -> str:
    """A value as S3 writes it: members as elements, a list as the element again and again."""
    if isinstance(value, dict):
        return "".join(
            f"<{name}>{_xml(item)}</{name}>"
            for name, items in value.items()
            for item in (items if isinstance(items, list) else [items])
            if item is not None
        )
    return str(value).lower() if isinstance(value, bool) else escape(str(value))


def _delete_empty(physical_id: str, properties: Properties) -> None:
    """Delete a bucket that is empty; one that is gone is no error."""
    if physical_id in s3._buckets:
        call(s3._delete_bucket, physical_id)


def install() -> None:
    """Complete the type."""
    after(_TYPE, _bucket)
    provisioners._RESOURCE_HANDLERS[_TYPE]["delete"] = _delete_empty
    provisioners._STACK_TAG_PROPERTY[_TYPE] = ("Tags", "list")
