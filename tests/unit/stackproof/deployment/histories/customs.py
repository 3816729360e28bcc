"""A custom resource whose function says no, says nothing, or is no function."""

from __future__ import annotations

from typing import Any

from tests.unit.stackproof.deployment.histories.recorded import DENIED, START, History, Refused, after

_FUNCTION = "arn:aws:lambda:sa-east-1:111111111111:function:CopyS3Objects"
_TOKEN = f'properties={{"ServiceToken":"{_FUNCTION}","DbPassword":"hunter2"}}'
_CONFIGURATION = "lambda.GetFunctionConfiguration"
_STREAMS = "logs.DescribeLogStreams"
_LINES = "logs.GetLogEvents"
_GONE = Refused("ResourceNotFoundException", "Function not found")
_SILENT = "CloudFormation did not receive a response from your Custom Resource. Please check your logs for requestId [81bc180d-44d8-48f9-892c-99c12dda17e4]. If you are using the Python cfn-response module, you may need to update your Lambda function code so that CloudFormation can attach the updated version."


def log(group: str, stream: str, *lines: str) -> Any:
    """GetLogEvents, which must be asked for this stream, for the time of the operation, and for a bounded number."""

    def answer(given: Any) -> Any:
        assert (given["logGroupName"], given["logStreamName"]) == (group, stream)
        assert given["limit"] <= 20
        assert given["startTime"] >= int(START.timestamp() * 1000)
        return {"events": [{"timestamp": given["startTime"], "message": f"{line}\n"} for line in lines]}

    return answer


