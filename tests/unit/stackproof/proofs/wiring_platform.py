"""A platform whose wiring holds, to break: balancer, service, stores, gateways, outputs."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from tests.unit.stackproof.proofs.network_support import att, ref, resource
from tests.unit.stackproof.proofs.wiring_watching import alarm, paging, scaling

if TYPE_CHECKING:
    from tests.unit.stackproof.proofs.network_support import Template

REGION, ACCOUNT = "sa-east-1", "111122223333"
CERTIFICATE = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/01234567-89ab-cdef-0123-456789abcdef"
OWN_CERTIFICATE = CERTIFICATE.replace(REGION, "${AWS::Region}").replace(ACCOUNT, "${AWS::AccountId}")
FUNCTION_ARN = att("Hook", "Arn")


def later(found: dict[str, Any], *names: str) -> dict[str, Any]:
    """A resource that depends on others."""
    return {**found, "DependsOn": list(names)}


def _network() -> Template:
    return {
        "Vpc": resource("EC2::VPC", CidrBlock="10.0.0.0/16"),
        "Gateway": resource("EC2::InternetGateway"),
        "Attachment": resource("EC2::VPCGatewayAttachment", VpcId=ref("Vpc"), InternetGatewayId=ref("Gateway")),
        "Subnet1": resource("EC2::Subnet", VpcId=ref("Vpc"), CidrBlock="10.0.1.0/24"),
        "Subnet2": resource("EC2::Subnet", VpcId=ref("Vpc"), CidrBlock="10.0.2.0/24"),
        "Table": resource("EC2::RouteTable", VpcId=ref("Vpc")),
        "Route": later(
            resource(
                "EC2::Route",
                RouteTableId=ref("Table"),
                DestinationCidrBlock="0.0.0.0/0",
                GatewayId=ref("Gateway"),
            ),
            "Attachment",
        ),
        "Address": later(resource("EC2::EIP", Domain="vpc", InstanceId=ref("Machine")), "Attachment"),
        "Machine": resource("EC2::Instance", SubnetId=ref("Subnet1")),
        "NatAddress": resource("EC2::EIP", Domain="vpc"),
        "Nat": later(
            resource("EC2::NatGateway", SubnetId=ref("Subnet1"), AllocationId=att("NatAddress", "AllocationId")),
            "Route",
        ),
    }


def _balancer() -> Template:
    return {
        "LogBucket": resource("S3::Bucket"),
        "LogBucketPolicy": resource("S3::BucketPolicy", Bucket=ref("LogBucket"), PolicyDocument={"Statement": []}),
        "Balancer": later(
            resource(
                "ElasticLoadBalancingV2::LoadBalancer",
                Subnets=[ref("Subnet1"), ref("Subnet2")],
                LoadBalancerAttributes=[
                    {"Key": "access_logs.s3.enabled", "Value": "true"},
                    {"Key": "access_logs.s3.bucket", "Value": ref("LogBucket")},
                ],
            ),
            "Route",
            "LogBucketPolicy",
        ),
        "Targets": resource(
            "ElasticLoadBalancingV2::TargetGroup",
            VpcId=ref("Vpc"),
            TargetType="ip",
            Protocol="HTTP",
            Port=80,
            HealthCheckIntervalSeconds=15,
            UnhealthyThresholdCount=3,
            TargetGroupAttributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "60"}],
        ),
        "Secure": resource(
            "ElasticLoadBalancingV2::Listener",
            LoadBalancerArn=ref("Balancer"),
            Port=443,
            Protocol="HTTPS",
            Certificates=[{"CertificateArn": {"Fn::Sub": OWN_CERTIFICATE}}],
            DefaultActions=[{"Type": "forward", "TargetGroupArn": ref("Targets")}],
        ),
        "Plain": resource(
            "ElasticLoadBalancingV2::Listener",
            LoadBalancerArn=ref("Balancer"),
            Port=80,
            Protocol="HTTP",
            DefaultActions=[{"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443"}}],
        ),
        "Rule": resource(
            "ElasticLoadBalancingV2::ListenerRule",
            ListenerArn=ref("Secure"),
            Priority=1,
            Actions=[{"Type": "forward", "TargetGroupArn": ref("Targets")}],
        ),
    }


def _tasks() -> Template:
    web = {
        "Name": "web",
        "Image": "web:1",
        "Memory": 512,
        "MemoryReservation": 256,
        "Cpu": 128,
        "StopTimeout": 60,
        "PortMappings": [{"ContainerPort": 8080, "Name": "http"}],
        "MountPoints": [{"SourceVolume": "files", "ContainerPath": "/files"}],
        "DependsOn": [{"ContainerName": "proxy", "Condition": "START"}],
        "HealthCheck": {"Command": ["CMD", "true"], "Interval": 15, "Timeout": 5, "Retries": 3, "StartPeriod": 60},
        "LogConfiguration": {
            "LogDriver": "awslogs",
            "Options": {"awslogs-group": ref("Logs"), "awslogs-region": ref("AWS::Region")},
        },
    }
    return {
        "Logs": resource("Logs::LogGroup"),
        "Files": resource("EFS::FileSystem"),
        "Mount1": resource("EFS::MountTarget", FileSystemId=ref("Files"), SubnetId=ref("Subnet1")),
        "Mount2": resource("EFS::MountTarget", FileSystemId=ref("Files"), SubnetId=ref("Subnet2")),
        "Point": resource("EFS::AccessPoint", FileSystemId=ref("Files")),
        "TaskRole": resource("IAM::Role", AssumeRolePolicyDocument={}),
        "TaskPolicy": resource("IAM::Policy", PolicyName="task", PolicyDocument={}, Roles=[ref("TaskRole")]),
        "Starter": resource("IAM::Role", AssumeRolePolicyDocument={}),
        "StarterPolicy": resource("IAM::RolePolicy", PolicyName="start", RoleName=ref("Starter")),
        "Task": resource(
            "ECS::TaskDefinition",
            NetworkMode="awsvpc",
            RequiresCompatibilities=["FARGATE"],
            Cpu="256",
            Memory="1024",
            EphemeralStorage={"SizeInGiB": 30},
            TaskRoleArn=att("TaskRole", "Arn"),
            ExecutionRoleArn=att("Starter", "Arn"),
            ContainerDefinitions=[
                web,
                {"Name": "proxy", "Image": "proxy:1", "VolumesFrom": [{"SourceContainer": "web"}]},
            ],
            Volumes=[
                {
                    "Name": "files",
                    "EFSVolumeConfiguration": {
                        "FilesystemId": ref("Files"),
                        "TransitEncryption": "ENABLED",
                        "AuthorizationConfig": {"AccessPointId": ref("Point"), "IAM": "ENABLED"},
                    },
                }
            ],
        ),
    }


def _service() -> Template:
    return {
        "Cluster": resource("ECS::Cluster"),
        "Capacity": resource(
            "ECS::ClusterCapacityProviderAssociations",
            Cluster=ref("Cluster"),
            CapacityProviders=["FARGATE", "FARGATE_SPOT"],
            DefaultCapacityProviderStrategy=[{"CapacityProvider": "FARGATE", "Weight": 1}],
        ),
        "Hook": resource("Lambda::Function"),
        "Errors": alarm(
            "AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", LoadBalancer=att("Balancer", "LoadBalancerFullName")
        ),
        "Service": later(
            resource(
                "ECS::Service",
                ServiceName="web",
                Cluster=ref("Cluster"),
                TaskDefinition=ref("Task"),
                CapacityProviderStrategy=[
                    {"CapacityProvider": "FARGATE", "Base": 1, "Weight": 1},
                    {"CapacityProvider": "FARGATE_SPOT", "Weight": 3},
                ],
                HealthCheckGracePeriodSeconds=90,
                AvailabilityZoneRebalancing="ENABLED",
                DeploymentConfiguration={
                    "MinimumHealthyPercent": 100,
                    "MaximumPercent": 200,
                    "Alarms": {"Enable": True, "Rollback": True, "AlarmNames": [ref("Errors")]},
                    "LifecycleHooks": [{"HookTargetArn": FUNCTION_ARN, "TargetType": "AWS_LAMBDA"}],
                },
                LoadBalancers=[{"ContainerName": "web", "ContainerPort": 8080, "TargetGroupArn": ref("Targets")}],
                ServiceRegistries=[{"RegistryArn": "arn:aws:x", "ContainerName": "web", "ContainerPort": "8080"}],
                ServiceConnectConfiguration={"Enabled": True, "Services": [{"PortName": "http"}]},
                NetworkConfiguration={"AwsvpcConfiguration": {"Subnets": [ref("Subnet1"), ref("Subnet2")]}},
            ),
            "Secure",
            "Mount1",
            "Mount2",
            "Capacity",
            "TaskPolicy",
            "StarterPolicy",
        ),
    }


def _others() -> Template:
    return {
        "CacheParameters": resource("ElastiCache::ParameterGroup", CacheParameterGroupFamily="valkey8"),
        "CacheUser": resource("ElastiCache::User", Engine="valkey", UserId="web-1", UserName="default"),
        "CacheUsers": resource("ElastiCache::UserGroup", Engine="valkey", UserIds=[ref("CacheUser")]),
        "Cache": resource(
            "ElastiCache::ReplicationGroup",
            Engine="valkey",
            EngineVersion="8.1",
            CacheNodeType="cache.t4g.micro",
            NumCacheClusters=2,
            AutomaticFailoverEnabled=True,
            MultiAZEnabled=True,
            TransitEncryptionEnabled=True,
            UserGroupIds=[ref("CacheUsers")],
            CacheParameterGroupName=ref("CacheParameters"),
        ),
        "Elastic": resource("ElastiCache::ServerlessCache", Engine="valkey"),
        "Acl": resource(
            "WAFv2::WebACL",
            Scope="REGIONAL",
            VisibilityConfig={"MetricName": {"Fn::Sub": "web-${AWS::StackName}"}},
            Rules=[
                {
                    "Name": "Sql",
                    "Priority": 0,
                    "OverrideAction": {"None": {}},
                    "Statement": {
                        "ManagedRuleGroupStatement": {
                            "VendorName": "AWS",
                            "Name": "AWSManagedRulesSQLiRuleSet",
                            "RuleActionOverrides": [{"Name": "SQLi_BODY", "ActionToUse": {"Count": {}}}],
                        }
                    },
                },
                {
                    "Name": "Ceiling",
                    "Priority": 1,
                    "Action": {"Block": {}},
                    "Statement": {"RateBasedStatement": {"AggregateKeyType": "IP", "Limit": 1000}},
                },
            ],
        ),
        "AclOfBalancer": resource("WAFv2::WebACLAssociation", ResourceArn=ref("Balancer"), WebACLArn=att("Acl", "Arn")),
        "Blocked": alarm(
            "AWS/WAFV2",
            "BlockedRequests",
            WebACL={"Fn::Sub": "web-${AWS::StackName}"},
            Region=ref("AWS::Region"),
            Rule="ALL",
        ),
        "AclLogs": resource("Logs::LogGroup", LogGroupName="aws-waf-logs-web"),
        "AclLogging": resource(
            "WAFv2::LoggingConfiguration",
            ResourceArn=att("Acl", "Arn"),
            LogDestinationConfigs=[
                {"Fn::Sub": "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:aws-waf-logs-web"}
            ],
        ),
        "Queue": resource("SQS::Queue"),
        "ReaderRole": resource("IAM::Role", AssumeRolePolicyDocument={}),
        "ReaderPolicy": resource(
            "IAM::Policy",
            PolicyName="read",
            PolicyDocument={"Statement": [{"Effect": "Allow", "Action": ["sqs:ReceiveMessage"], "Resource": "*"}]},
            Roles=[ref("ReaderRole")],
        ),
        "Reader": resource("Lambda::Function", Role=att("ReaderRole", "Arn")),
        "Reading": later(
            resource("Lambda::EventSourceMapping", FunctionName=ref("Reader"), EventSourceArn=att("Queue", "Arn")),
            "ReaderPolicy",
        ),
    }


def platform() -> Template:
    """The whole template, fresh."""
    outputs = {
        "Url": {"Value": {"Fn::Sub": "https://${Balancer.DNSName}"}, "Export": {"Name": "platform-url"}},
        "Name": {"Value": att("Service", "Name")},
    }
    resources = {**_network(), **_balancer(), **_tasks(), **_service(), **scaling(), **paging(), **_others()}
    # Two parameters without a value: what they stand for, only AWS knows.
    parameters = {"Given": {"Type": "String"}, "Listed": {"Type": "CommaDelimitedList"}}
    conditions = {"Maybe": {"Fn::Equals": [ref("Given"), "yes"]}}
    template = {"Parameters": parameters, "Conditions": conditions, "Resources": resources, "Outputs": outputs}
    return copy.deepcopy(template)
