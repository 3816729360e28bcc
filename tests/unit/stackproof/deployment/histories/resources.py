"""A resource that cannot be made, changed or replaced."""

from __future__ import annotations

from tests.unit.stackproof.deployment.histories.recorded import DENIED, History, Refused

_ECS_ROLE = (
    "Unable to assume the service linked role. Please verify that the ECS service linked role exists. "
    "(Service: AmazonECS; Status Code: 400; Error Code: InvalidParameterException; Request ID: 22e06152; Proxy: null)"
)
_ENCODED = "KzCTdjlfnw3kFnfFPzPDmpF530fFDONK9EnK5cZIRTaavlLqjLjyEeneWsxcgLT43Vo3oBUlFctKH8erCsIju248"
_DECODED = (
    '{"allowed":false,"explicitDeny":false,"context":{"principal":{"id":"AIDA","arn":"arn:aws:iam::111111111111:role/ci"},'
    '"action":"ec2:DisassociateRouteTable","resource":"arn:aws:ec2:sa-east-1:111111111111:route-table/rtb-1"}}'
)
_UNDECODED = f"""
    0 | UPDATE_IN_PROGRESS | @ | | User Initiated
    1 | DELETE_FAILED | Association | AWS::EC2::SubnetRouteTableAssociation | 1 validation error detected: Value 'You are not authorized to perform this operation. Encoded authorization failure message: {_ENCODED}' at 'statusMessage' failed to satisfy constraint
    2 | UPDATE_ROLLBACK_COMPLETE | @
"""

