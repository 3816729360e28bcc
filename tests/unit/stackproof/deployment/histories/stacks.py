"""The stack itself fails, a nested one does, a deletion is blocked, or a rollback stops half-way."""

from __future__ import annotations

from tests.unit.stackproof.deployment.histories.recorded import DENIED, History, arn

_NESTED = "AWS::CloudFormation::Stack"
_ENI = "AWS Lambda VPC ENI-binxio-cfn-postgresql-user-provider-059-2a0ef611-99a0-4a90-a1bc-5729f75b6833"
_LIST_IMPORTS = "cloudformation.ListImports"
_INTERFACES = "ec2.DescribeNetworkInterfaces"


def _interface(number: int, description: str) -> dict[str, str]:
    return {"NetworkInterfaceId": f"eni-{number}", "Status": "in-use", "Description": description}


HISTORIES = (
    History(
        name="an export that another stack uses, in an update",
        source="https://github.com/aws/aws-cdk/issues/7602",
        events="""
            0 | UPDATE_IN_PROGRESS | @ | | User Initiated
            1 | UPDATE_ROLLBACK_IN_PROGRESS | @ | | Export Stack1:ExportsOutputFnGetAtt-sg1-C785ABD5GroupId30372C66 cannot be deleted as it is in use by Stack2
            2 | UPDATE_ROLLBACK_COMPLETE | @
        """,
        answers={_LIST_IMPORTS: {"Imports": ["Stack2", "Stack3"]}},
        path="@",
        status="UPDATE_ROLLBACK_IN_PROGRESS",
        reason="as it is in use by Stack2",
        says=("(Stack2): change those first",),
        runs=("list-imports --export-name Stack1:ExportsOutputFnGetAtt-sg1-C785ABD5GroupId30372C66",),
        shows=("Stacks that import", "Stack3"),
        state="UPDATE_ROLLBACK_COMPLETE",
    ),
    History(
        name="an export that another stack uses, in a deletion that never begins",
        source="https://github.com/rlister/stax/issues/40",
        events="""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            5 | CREATE_COMPLETE | @
            90 | UPDATE_IN_PROGRESS | @ | | User Initiated
            91 | UPDATE_COMPLETE_CLEANUP_IN_PROGRESS | @
            92 | UPDATE_COMPLETE | @
            200 | UPDATE_COMPLETE | @ | | Export foo-ci-docker-vpc-EcsCluster cannot be deleted as it is in use by foo-ci-docker-events
        """,
        answers={_LIST_IMPORTS: DENIED},
        path="@",
        status="UPDATE_COMPLETE",
        reason="in use by foo-ci-docker-events",
        says=("Other stacks import foo-ci-docker-vpc-EcsCluster",),
        unseen=("which stacks import foo-ci-docker-vpc-EcsCluster",),
        state="UPDATE_COMPLETE",
    ),
    History(
        name="an import that nobody exports",
        source="https://github.com/widdix/aws-s3-virusscan/issues/39",
        events="""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated | | token=Console-CreateStack-55c7799e-f9d1-459e-87ea-dc393659e719
            1 | ROLLBACK_IN_PROGRESS | @ | | No export named -SubnetAPublic found. Rollback requested by user. | | token=Console-CreateStack-55c7799e-f9d1-459e-87ea-dc393659e719
            2 | ROLLBACK_COMPLETE | @
        """,
        path="@",
        status="ROLLBACK_IN_PROGRESS",
        reason="No export named -SubnetAPublic found",
        says=("exports -SubnetAPublic",),
        runs=("aws cloudformation list-exports",),
    ),
    History(
        name="a deletion by a role that is gone",
        source="https://github.com/awslabs/route53-dynamic-dns-with-lambda/issues/55",
        events="""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            5 | CREATE_COMPLETE | @
            100 | DELETE_IN_PROGRESS | @ | | User Initiated
            101 | DELETE_FAILED | @ | | Role arn:aws:iam::999999999999:role/cdk-hnb9999ds-cfn-exec-role-999999999-us-east-2 is invalid or cannot be assumed
        """,
        path="@",
        status="DELETE_FAILED",
        reason="is invalid or cannot be assumed",
        says=("which is gone, or does not trust cloudformation.amazonaws.com",),
        runs=("aws cloudformation delete-stack --stack-name lms-dev --role-arn ARN",),
        state="DELETE_FAILED",
    ),
    History(
        name="a time limit, and a bucket that stays on the way back",
        source="https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html",
        events="""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            60 | CREATE_FAILED | Service | AWS::ECS::Service | Resource creation cancelled
            60 | ROLLBACK_IN_PROGRESS | @ | | Stack creation time exceeded the specified timeout. Rollback requested by user.
            61 | DELETE_FAILED | Uploads | AWS::S3::Bucket | The bucket you tried to delete is not empty | lms-uploads
            62 | ROLLBACK_FAILED | @ | | The following resource(s) failed to delete: [Uploads].
        """,
        path="@",
        status="ROLLBACK_IN_PROGRESS",
        reason="exceeded the specified timeout",
        says=("TimeoutInMinutes",),
        also=("Uploads",),
        state="ROLLBACK_FAILED",
    ),
    History(
        name="an update that somebody cancelled",
        source="https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CancelUpdateStack.html",
        events="""
            0 | UPDATE_IN_PROGRESS | @ | | User Initiated
            3 | UPDATE_ROLLBACK_IN_PROGRESS | @ | | User Initiated
            3 | UPDATE_FAILED | Service | AWS::ECS::Service | Resource update cancelled
            4 | UPDATE_ROLLBACK_COMPLETE | @
        """,
        path="@",
        status="UPDATE_ROLLBACK_IN_PROGRESS",
        reason="User Initiated",
        says=("cancelled it",),
        state="UPDATE_ROLLBACK_COMPLETE",
    ),
    History(
        name="an operation that failed, days and good updates ago",
        source="https://github.com/cloudtools/stacker/pull/687",
        events="""
            0 | UPDATE_IN_PROGRESS | @ | | User Initiated
            1 | UPDATE_FAILED | Subnet | AWS::EC2::Subnet | The CIDR '10.0.1.0/24' conflicts with another subnet
            2 | UPDATE_ROLLBACK_IN_PROGRESS | @ | | The following resource(s) failed to update: [Subnet].
            3 | UPDATE_ROLLBACK_COMPLETE | @
            4000 | UPDATE_IN_PROGRESS | @ | | User Initiated
            4001 | UPDATE_COMPLETE | @
        """,
        path="Subnet",
        status="UPDATE_FAILED",
        reason="conflicts with another subnet",
        says=("addresses of 10.0.1.0/24",),
        state="UPDATE_COMPLETE",
    ),
    History(
        name="a stack in which nothing ever failed",
        source="https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackEvents.html",
        events="""
            0 | REVIEW_IN_PROGRESS | @ | | User Initiated
            1 | CREATE_IN_PROGRESS | @ | | User Initiated
            2 | CREATE_COMPLETE | @
        """,
        path="",
        status="",
        reason="",
        state="CREATE_COMPLETE",
    ),
    History(
        name="a creation that ended in a deletion, as asked for",
        source="https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/150",
        events="""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            2 | CREATE_FAILED | Db | AWS::RDS::DBInstance | Cannot find version 5.7.1 for mysql (Service: Rds, Status Code: 400)
            3 | DELETE_IN_PROGRESS | @ | | The following resource(s) failed to create: [Db]. Delete requested by user.
            4 | DELETE_COMPLETE | @
        """,
        path="Db",
        status="CREATE_FAILED",
        reason="Cannot find version 5.7.1 for mysql",
        says=("mysql 5.7.1 does not exist",),
        runs=("aws rds describe-db-engine-versions --engine mysql",),
        state="DELETE_COMPLETE",
    ),
    History(
        name="a rollback that stops half-way",
        source="https://github.com/convox/rack/issues/2142",
        events="""
            0 | UPDATE_IN_PROGRESS | @ | | User Initiated
            1 | UPDATE_FAILED | CustomTopic | AWS::Lambda::Function | The runtime parameter of nodejs is no longer supported
            2 | UPDATE_ROLLBACK_IN_PROGRESS | @ | | The following resource(s) failed to update: [CustomTopic].
            3 | UPDATE_FAILED | Instances | AWS::AutoScaling::AutoScalingGroup | Failed to receive 1 resource signal(s) within the specified duration
            4 | UPDATE_ROLLBACK_FAILED | @ | | The following resource(s) failed to update: [Instances].
            50 | UPDATE_ROLLBACK_IN_PROGRESS | @ | | User Initiated
            51 | UPDATE_FAILED | Instances | AWS::AutoScaling::AutoScalingGroup | Failed to receive 1 resource signal(s) within the specified duration
            52 | UPDATE_ROLLBACK_FAILED | @ | | The following resource(s) failed to update: [Instances].
        """,
        path="CustomTopic",
        status="UPDATE_FAILED",
        reason="no longer supported",
        also=("Instances",),
        state="UPDATE_ROLLBACK_FAILED",
    ),
    History(
        name="a bucket that is not empty",
        source="https://github.com/aws/aws-cdk/issues/21776",
        events="""
            0 | DELETE_IN_PROGRESS | @ | | User Initiated
            1 | DELETE_FAILED | LogBucketCC3B17E8 | AWS::S3::Bucket | The bucket you tried to delete is not empty (Service: Amazon S3; Status Code: 409; Error Code: BucketNotEmpty; Request ID: 13B5WKE8TCT9VS8K; Proxy: null) | cdkbucketstack-logbucketcc3b17e8-g0crsksv9497
            2 | DELETE_FAILED | @ | | The following resource(s) failed to delete: [LogBucketCC3B17E8].
        """,
        path="LogBucketCC3B17E8",
        status="DELETE_FAILED",
        reason="not empty",
        says=("Empty the bucket (all versions)",),
        runs=("aws s3 rm s3://cdkbucketstack-logbucketcc3b17e8-g0crsksv9497 --recursive",),
        state="DELETE_FAILED",
    ),
    History(
        name="a security group that a function's interface is in",
        source="https://github.com/binxio/cfn-postgresql-user-provider/issues/9",
        events="""
            0 | DELETE_IN_PROGRESS | @ | | User Initiated
            9 | DELETE_FAILED | Group | AWS::EC2::SecurityGroup | resource  sg-0b8b2fcf05a0509b6 has a dependent object (Service: AmazonEC2; Status  Code: 400; Error Code: DependencyViolation; Request ID:  b4bd0dec-0300-42c1-bccc-c7ea5093ba1a) | sg-0b8b2fcf05a0509b6
            10 | DELETE_FAILED | @ | | The following resource(s) failed to delete: [Group].
        """,
        answers={_INTERFACES: {"NetworkInterfaces": [_interface(1, _ENI)]}},
        path="Group",
        status="DELETE_FAILED",
        reason="has a dependent object",
        says=("Something still uses security group sg-0b8b2fcf05a0509b6",),
        runs=("Name=group-id,Values=sg-0b8b2fcf05a0509b6",),
        shows=(f"eni-1 in-use: {_ENI}",),
        state="DELETE_FAILED",
    ),
    History(
        name="a subnet and a group with many interfaces",
        source="https://github.com/aws/aws-cdk/issues/14456",
        events="""
            0 | DELETE_IN_PROGRESS | @ | | User Initiated
            9 | DELETE_FAILED | Subnet1 | AWS::EC2::Subnet | The subnet 'subnet-00974e267b4554553' has dependencies and cannot be deleted. (Service: AmazonEC2; Status Code: 400; Error Code: DependencyViolation; Request ID: 517031bf; Proxy: null) | subnet-00974e267b4554553
            9 | DELETE_FAILED | Lambda | AWS::EC2::SecurityGroup | resource sg-1 has a dependent object | sg-1
            10 | DELETE_FAILED | @ | | The following resource(s) failed to delete: [Subnet1, Lambda].
        """,
        answers={_INTERFACES: {"NetworkInterfaces": [_interface(number, "") for number in range(7)]}},
        path="Subnet1",
        status="DELETE_FAILED",
        reason="has dependencies and cannot be deleted",
        says=("network interface in subnet subnet-00974e267b4554553",),
        shows=("eni-4 in-use: no description", "and 2 more"),
        also=("Lambda",),
        state="DELETE_FAILED",
    ),
    History(
        name="a nested stack that is deleted on the way back",
        source="https://github.com/aws-samples/aws-scalable-big-blue-button-example/issues/74",
        events=f"""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            1 | CREATE_IN_PROGRESS | BBBNetworkStack | {_NESTED} | Resource creation Initiated | {arn("BBBNetworkStack")}
            5 | CREATE_FAILED | BBBNetworkStack | {_NESTED} | Embedded stack {arn("BBBNetworkStack")} was not successfully created: The following resource(s) failed to create: [BBBPrivateDBSubnet1RouteTableAssociation, BBBNatGateway1EIP]. | {arn("BBBNetworkStack")}
            6 | ROLLBACK_IN_PROGRESS | @ | | The following resource(s) failed to create: [BBBNetworkStack]. Rollback requested by user.
            9 | ROLLBACK_COMPLETE | @
        """,
        nested={
            "BBBNetworkStack": """
                1 | CREATE_IN_PROGRESS | @ | | User Initiated
                3 | CREATE_FAILED | BBBPrivateDBSubnet1RouteTableAssociation | AWS::EC2::SubnetRouteTableAssociation | Resource creation cancelled
                3 | CREATE_FAILED | BBBNatGateway1EIP | AWS::EC2::EIP | The maximum number of addresses has been reached.
                4 | CREATE_FAILED | @ | | The following resource(s) failed to create: [BBBPrivateDBSubnet1RouteTableAssociation, BBBNatGateway1EIP].
                7 | DELETE_IN_PROGRESS | @ | | User Initiated
                8 | DELETE_COMPLETE | @
            """
        },
        path="BBBNetworkStack/BBBNatGateway1EIP",
        status="CREATE_FAILED",
        reason="The maximum number of addresses has been reached",
        says=("Elastic IP",),
    ),
    History(
        name="a nested stack that fails as a whole",
        source="https://github.com/aws-samples/aws-saas-factory-bootcamp/issues/26",
        events=f"""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            5 | CREATE_FAILED | DevEnvironment | {_NESTED} | Embedded stack {arn("DevEnvironment")} was not successfully created: No export named module-saas-bootcamp-base-PUBLICSUBNET1 found | {arn("DevEnvironment")}
            9 | ROLLBACK_COMPLETE | @
        """,
        nested={
            "DevEnvironment": """
                1 | CREATE_IN_PROGRESS | @ | | User Initiated
                2 | ROLLBACK_IN_PROGRESS | @ | | No export named module-saas-bootcamp-base-PUBLICSUBNET1 found
                3 | ROLLBACK_COMPLETE | @
            """
        },
        path="DevEnvironment/DevEnvironment",
        status="ROLLBACK_IN_PROGRESS",
        reason="No export named module-saas-bootcamp-base-PUBLICSUBNET1 found",
        says=("exports module-saas-bootcamp-base-PUBLICSUBNET1",),
    ),
    History(
        name="a nested update, two levels deep, after an older failure of the same stack",
        source="https://github.com/aws-amplify/amplify-js/issues/6367",
        events=f"""
            100 | UPDATE_IN_PROGRESS | @ | | User Initiated
            105 | UPDATE_FAILED | Functions | {_NESTED} | Embedded stack {arn("Functions")} was not successfully updated. Currently in UPDATE_ROLLBACK_IN_PROGRESS with reason: The following resource(s) failed to update: [Table]. | {arn("Functions")}
            109 | UPDATE_ROLLBACK_COMPLETE | @
        """,
        nested={
            "Functions": f"""
                1 | UPDATE_IN_PROGRESS | @ | | User Initiated
                2 | UPDATE_FAILED | Old | AWS::Lambda::Function | An older failure, of another day
                3 | UPDATE_ROLLBACK_COMPLETE | @
                101 | UPDATE_IN_PROGRESS | @ | | User Initiated
                104 | UPDATE_FAILED | Table | {_NESTED} | Embedded stack {arn("Table")} was not successfully updated. Currently in UPDATE_ROLLBACK_IN_PROGRESS with reason: No export named apiaivyGraphQLAPIIdOutput:GetAtt:SpaceTable:Name found | {arn("Table")}
                105 | UPDATE_ROLLBACK_IN_PROGRESS | @ | | The following resource(s) failed to update: [Table].
            """,
            "Table": """
                102 | UPDATE_IN_PROGRESS | @ | | User Initiated
                103 | UPDATE_ROLLBACK_IN_PROGRESS | @ | | No export named apiaivyGraphQLAPIIdOutput:GetAtt:SpaceTable:Name found
            """,
        },
        path="Functions/Table/Table",
        status="UPDATE_ROLLBACK_IN_PROGRESS",
        reason="No export named apiaivyGraphQLAPIIdOutput:GetAtt:SpaceTable:Name found",
        says=("exports apiaivyGraphQLAPIIdOutput",),
        state="UPDATE_ROLLBACK_COMPLETE",
    ),
    History(
        name="a nested stack that needs a capability",
        source="https://github.com/heptio/aws-quickstart/issues/193",
        events=f"""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            1 | CREATE_FAILED | K8sStack | {_NESTED} | Requires capabilities : [CAPABILITY_IAM]
            2 | ROLLBACK_COMPLETE | @
        """,
        path="K8sStack",
        status="CREATE_FAILED",
        reason="Requires capabilities",
        says=("acknowledge CAPABILITY_IAM",),
        runs=("--capabilities CAPABILITY_NAMED_IAM",),
    ),
    History(
        name="a nested stack that may not be read",
        source="https://github.com/aws-quickstart/quickstart-hashicorp-consul/issues/69",
        events=f"""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            5 | CREATE_FAILED | Consul | {_NESTED} | Embedded stack {arn("Consul")} was not successfully created: The following resource(s) failed to create: [ConfigureSSLStack, ConsulServerProfile]. | {arn("Consul")}
            9 | ROLLBACK_COMPLETE | @
        """,
        answers={
            "cloudformation.DescribeStackEvents": lambda given: DENIED if "/Consul/" in given["StackName"] else None
        },
        path="Consul",
        status="CREATE_FAILED",
        reason="[ConfigureSSLStack, ConsulServerProfile]",
        unseen=("the events of nested stack Consul: cloudformation:DescribeStackEvents is not allowed",),
    ),
)