HISTORIES = (
    History(
        name="a function that names its log stream, and was deleted since",
        source="https://github.com/aws-samples/aws-saas-factory-bootcamp/issues/63",
        events=f"""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            1 | CREATE_IN_PROGRESS | InvokeLambdaCopyS3Objects | AWS::CloudFormation::CustomResource | | | {_TOKEN}
            2 | CREATE_FAILED | InvokeLambdaCopyS3Objects | AWS::CloudFormation::CustomResource | Received response status [FAILED] from custom resource. Message returned: See the details in CloudWatch Log Stream: 2021/07/14/[$LATEST]0123456789abcdef0123456789abcdef (RequestId: 0f1e2d3c-0000-4000-8000-000000000000)
            3 | ROLLBACK_COMPLETE | @
        """,
        answers={
            _CONFIGURATION: _GONE,
            _LINES: log(
                "/aws/lambda/CopyS3Objects",
                "2021/07/14/[$LATEST]0123456789abcdef0123456789abcdef",
                "START RequestId: 0f1e2d3c Version: $LATEST",
                "connecting with password=hunter2 to the database",
                "NoSuchBucket: An error occurred when calling the CopyObject operation",
                "END RequestId: 0f1e2d3c",
            ),
        },
        path="InvokeLambdaCopyS3Objects",
        status="CREATE_FAILED",
        reason="Received response status [FAILED]",
        shows=("the function's own log, /aws/lambda/CopyS3Objects", "NoSuchBucket: An error occurred", "password=****"),
        hides=("hunter2", "START RequestId"),
        unseen=("which log group function CopyS3Objects writes to (the usual one is looked at)",),
    ),
    History(
        name="a function that says what is missing",
        source="https://github.com/udondan/cdk-ec2-key-pair/issues/2",
        events=f"""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            1 | CREATE_FAILED | KeyPair | Custom::EC2-Key-Pair | Failed to create resource. You can't create this secret because a secret with this name is already scheduled for deletion. ¦ Full error in CloudWatch 2020/04/03/[$LATEST]3a3efa6d32f545bf82c323db4100bf5d | | {_TOKEN}
            2 | ROLLBACK_COMPLETE | @
        """,
        answers={
            _CONFIGURATION: {"FunctionName": "CopyS3Objects", "LoggingConfig": {"LogGroup": "/keys"}},
            _LINES: log("/keys", "2020/04/03/[$LATEST]3a3efa6d32f545bf82c323db4100bf5d"),
        },
        path="KeyPair",
        status="CREATE_FAILED",
        reason="already scheduled for deletion",
        says=("A deleted secret keeps its name for some days",),
        runs=("aws secretsmanager restore-secret --secret-id NAME",),
    ),
    History(
        name="a function that may not do what it should",
        source="https://github.com/lambci/lambci/issues/103",
        events=f"""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            1 | CREATE_FAILED | Config | Custom::ConfigUpdater | Failed to create resource. See the log | | {_TOKEN}
            2 | ROLLBACK_COMPLETE | @
        """,
        answers={
            _CONFIGURATION: {"FunctionName": "CopyS3Objects"},
            _STREAMS: {
                "logStreams": [
                    {
                        "logStreamName": "new",
                        "firstEventTimestamp": int(after(0.5).timestamp() * 1000),
                        "lastEventTimestamp": int(after(1).timestamp() * 1000),
                    },
                    {"logStreamName": "old", "firstEventTimestamp": 1, "lastEventTimestamp": 2},
                ]
            },
            _LINES: log(
                "/aws/lambda/CopyS3Objects",
                "new",
                "User: arn:aws:sts::605034037838:assumed-role/lambci-LambdaExecution/lambci-build is not authorized to perform: iam:PassRole on resource: arn:aws:iam::605034037838:role/lambci-SnsFailures",
            ),
        },
        path="Config",
        status="CREATE_FAILED",
        reason="Failed to create resource",
        says=("iam:PassRole on arn:aws:iam::605034037838:role/lambci-SnsFailures",),
        shows=("is not authorized to perform: iam:PassRole",),
    ),
    History(
        name="a function that never answers, and wrote nothing",
        source="https://github.com/aws-samples/aws-saas-factory-eks-reference-architecture/issues/67",
        events=f"""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            1 | CREATE_IN_PROGRESS | AppCert | Custom::Certificate | | | {_TOKEN}
            61 | CREATE_FAILED | AppCert | Custom::Certificate | {_SILENT}
            62 | ROLLBACK_COMPLETE | @
        """,
        answers={_CONFIGURATION: {"FunctionName": "CopyS3Objects"}, _STREAMS: {"logStreams": []}},
        path="AppCert",
        status="CREATE_FAILED",
        reason="did not receive a response",
        says=("never answered",),
        unseen=("the log of custom resource AppCert: /aws/lambda/CopyS3Objects has no line of that time",),
    ),
    History(
        name="a function in a VPC that never answers, whose log may not be read",
        source="https://github.com/aws-solutions-library-samples/qnabot-on-aws/issues/523",
        events=f"""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            61 | CREATE_FAILED | ESProxy | Custom::ESProxy | {_SILENT} | | {_TOKEN}
            62 | ROLLBACK_COMPLETE | @
        """,
        answers={_CONFIGURATION: {"FunctionName": "CopyS3Objects"}, _STREAMS: DENIED},
        path="ESProxy",
        status="CREATE_FAILED",
        reason="did not receive a response",
        says=("from inside a VPC it needs a way out",),
        unseen=("the log streams of /aws/lambda/CopyS3Objects: logs:DescribeLogStreams is not allowed",),
    ),
    History(
        name="a custom resource behind a topic",
        source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources-sns.html",
        events="""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            1 | CREATE_FAILED | Certificate | Custom::Certificate | Received response status [FAILED] from custom resource. Message returned: no | | properties={"ServiceToken":"arn:aws:sns:sa-east-1:111111111111:requests"}
            2 | CREATE_FAILED | Other | Custom::Other | Received response status [FAILED] from custom resource. Message returned: neither
            3 | ROLLBACK_COMPLETE | @
        """,
        path="Certificate",
        status="CREATE_FAILED",
        reason="Message returned: no",
        also=("Other",),
        unseen=("behind it is arn:aws:sns:sa-east-1:111111111111:requests, which is no Lambda function",),
    ),
)
