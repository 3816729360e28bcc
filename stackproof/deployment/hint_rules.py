"""The rules for what CloudFormation and the resources' services say; the public thread of each is in the tests."""

from __future__ import annotations

from stackproof.deployment.hints import Rule

_INTERFACES = (
    "aws ec2 describe-network-interfaces --filters Name={},Values={{name}} "
    "--query 'NetworkInterfaces[].[NetworkInterfaceId,Description]'"
)
_CERTIFICATE = (
    "aws acm describe-certificate --certificate-arn {arn} "
    "--query 'Certificate.[Status,DomainValidationOptions[].ResourceRecord]'"
)
_QUOTA = "aws service-quotas request-service-quota-increase --service-code {} --quota-code {} --desired-value NUMBER"


def _quota(words: str, what: str, service: str, code: str) -> Rule:
    return Rule(
        words,
        f"The quota for {what} in this account and region is used up: delete what nobody needs, or ask for more.",
        (_QUOTA.format(service, code),),
    )


# Who may do what. The words of services differ in "on resource" and in the part that says which policy.
PERMISSIONS = (
    Rule(
        r"Encoded authorization failure message: (?P<code>[\w-]+)",
        "A permission is missing. Which one, AWS says only in an encoded message.",
        ("aws sts decode-authorization-message --query DecodedMessage --output text --encoded-message {code}",),
    ),
    Rule(
        r"(?:(?P<who>arn:[^\s]+?) )?is not authorized to perform: (?P<action>[\w-]+:\w+)(?: on resource: "
        r"(?P<resource>(?:role |user )?[^\s]+))?.* with an explicit deny in an? (?P<policy>[\w -]+)",
        "{action} on {resource} is denied to {who} by a {policy}: allowing it elsewhere does not help, that policy "
        "must change.",
    ),
    Rule(
        r"(?:(?P<who>arn:[^\s]+?) )?is not authorized to perform: (?P<action>[\w-]+:\w+)(?: on resource: "
        r"(?P<resource>(?:role |user )?[^\s]+))?",
        "A permission is missing: {action} on {resource}, for {who}.",
    ),
    Rule(
        r"Did not have IAM permissions to process tags on (?P<resource>[\w:]+)",
        "A permission is missing: the tagging actions of {resource}, for {who}.",
    ),
    Rule(
        r"Role (?P<arn>arn:\S+) is invalid or cannot be assumed",
        "CloudFormation works on this stack with role {arn}, which is gone, or does not trust "
        "cloudformation.amazonaws.com. Make it again, or hand over another one.",
        ("aws cloudformation delete-stack --stack-name {stack} --role-arn ARN",),
    ),
    Rule(
        r"Unable to assume the service linked role|service linked role exists",
        "The account has never used ECS: its service-linked role does not exist yet. Make it, then try again.",
        ("aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com",),
    ),
    Rule(
        r"security token included in the request is expired|ExpiredToken",
        "The credentials expired while CloudFormation worked with them. Log in again (for longer), or deploy with a "
        "service role.",
    ),
    Rule(r"Invalid principal in policy", "A policy names a role, user or account that does not exist (any more)."),
    Rule(
        r"The new key policy will not allow you to update the key policy in the future",
        "The key policy must leave kms:PutKeyPolicy to whoever deploys, or to the account.",
        path=("KeyPolicy",),
    ),
    Rule(
        r"The specified KMS [Kk]ey does not exist or is not allowed to be used with",
        "The key's policy must allow the logs service of this region to use it for this log group.",
        path=("KmsKeyId",),
        type=r"^AWS::Logs::",
    ),
)

OTHER_STACKS = (
    Rule(
        r"Action denied by stack policy",
        "The stack policy forbids this change: change StackPolicy in the parameter file, if the change is meant.",
        ("aws cloudformation get-stack-policy --stack-name {stack}",),
    ),
    Rule(
        r"(?P<export>\S+) cannot be (?:deleted|updated) as it is in use by (?P<others>[^.]+)",
        "Other stacks import {export} ({others}): change those first.",
        ("aws cloudformation list-imports --export-name {export}",),
    ),
    Rule(
        r"No export named (?P<export>.+?) found",
        "No stack in this account and region exports {export}: deploy the one that does, or correct the name.",
        ("aws cloudformation list-exports --query Exports[].Name",),
    ),
    Rule(
        r"Export with name (?P<export>\S+) is already exported by stack (?P<other>[^\s.]+)",
        "Stack {other} exports {export} already: an export's name is unique in account and region.",
    ),
    Rule(
        r"Requires capabilities : \[(?P<capabilities>[^\]]+)\]",
        "Whoever deploys must acknowledge {capabilities}; apply does so by itself, other tools want an option.",
        ("aws cloudformation deploy --capabilities CAPABILITY_NAMED_IAM CAPABILITY_AUTO_EXPAND ...",),
    ),
    Rule(
        r"^User Initiated$|Resource update cancelled by user",
        "Nothing failed: a person or a program cancelled it.",
        type=r"^AWS::CloudFormation::Stack$",
    ),
    Rule(
        r"exceeded the specified timeout",
        "The time limit that the request gave the stack is over: find out what was not done by then, or give it longer "
        "(TimeoutInMinutes).",
    ),
)

