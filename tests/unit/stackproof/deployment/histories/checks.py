"""What CloudFormation's own checks and the account's hooks refuse."""

from __future__ import annotations

from typing import Any

from tests.unit.stackproof.deployment.histories.recorded import DENIED, OPERATION, History, after, arn

_CHANGE_SET = "7f7e7d7c-aaaa-4bbb-8ccc-ddddeeeeffff"
_EVENTS = "cloudformation.DescribeEvents"
_POINTER = "The following hook(s)/validation failed: [AWS::EarlyValidation::{}]. To troubleshoot Early Validation errors, use the DescribeEvents API for detailed failure information."
_COUNTED = "Validation failed with {} error(s). Call DescribeEvents to retrieve the full list of issues with resource and property details, resolve each error, then retry the operation."
_RESULT = "22223333-4444-4555-8666-777788889999"


def refused(logical_id: str, kind: str, check: str, reason: str, path: str = "", mode: str = "FAIL") -> dict[str, Any]:
    """An event of DescribeEvents that says what a check refused."""
    where = {"ValidationPath": path} if path else {}
    return where | {
        "EventId": f"{logical_id}-{check}-{len(reason)}",
        "StackId": arn("lms-dev"),
        "OperationType": "CREATE_CHANGESET",
        "OperationStatus": "FAILED",
        "EventType": "VALIDATION_ERROR",
        "LogicalResourceId": logical_id,
        "ResourceType": kind,
        "Timestamp": after(1),
        "ValidationName": check,
        "ValidationStatus": "FAILED",
        "ValidationFailureMode": mode,
        "ValidationStatusReason": reason,
    }


def of(operation: str, *events: dict[str, Any]) -> Any:
    """DescribeEvents, which must be asked for the failed events of this operation and of none by the stack's name."""

    def answer(given: Any) -> Any:
        assert given["Filters"] == {"FailedEvents": True}
        assert set(given) == {"OperationId", "Filters"}
        return {"OperationEvents": [*events] if given["OperationId"] == operation else []}

    return answer