HISTORIES = (
    History(
        name="an address quota, then cancellations",
        source="https://github.com/aws/aws-parallelcluster/issues/1734",
        events="""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            1 | CREATE_FAILED | NatEIPPublic | AWS::EC2::EIP | The maximum number of addresses has been reached. (Service: AmazonEC2; Status Code: 400; Error Code: AddressLimitExceeded; Request ID: 4eab21b1-72d3-43af-ba83-aa3a479414a4)
            1 | CREATE_FAILED | RouteTablePrivate | AWS::EC2::RouteTable | Resource creation cancelled
            1 | CREATE_FAILED | Public | AWS::EC2::Subnet | Resource creation cancelled
            1 | CREATE_FAILED | Private | AWS::EC2::Subnet | Resource creation cancelled
            2 | ROLLBACK_IN_PROGRESS | @ | | The following resource(s) failed to create: [RouteTablePrivate, NatEIPPublic, Public, Private]. Rollback requested by user.
            4 | ROLLBACK_COMPLETE | @
        """,
        path="NatEIPPublic",
        status="CREATE_FAILED",
        reason="The maximum number of addresses has been reached",
        says=("quota for Elastic IP addresses",),
        runs=("--service-code ec2 --quota-code L-0263D0A3",),
    ),
    History(
        name="the same in a handler's words",
        source="https://github.com/radius-project/samples/issues/711",
        events="""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            1 | CREATE_FAILED | NATIP | AWS::EC2::EIP | Resource handler returned message: "The maximum number of addresses has been reached. (Service: Ec2, Status Code: 400, Request ID: 6b8cf3d3-1afc-40de-91d7-4ac4c55bfc32)" (RequestToken: 5f2495db-493f-e12b-ebf1-187d26148fde, HandlerErrorCode: GeneralServiceException)
            2 | ROLLBACK_COMPLETE | @
        """,
        path="NATIP",
        status="CREATE_FAILED",
        reason="maximum number of addresses",
        says=("Elastic IP",),
    ),
    History(
        name="a cancellation that comes first",
        source="https://github.com/aws/serverless-application-model/issues/58",
        events="""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            1 | CREATE_FAILED | Table | AWS::DynamoDB::Table | Resource creation cancelled
            1 | CREATE_FAILED | GetFunctionRole | AWS::IAM::Role | API: iam:CreateRole User: arn:aws:iam::111111111111:user/dev is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::111111111111:role/api-GetFunctionRole-1
            2 | ROLLBACK_IN_PROGRESS | @ | | The following resource(s) failed to create: [GetFunctionRole, Table]. . Rollback requested by user.
            3 | ROLLBACK_COMPLETE | @
        """,
        path="GetFunctionRole",
        status="CREATE_FAILED",
        reason="is not authorized to perform: iam:CreateRole",
        says=(
            "iam:CreateRole on arn:aws:iam::111111111111:role/api-GetFunctionRole-1",
            "for arn:aws:iam::111111111111:user/dev",
        ),
    ),
    History(
        name="a log group that an earlier stack left",
        source="https://github.com/aws-solutions/amazon-marketing-cloud-uploader-from-aws/issues/167",
        events="""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            1 | CREATE_FAILED | Logs | AWS::Logs::LogGroup | Resource handler returned message: "Resource of type 'AWS::Logs::LogGroup' with identifier '{"/properties/LogGroupName":"/aws/lambda/iantest-v2sol-Anonymous"}' already exists." (RequestToken: 258db5a1-23c6-5e4b-4d23-7a469fc2de96, HandlerErrorCode: AlreadyExists)
            2 | ROLLBACK_COMPLETE | @
        """,
        template={
            "Parameters": {"Suffix": {"Type": "String"}},
            "Resources": {
                "Logs": {
                    "Type": "AWS::Logs::LogGroup",
                    "Properties": {"LogGroupName": {"Fn::Sub": "/aws/lambda/iantest-${Suffix}"}},
                }
            },
        },
        path="Logs",
        status="CREATE_FAILED",
        reason="already exists",
        says=("left behind by an earlier stack", "Parameter Suffix decides it."),
        runs=("aws logs delete-log-group --log-group-name /aws/lambda/iantest-v2sol-Anonymous",),
    ),
    History(
        name="a log group twice in one stack",
        source="https://github.com/serverless/serverless/issues/3237",
        events="""
            0 | UPDATE_IN_PROGRESS | @ | | User Initiated
            1 | CREATE_FAILED | LoginLogGroup | AWS::Logs::LogGroup | /aws/lambda/development-get-stat  already exists in stack  arn:aws:cloudformation:us-east-1:1:stack/alertgraph-development/1-4846-11e8-9f74-1
            2 | UPDATE_ROLLBACK_COMPLETE | @
        """,
        path="LoginLogGroup",
        status="CREATE_FAILED",
        reason="already exists in stack",
        # Deleting it would take it from the stack that owns it.
        says=("/aws/lambda/development-get-stat belongs to another resource of stack",),
        hides=("delete-log-group",),
        state="UPDATE_ROLLBACK_COMPLETE",
    ),
    History(
        name="a permission, told already while it is in progress",
        source="https://github.com/aws/aws-cdk/issues/27067",
        events="""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            1 | CREATE_IN_PROGRESS | FilePublishingRole | AWS::IAM::Role | User: arn:aws:iam::341538367464:user/matt is not authorized to perform: iam:GetRole on resource: role cdk-file-publishing-role because no identity-based policy allows the iam:GetRole action (Service: Iam, Status Code: 403, Request ID: b1bb91a6)
            2 | CREATE_FAILED | ImagePublishingRole | AWS::IAM::Role | Resource handler returned message: "User: arn:aws:iam::341538367464:user/matt is not authorized to perform: iam:GetRole on resource: role cdk-image-publishing-role because no identity-based policy allows the iam:GetRole action (Service: Iam, Status Code: 403, Request ID: 2014b22d)" (RequestToken: 97cd1be4, HandlerErrorCode: AccessDenied)
            3 | ROLLBACK_COMPLETE | @
        """,
        path="ImagePublishingRole",
        status="CREATE_FAILED",
        reason="iam:GetRole",
        says=("iam:GetRole on role cdk-image-publishing-role, for arn:aws:iam::341538367464:user/matt.",),
    ),
    History(
        name="a permission that a policy denies",
        source="https://github.com/alexcasalboni/aws-lambda-power-tuning/issues/154",
        events="""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            1 | CREATE_IN_PROGRESS | analyzerRole | AWS::IAM::Role | Did not have IAM permissions to process tags on AWS::IAM::Role resource.
            2 | CREATE_FAILED | analyzerRole | AWS::IAM::Role | API: iam:CreateRole User: arn:aws:sts::111111111111:assumed-role/Owner/me is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::111111111111:role/tuning-analyzerRole-30U2WSAK4KID with an explicit deny in a service control policy
            3 | ROLLBACK_COMPLETE | @
        """,
        path="analyzerRole",
        status="CREATE_FAILED",
        reason="explicit deny",
        says=("is denied to arn:aws:sts::111111111111:assumed-role/Owner/me by a service control policy",),
    ),
    History(
        name="a role that may not be handed on",
        source="https://github.com/aws-solutions-library-samples/data-lakes-on-aws/issues/275",
        events="""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            1 | CREATE_FAILED | Pipeline | AWS::CodePipeline::Pipeline | API: cloudFormation User: arn:aws:sts::111111111111:assumed-role/engineering/AWSCloudFormation is not authorized to perform: iam:PassRole on resource: arn:aws:iam::111111111111:role/engineering because no identity-based policy allows the iam:PassRole action
            2 | ROLLBACK_COMPLETE | @
        """,
        path="Pipeline",
        status="CREATE_FAILED",
        reason="iam:PassRole",
        says=("iam:PassRole on arn:aws:iam::111111111111:role/engineering",),
    ),
    History(
        name="an encoded refusal that may be decoded",
        source="https://github.com/aws-amplify/amplify-cli/issues/10116",
        events=_UNDECODED,
        answers={"sts.DecodeAuthorizationMessage": {"DecodedMessage": _DECODED}},
        path="Association",
        status="DELETE_FAILED",
        reason="not authorized to perform this operation",
        says=("ec2:DisassociateRouteTable on arn:aws:ec2:sa-east-1:111111111111:route-table/rtb-1", "role/ci"),
        shows=("ec2:DisassociateRouteTable",),
        state="UPDATE_ROLLBACK_COMPLETE",
    ),
    History(
        name="an encoded refusal that may not be decoded",
        source="https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html",
        events=_UNDECODED,
        answers={"sts.DecodeAuthorizationMessage": DENIED},
        path="Association",
        status="DELETE_FAILED",
        reason="not authorized to perform this operation",
        says=("only in an encoded message",),
        runs=(f"--encoded-message {_ENCODED}",),
        unseen=("which permission is missing (AWS encodes it): sts:DecodeAuthorizationMessage is not allowed",),
        state="UPDATE_ROLLBACK_COMPLETE",
    ),
    History(
        name="an account that never used ECS",
        source="https://github.com/aws-samples/baseline-environment-on-aws/issues/238",
        events=f"""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            1 | CREATE_FAILED | Cluster | AWS::ECS::Cluster | Resource handler returned message: "{_ECS_ROLE}" (RequestToken: 70f29b80-2c90-67be-ab25-097676cebf8c, HandlerErrorCode: InvalidRequest)
            2 | ROLLBACK_COMPLETE | @
        """,
        path="Cluster",
        status="CREATE_FAILED",
        reason="service linked role",
        says=("service-linked role does not exist yet",),
        runs=("aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com",),
    ),
    History(
        name="a replacement that has a name",
        source="https://github.com/convox/rack/issues/2941",
        events="""
            0 | UPDATE_IN_PROGRESS | @ | | User Initiated
            1 | UPDATE_FAILED | Instance | AWS::RDS::DBInstance | CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename prod-convox-db and update the stack again.
            2 | UPDATE_ROLLBACK_IN_PROGRESS | @ | | The following resource(s) failed to update: [Instance].
            3 | UPDATE_ROLLBACK_COMPLETE | @
        """,
        template={
            "Parameters": {"Name": {"Type": "String"}},
            "Resources": {
                "Instance": {"Type": "AWS::RDS::DBInstance", "Properties": {"DBInstanceName": {"Ref": "Name"}}}
            },
        },
        path="Instance",
        status="UPDATE_FAILED",
        reason="custom-named resource requires replacing",
        says=("This change replaces prod-convox-db", "Parameter Name decides it."),
        state="UPDATE_ROLLBACK_COMPLETE",
    ),
    History(
        name="a role of the same name",
        source="https://github.com/aws-samples/aws-modern-application-workshop/issues/72",
        events="""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            1 | CREATE_FAILED | CodeBuildRole | AWS::IAM::Role | MythicalMysfitsServiceCodeBuildServiceRole already exists
            2 | ROLLBACK_COMPLETE | @
        """,
        answers={"cloudformation.GetTemplate": DENIED},
        path="CodeBuildRole",
        status="CREATE_FAILED",
        reason="already exists",
        says=("exists already, outside this stack",),
        unseen=("which parameters decide Name (the template): cloudformation:GetTemplate is not allowed",),
    ),
    History(
        name="a bucket's name that is taken",
        source="https://github.com/jpsim/AWSPics/issues/14",
        events="""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            1 | CREATE_FAILED | WebBucket | AWS::S3::Bucket | my-photos already exists
            2 | ROLLBACK_COMPLETE | @
        """,
        path="WebBucket",
        status="CREATE_FAILED",
        reason="my-photos already exists",
        says=("buckets' names belong to all of AWS",),
    ),
    History(
        name="a certificate that is not issued yet",
        source="https://github.com/govuk-paas/paas-cf/pull/3063",
        events="""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            1 | CREATE_FAILED | HttpsListener | AWS::ElasticLoadBalancingV2::Listener | Resource handler returned message: "The certificate 'arn:aws:acm:eu-west-1:595665891067:certificate/3a91fd44-c879-4410-9073-8e962ccd23c4' must have a fully-qualified domain name, a supported signature, and a supported key size. (Service: ElasticLoadBalancingV2, Status Code: 400)" (RequestToken: 1, HandlerErrorCode: InvalidRequest)
            2 | ROLLBACK_COMPLETE | @
        """,
        template={
            "Parameters": {"CertificateArn": {"Type": "String"}},
            "Resources": {
                "HttpsListener": {
                    "Type": "AWS::ElasticLoadBalancingV2::Listener",
                    "Properties": {"Certificates": [{"CertificateArn": {"Ref": "CertificateArn"}}]},
                }
            },
        },
        path="HttpsListener",
        status="CREATE_FAILED",
        reason="must have a fully-qualified domain name",
        says=("not issued", "Parameter CertificateArn decides it."),
        runs=("--certificate-arn arn:aws:acm:eu-west-1:595665891067:certificate/3a91fd44-c879-4410-9073-8e962ccd23c4",),
    ),
    History(
        name="a certificate whose record nobody made",
        source="https://github.com/aws-samples/amazon-cloudfront-secure-static-site/issues/22",
        events="""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            1 | CREATE_IN_PROGRESS | Certificate | AWS::CertificateManager::Certificate | Content of DNS Record is: {Name: _abc.lms.example.com.,Type: CNAME,Value: _def.acm-validations.aws.}
            720 | CREATE_FAILED | Certificate | AWS::CertificateManager::Certificate | Exceeded attempts to wait
            721 | ROLLBACK_COMPLETE | @
        """,
        path="Certificate",
        status="CREATE_FAILED",
        reason="Exceeded attempts",
        says=("_abc.lms.example.com CNAME _def.acm-validations.aws",),
        shows=("Content of DNS Record is",),
    ),
    History(
        name="a service before its listener",
        source="https://github.com/aws/aws-cdk/issues/1160",
        events="""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            1 | CREATE_FAILED | Service | AWS::ECS::Service | The target group with targetGroupArn arn:aws:elasticloadbalancing:us-east-1:209640446841:targetgroup/greet-inter-7A1DWCFAH8FU/c4bab708f6cad935 does not have an associated load balancer. (Service: AmazonECS; Status Code: 400; Error Code: InvalidParameterException; Request ID: f6e72ff4-e756-11e8-afbf-dd214588018c)
            2 | ROLLBACK_COMPLETE | @
        """,
        path="Service",
        status="CREATE_FAILED",
        reason="does not have an associated load balancer",
        says=("DependsOn",),
    ),
    History(
        name="a second endpoint for the same service",
        source="https://github.com/aws-samples/amazon-mwaa-examples/issues/76",
        events="""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            1 | CREATE_FAILED | States | AWS::EC2::VPCEndpoint | Resource handler returned message: "private-dns-enabled cannot be set because there is already a conflicting DNS domain for states.us-east-1.amazonaws.com in the VPC vpc-0d301afa40a5768ca (Service: Ec2, Status Code: 400, Request ID: ccc14144)" (RequestToken: 3dc89c65, HandlerErrorCode: GeneralServiceException)
            2 | ROLLBACK_COMPLETE | @
        """,
        template={
            "Parameters": {"Endpoints": {"Type": "String"}},
            "Conditions": {"HasEndpoints": {"Fn::Equals": [{"Ref": "Endpoints"}, "yes"]}},
            "Resources": {"States": {"Type": "AWS::EC2::VPCEndpoint", "Condition": "HasEndpoints"}},
        },
        path="States",
        status="CREATE_FAILED",
        reason="conflicting DNS domain",
        says=("has an endpoint for states.us-east-1.amazonaws.com already", "Parameter Endpoints decides it."),
        runs=("aws ec2 describe-vpc-endpoints --filters Name=vpc-id,Values=vpc-0d301afa40a5768ca",),
    ),
    History(
        name="too many requests at once",
        source="https://github.com/aws/aws-cdk/issues/9882",
        events="""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            1 | CREATE_FAILED | Stream | AWS::Lambda::EventSourceMapping | Rate exceeded for operation 'Rate exceeded (Service: Lambda, Status Code: 429, Request ID: 2d5768a1-1dcc-42eb-9d7d-e3290f10f4ed, Extended Request ID: null)'.
            2 | ROLLBACK_COMPLETE | @
        """,
        path="Stream",
        status="CREATE_FAILED",
        reason="Rate exceeded",
        says=("nothing is wrong with the template",),
    ),
    History(
        name="a stack policy",
        source="https://github.com/aws-samples/cfn101-workshop/pull/219",
        events="""
            0 | UPDATE_IN_PROGRESS | @ | | User Initiated
            1 | UPDATE_FAILED | SNSTopic | AWS::SNS::Topic | Action denied by stack policy: Statement [#1] does not allow [Update:*] for resource [*];
            2 | UPDATE_ROLLBACK_IN_PROGRESS | @ | | The following resource(s) failed to update: [SNSTopic].
            3 | UPDATE_ROLLBACK_COMPLETE | @
        """,
        path="SNSTopic",
        status="UPDATE_FAILED",
        reason="Action denied by stack policy",
        says=("change StackPolicy in the parameter file",),
        runs=("aws cloudformation get-stack-policy --stack-name lms-dev",),
        state="UPDATE_ROLLBACK_COMPLETE",
    ),
    History(
        name="an instance that says that it failed",
        source="https://github.com/aws-samples/well-architected-iac-analyzer/issues/108",
        events="""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            9 | CREATE_FAILED | EC2Instance | AWS::EC2::Instance | Received FAILURE signal with UniqueId i-11111wasdasdasfasdfa
            10 | ROLLBACK_COMPLETE | @
        """,
        path="EC2Instance",
        status="CREATE_FAILED",
        reason="FAILURE signal",
        says=("/var/log/cloud-init-output.log",),
    ),
    History(
        name="words that nobody has a hint for",
        source="https://github.com/gtaws/ProtectWithWAF/issues/4",
        events="""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            1 | CREATE_FAILED | Instance | AWS::EC2::Instance | API: ec2:RunInstances Not authorized for images: [ami-0dbbd6f952e12feba]
            2 | ROLLBACK_COMPLETE | @
        """,
        path="Instance",
        status="CREATE_FAILED",
        reason="Not authorized for images",
    ),
    History(
        name="a fault of AWS",
        source="https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2525",
        events="""
            0 | CREATE_IN_PROGRESS | @ | | User Initiated
            1 | CREATE_IN_PROGRESS | Certificate | AWS::CertificateManager::Certificate | Eventual consistency check initiated
            1 | CREATE_FAILED | Certificate | AWS::CertificateManager::Certificate | Resource handler returned message: "Connection pool shut down" (HandlerErrorCode: InternalFailure)
            2 | ROLLBACK_COMPLETE | @
        """,
        answers={"cloudformation.DescribeEvents": Refused("Throttling", "Rate exceeded")},
        path="Certificate",
        status="CREATE_FAILED",
        reason="Connection pool shut down",
        unseen=("all that CloudFormation's checks found",),
    ),
)