NAMES = (
    Rule(
        r"(?P<name>[^\s'\"]+) already exists in stack (?P<other>arn:\S+)",
        "{name} belongs to another resource of stack {other}: two cannot have one name.",
        path=("*Name",),
    ),
    Rule(
        r"(?:LogGroupName\\?\":\\?\"(?P<name>[^\"\\]+)|(?P<other>/[\w./#-]+) already exists|already exists)",
        "A log group of this name was left behind by an earlier stack, made by hand, or is in use by another stack. "
        "Delete it if nothing writes there and its logs may go: "
        "aws logs delete-log-group --log-group-name {name}",
        ("aws logs delete-log-group --log-group-name {name}",),
        path=("LogGroupName",),
        type=r"^AWS::Logs::LogGroup$",
    ),
    Rule(
        r"already scheduled for deletion",
        "A deleted secret keeps its name for some days. Take it back (and delete or import it), give another name, "
        "or wait.",
        (
            "aws secretsmanager list-secrets --include-planned-deletion",
            "aws secretsmanager restore-secret --secret-id NAME",
        ),
        path=("Name",),
    ),
    Rule(
        r"custom-named resource requires replacing\. Rename (?P<name>\S+)",
        "This change replaces {name}, and old and new one cannot have one name: give it another one, or none.",
        path=("*Name",),
    ),
    Rule(
        r"already exists|AlreadyExists|AlreadyOwnedByYou",
        "The name is taken, here or (buckets' names belong to all of AWS) by somebody else: give another one, import "
        "what exists, or delete it.",
        path=("BucketName",),
        type=r"^AWS::S3::Bucket$",
    ),
    Rule(
        r"already exists|AlreadyExists|AlreadyOwnedByYou|Priority '\d+' is currently in use",
        "It exists already, outside this stack: delete it, import it, or give this one another name.",
        path=("*Name",),
    ),
)

QUOTAS = (
    _quota(r"maximum number of addresses|AddressLimitExceeded", "Elastic IP addresses", "ec2", "L-0263D0A3"),
    _quota(r"maximum number of VPCs|VpcLimitExceeded", "VPCs", "vpc", "L-F678F1CE"),
    _quota(
        r"maximum number of internet gateways|InternetGatewayLimitExceeded", "internet gateways", "vpc", "L-A4707A72"
    ),
    _quota(r"maximum number of NAT gateways|NatGatewayLimitExceeded", "NAT gateways per zone", "vpc", "L-FE5A380F"),
    _quota(r"limit on the number of vCPUs you can run", "vCPUs of Fargate", "fargate", "L-3032A538"),
    Rule(
        r"Rate exceeded|Throttling|RequestLimitExceeded|TooManyRequestsException",
        "AWS was asked for too much at once; nothing is wrong with the template. Try again.",
    ),
    Rule(
        r"HandlerErrorCode: ServiceLimitExceeded|[A-Z]\w*(?:LimitExceeded|QuotaExceeded)(?:Exception|Fault)?\b",
        "A quota of this account and region is used up: delete what nobody needs, or ask for more in Service Quotas.",
        ("aws service-quotas list-services",),
    ),
)

CERTIFICATES = (
    Rule(
        r"Content of DNS Record is: \{Name: (?P<record>[^,]+), ?Type: (?P<kind>[^,]+), ?Value: (?P<value>[^}]+)\}",
        "The certificate waits until its domain is shown to be yours: this record must be in its DNS zone: "
        "{record} {kind} {value}",
        type=r"^AWS::CertificateManager::Certificate$",
    ),
    Rule(
        r"(?:[Cc]ertificate(?: ARN)? '(?P<arn>arn:aws[\w-]*:acm:\S+?)' )?"
        r"(?:must have a fully-qualified domain name|is not valid)|UnsupportedCertificate|CertificateNotFound",
        "The certificate is not issued (its validation is pending, it expired), or is of another region. Its state and "
        "the DNS record that it waits for:",
        (_CERTIFICATE,),
        path=("Certificates", "CertificateArn"),
        type=r"^AWS::ElasticLoadBalancingV2::",
    ),
)

