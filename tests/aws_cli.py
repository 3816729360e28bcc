"""`aws SERVICE OPERATION --option value …`: as much of the AWS CLI as the documents' examples need.

The CLI itself is no dependency of the tests. Options are those of the SDK's own model, so a wrong one is refused here
as it would be there.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import boto3
import jmespath  # type: ignore[import-untyped]  # boto3 brings it
from botocore import xform_name

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(words: Sequence[str]) -> None:
    """Make one call and print its answer, where there is one."""
    service, operation, *options = words
    client: Any = boto3.client(service, region_name=os.environ["AWS_REGION"])  # type: ignore[call-overload]  # any
    method = operation.replace("-", "_")
    model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method])
    members = model.input_shape.members
    known = {f"--{xform_name(name, '-')}": name for name in members}
    pairs = dict(zip(options[::2], options[1::2], strict=True))
    query, is_text = pairs.pop("--query", ""), pairs.pop("--output", "json") == "text"
    given = {
        known[name]: value if members[known[name]].type_name == "string" else json.loads(value)
        for name, value in pairs.items()
    }
    answer = getattr(client, method)(**given)
    del answer["ResponseMetadata"]
    if query:
        answer = jmespath.search(query, answer)
    if is_text:
        sys.stdout.write(f"{answer}\n")
    elif answer:
        sys.stdout.write(f"{json.dumps(answer, indent=4, default=str)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