HISTORIES = (
    History(
        name="two errors of one resource in a change set",
        source="https://github.com/aws/aws-cdk-cli/pull/1463",
        events="""
            0 | REVIEW_IN_PROGRESS | @ | | User Initiated
        """,
        planned=(_CHANGE_SET,),
        answers={
            _EVENTS: of(
                _CHANGE_SET,
                refused(
                    "BadPolicy",
                    "AWS::IAM::Policy",
                    "PROPERTY_VALIDATION",
                    "Required property [PolicyDocument] not found",
                    "/Resources/BadPolicy/Properties",
                ),
                refused(
                    "BadPolicy",
                    "AWS::IAM::Policy",
                    "PROPERTY_VALIDATION",
                    "Required property [PolicyName] not found",
                    "/Resources/BadPolicy/Properties",
                ),
                refused("Queue", "AWS::SQS::Queue", "PROPERTY_VALIDATION", "A warning stops nothing", mode="WARN"),
            )
        },
        path="BadPolicy",
        status="VALIDATION_ERROR",
        reason="Required property [PolicyDocument] not found (at /Resources/BadPolicy/Properties)",
        also=("BadPolicy",),
        hides=("A warning stops nothing",),
        state="REVIEW_IN_PROGRESS",
    ),
    History(
        name="a name that is taken and a bucket that is not empty, in a change set after an older failure",
        source="https://github.com/aws-cloudformation/rain/pull/744",
        events="""
            -90 | UPDATE_IN_PROGRESS | @ | | User Initiated
            -89 | UPDATE_FAILED | Old | AWS::SNS::Topic | Something of yesterday
            -88 | UPDATE_ROLLBACK_COMPLETE | @
        """,
        planned=("another", _CHANGE_SET),
        answers={
            _EVENTS: of(
                _CHANGE_SET,
                refused(
                    "TestBucket2",
                    "AWS::S3::Bucket",
                    "BUCKET_EMPTINESS_VALIDATION",
                    "The bucket 'test-early-validation-2' is not empty. You must either delete all objects and versions or use the deletion policy to retain it, otherwise the delete operation will fail.",
                ),
                refused(
                    "TestBucket1",
                    "AWS::S3::Bucket",
                    "NAME_CONFLICT_VALIDATION",
                    "Resource of type 'AWS::S3::Bucket' with identifier 'test-early-validation-1' already exists.",
                ),
            )
        },
        path="TestBucket2",
        status="VALIDATION_ERROR",
        reason="The bucket 'test-early-validation-2' is not empty",
        says=("Empty the bucket (all versions)",),
        also=("TestBucket1",),
        state="UPDATE_ROLLBACK_COMPLETE",
    ),
    History(
        name="checks of a creation, which the events only point to",
        source="https://github.com/aws/aws-cdk-cli/issues/1000",
        events=f"""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            1 | ROLLBACK_IN_PROGRESS | @ | | {_POINTER.format("ResourceExistenceCheck")}
            2 | ROLLBACK_COMPLETE | @
        """,
        answers={
            _EVENTS: of(
                OPERATION,
                refused(
                    "Function",
                    "AWS::Lambda::Function",
                    "NAME_CONFLICT_VALIDATION",
                    "Resource of type 'AWS::Lambda::Function' with identifier 'my-lambda-function' already exists.",
                ),
            )
        },
        path="Function",
        status="VALIDATION_ERROR",
        reason="'my-lambda-function' already exists",
        says=("exists already, outside this stack",),
    ),
    History(
        name="two checks of an update, which the stack's own event only counts",
        source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html",
        events=f"""
            0 | UPDATE_IN_PROGRESS | @ | | User Initiated
            1 | UPDATE_FAILED | @ | | {_COUNTED.format(2)}
            2 | UPDATE_ROLLBACK_IN_PROGRESS | @ | | Validation failure detected. See operation's FAILED event for details.
            3 | UPDATE_ROLLBACK_COMPLETE | @
        """,
        answers={
            _EVENTS: of(
                OPERATION,
                refused(
                    "Files",
                    "AWS::S3::Bucket",
                    "NAME_CONFLICT_VALIDATION",
                    "Resource of type 'AWS::S3::Bucket' with identifier 'my-files' already exists.",
                ),
                refused(
                    "Function",
                    "AWS::Lambda::Function",
                    "PROPERTY_VALIDATION",
                    "#/MemorySize: expected type: Integer, found: String",
                    "/Resources/Function/Properties/MemorySize",
                ),
            )
        },
        path="Files",
        status="VALIDATION_ERROR",
        reason="'my-files' already exists",
        says=("by somebody else: give another one",),
        also=("Function",),
        hides=("Validation failed with",),
        state="UPDATE_ROLLBACK_COMPLETE",
    ),
    History(
        name="checks that may not be read",
        source="https://github.com/aws/aws-cdk-cli/issues/1298",
        events=f"""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            1 | ROLLBACK_IN_PROGRESS | @ | | {_POINTER.format("PropertyValidation")}
            2 | ROLLBACK_COMPLETE | @
        """,
        answers={_EVENTS: DENIED},
        path="@",
        status="ROLLBACK_IN_PROGRESS",
        reason="AWS::EarlyValidation::PropertyValidation",
        unseen=("(only the stack's events were looked at): cloudformation:DescribeEvents is not allowed",),
    ),
    History(
        name="a guard hook with advice",
        source="https://github.com/aws/aws-cdk-cli/pull/1198",
        events=f"""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            1 | CREATE_IN_PROGRESS | AwsS3Bucket | AWS::S3::Bucket | | | hook=Private::Guard::TestHook | verdict=HOOK_COMPLETE_FAILED | mode=FAIL | result={_RESULT} | said=Hook failed with message: Template failed validation, the following rule(s) failed: AWS_S3_Bucket_AccessControl. Full output was written to s3://test-guard-logs-bucket/cfn-guard-validate-report/AWS--S3--Bucket-AwsS3Bucket/1234567890123.json
            2 | CREATE_FAILED | AwsS3Bucket | AWS::S3::Bucket | The following hook(s) failed: [Private::Guard::TestHook]
            3 | ROLLBACK_IN_PROGRESS | @ | | The following resource(s) failed to create: [AwsS3Bucket]. Rollback requested by user.
            4 | ROLLBACK_COMPLETE | @
        """,
        answers={
            "cloudformation.GetHookResult": {
                "HookResultId": _RESULT,
                "Status": "HOOK_COMPLETE_FAILED",
                "Annotations": [
                    {"AnnotationName": "AWS_S3_Encryption", "Status": "PASSED"},
                    {
                        "AnnotationName": "AWS_S3_Bucket_AccessControl",
                        "Status": "FAILED",
                        "SeverityLevel": "HIGH",
                        "StatusMessage": "AccessControl is a legacy property",
                        "RemediationMessage": "Use a bucket policy instead of AccessControl.",
                        "RemediationLink": "https://example.com/rules/s3",
                    },
                ],
            }
        },
        path="AwsS3Bucket",
        status="CREATE_FAILED",
        reason="The following hook(s) failed: [Private::Guard::TestHook]",
        says=("The hook advises: Use a bucket policy instead of AccessControl.",),
        shows=(
            "Hook Private::Guard::TestHook",
            "following rule(s) failed: AWS_S3_Bucket_AccessControl",
            "AWS_S3_Bucket_AccessControl (HIGH): AccessControl is a legacy property",
            "see https://example.com/rules/s3",
        ),
        hides=("AWS_S3_Encryption",),
    ),
    History(
        name="a hook that only warns beside one that refuses",
        source="https://github.com/Sceptre/sceptre/issues/1517",
        events=f"""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            1 | CREATE_IN_PROGRESS | Bucket | AWS::S3::Bucket | | | hook=sample::Generic::Megahookwarn | verdict=HOOK_COMPLETE_FAILED | mode=WARN | said=Only a warning
            1 | CREATE_IN_PROGRESS | Bucket | AWS::S3::Bucket | | | hook=sample::Generic::Megahook | verdict=HOOK_COMPLETE_FAILED | mode=FAIL | result={_RESULT} | said=Hook failed with message: Rule [CT.S3.PR.1]: Require an Amazon S3 bucket to have block public access settings configured
            2 | CREATE_FAILED | Bucket | AWS::S3::Bucket | The following hook(s) failed: [sample::Generic::Megahook]
            3 | ROLLBACK_COMPLETE | @
        """,
        answers={"cloudformation.GetHookResult": DENIED},
        path="Bucket",
        status="CREATE_FAILED",
        reason="sample::Generic::Megahook",
        says=("A hook of this account does not let this resource through (sample::Generic::Megahook)",),
        shows=("Rule [CT.S3.PR.1]: Require an Amazon S3 bucket to have block public access",),
        hides=("Only a warning",),
        unseen=("what hook sample::Generic::Megahook advises: cloudformation:GetHookResult is not allowed",),
    ),
    History(
        name="a hook that refuses a whole change set",
        source="https://github.com/aws/aws-cdk-cli/pull/1768",
        events="""
            0 | REVIEW_IN_PROGRESS | @ | | User Initiated
        """,
        planned=(_CHANGE_SET,),
        answers={
            _EVENTS: of(
                _CHANGE_SET,
                {
                    "EventId": "hook",
                    "StackId": arn("lms-dev"),
                    "OperationType": "CREATE_CHANGESET",
                    "EventType": "HOOK_INVOCATION_ERROR",
                    "Timestamp": after(1),
                    "HookType": "AWS::Hooks::LambdaHook",
                    "HookStatus": "HOOK_COMPLETE_FAILED",
                    "HookFailureMode": "FAIL",
                    "HookStatusReason": "Ingress may not allow all addresses",
                },
            )
        },
        path="@",
        status="HOOK_INVOCATION_ERROR",
        reason="Ingress may not allow all addresses",
        says=("A hook of this account does not let this resource through (AWS::Hooks::LambdaHook)",),
        shows=("Hook AWS::Hooks::LambdaHook", "Ingress may not allow all addresses"),
        state="REVIEW_IN_PROGRESS",
    ),
    History(
        name="a hook without a word",
        source="https://docs.aws.amazon.com/cloudformation-cli/latest/hooks-userguide/hooks-concepts.html",
        events="""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            1 | CREATE_IN_PROGRESS | S3Bucket | AWS::S3::Bucket | | | hook=MyCompany::Testing::MyTestHook | verdict=HOOK_FAILED | mode=FAIL
            2 | CREATE_FAILED | S3Bucket | AWS::S3::Bucket | The following hook(s) failed: [MyCompany::Testing::MyTestHook]
            3 | ROLLBACK_COMPLETE | @
        """,
        path="S3Bucket",
        status="CREATE_FAILED",
        reason="MyCompany::Testing::MyTestHook",
        says=("change the resource as the hook asks",),
    ),
)