DELETIONS = (
    Rule(
        r"bucket you tried to delete is not empty|BUCKET_EMPTINESS|BucketNotEmpty|The bucket '[^']+' is not empty",
        "Empty the bucket (all versions), then try again; CloudFormation deletes no bucket with objects in it.",
        ("aws s3 rm s3://{name} --recursive",),
    ),
    Rule(
        r"resource (?P<name>sg-\w+) has a dependent object",
        "Something still uses security group {name}: a network interface, or a rule of another group.",
        (_INTERFACES.format("group-id"),),
    ),
    Rule(
        r"subnet '(?P<name>subnet-\w+)' has dependencies",
        "Something still has a network interface in subnet {name}.",
        (_INTERFACES.format("subnet-id"),),
    ),
    Rule(
        r"vpc '(?P<name>vpc-\w+)' has dependencies",
        "Something is left in VPC {name}: interfaces, groups, gateways or endpoints that are not this stack's.",
        ("aws ec2 describe-network-interfaces --filters Name=vpc-id,Values={name}",),
    ),
    Rule(
        r"Cannot delete entity, must (?P<what>[^.]+?)(?: first)?\.",
        "Somebody attached to it what the stack does not know: {what}, then try again.",
        type=r"^AWS::IAM::",
    ),
    Rule(
        r"cannot be deleted because it still contains images|RepositoryNotEmpty",
        "Delete its images first, if they may go.",
        ("aws ecr list-images --repository-name {name}",),
    ),
    Rule(
        r"[Cc]luster cannot be deleted while (?P<what>[\w ]+?) are active",
        "Something outside this stack still runs in the cluster ({what}): stop it, then try again.",
        ("aws ecs list-services --cluster {name}", "aws ecs list-tasks --cluster {name}"),
    ),
    Rule(
        r"deletion protection is enabled|Cannot delete protected",
        "Deletion protection is on: turn it off and apply that, then try again.",
        path=("LoadBalancerAttributes", "Value"),
        type=r"^AWS::ElasticLoadBalancingV2::LoadBalancer$",
    ),
    Rule(
        r"deletion protection is enabled|Cannot delete protected",
        "Deletion protection is on: turn it off and apply that, then try again.",
        path=("DeletionProtection",),
    ),
)

VALUES = (
    Rule(
        r"target group with targetGroupArn (?P<arn>\S+) does not have an associated load balancer",
        "The service was made before the listener or rule that uses its target group: name that in the service's "
        "DependsOn.",
        type=r"^AWS::ECS::",
    ),
    Rule(
        r"conflicting DNS domain for (?P<domain>\S+) in the VPC (?P<vpc>vpc-\w+)",
        "{vpc} has an endpoint for {domain} already: one with private DNS is enough for the whole VPC.",
        ("aws ec2 describe-vpc-endpoints --filters Name=vpc-id,Values={vpc} --query VpcEndpoints[].ServiceName",),
        path=("Condition",),
    ),
    Rule(
        r"CIDR '(?P<cidr>[\d./]+)' conflicts with another subnet",
        "Another subnet of the VPC has addresses of {cidr}: choose a free range.",
        path=("CidrBlock",),
    ),
    Rule(
        r"Cannot find version (?P<version>\S+) for (?P<engine>[\w-]+)",
        "{engine} {version} does not exist (any more) in this region. Those that do:",
        ("aws rds describe-db-engine-versions --engine {engine} --query DBEngineVersions[].EngineVersion",),
        path=("EngineVersion",),
    ),
    Rule(
        r"Received \d+ SUCCESS signal\(s\) out of|Failed to receive \d+ resource signal|WaitCondition timed out|"
        r"Received FAILURE signal",
        "Nobody reported success in time. Where instances were to do so, what they did is in their own log: "
        "/var/log/cloud-init-output.log and /var/log/cfn-init.log.",
    ),
    Rule(
        r"The following hook\(s\) failed: \[(?P<hooks>[^\]]+)\]",
        "A hook of this account does not let this resource through ({hooks}): change the resource as the hook asks, or "
        "talk to whoever runs it.",
    ),
)

# Permissions first: a refusal may come inside any other sentence.
RULES = PERMISSIONS + OTHER_STACKS + NAMES + QUOTAS + CERTIFICATES + DELETIONS + VALUES
