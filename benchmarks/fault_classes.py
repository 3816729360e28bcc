"""Single realistic faults, made from the structure of a template: whatever has a route loses it, and so on.

Each function yields the faults of one class, and knows types and properties of AWS but no logical id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.fault_tools import Source, get, references, resource, walk
from stackproof.stores import is_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.fault_tools import Fault, Path

P = "Properties"
RULES = ("AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress")
ANYWHERE = "0.0.0.0/0"

# Network


def no_route(source: Source) -> Iterator[Fault]:
    """A route that is forgotten."""
    for name, _ in source.of_type("AWS::EC2::Route"):
        yield source.remove("no route", name)


def route_elsewhere(source: Source) -> Iterator[Fault]:
    """A route to the gateway of the other kind: a private subnet to the internet, a public one to a NAT gateway."""
    gateways = [name for name, _ in source.of_type("AWS::EC2::InternetGateway")]
    nats = [name for name, _ in source.of_type("AWS::EC2::NatGateway")]
    for name, body in source.of_type("AWS::EC2::Route"):
        for key, other, target in (("NatGatewayId", "GatewayId", gateways), ("GatewayId", "NatGatewayId", nats)):
            if key in body[P] and target:

                def change(
                    whole: Any, name: str = name, key: str = key, other: str = other, to: str = target[0]
                ) -> None:
                    del resource(whole, name)[P][key]
                    resource(whole, name)[P][other] = {"Ref": to}

                yield source.changed("route elsewhere", name, f"{other} instead of {key}", change)


def no_association(source: Source) -> Iterator[Fault]:
    """A subnet that falls back to the main table."""
    for name, _ in source.of_type("AWS::EC2::SubnetRouteTableAssociation"):
        yield source.remove("no association", name)


def other_table(source: Source) -> Iterator[Fault]:
    """A subnet with the table of another tier: the one that most others do not share."""
    tables = [name for name, _ in source.of_type("AWS::EC2::RouteTable")]
    routed = {
        table: frozenset(
            key
            for name, body in source.of_type("AWS::EC2::Route")
            for key in body[P]
            if body[P]["RouteTableId"] == {"Ref": table}
        )
        for table in tables
    }
    for name, body in source.of_type("AWS::EC2::SubnetRouteTableAssociation"):
        own = next((table for _, table, _ in references(body[P]["RouteTableId"]) if table in routed), None)
        other = next((table for table in tables if own and routed[table] != routed[own]), None)
        if other:
            yield source.set("table of another tier", name, (P, "RouteTableId"), {"Ref": other})


def no_rule(source: Source) -> Iterator[Fault]:
    """A security group rule that is forgotten."""
    for name, _ in source.of_type(*RULES):
        yield source.remove("no security group rule", name)


def rule_with_another_port(source: Source) -> Iterator[Fault]:
    """A rule for the port beside the right one."""
    for name, _ in source.of_type(*RULES):

        def change(whole: Any, name: str = name) -> None:
            resource(whole, name)[P].update(FromPort=9, ToPort=9)

        yield source.changed("rule with another port", name, "port 9", change)


def rule_for_everybody(source: Source) -> Iterator[Fault]:
    """A rule that lets the whole internet in."""
    for name, body in source.of_type("AWS::EC2::SecurityGroupIngress"):
        if "SourceSecurityGroupId" in body[P]:

            def change(whole: Any, name: str = name) -> None:
                del resource(whole, name)[P]["SourceSecurityGroupId"]
                resource(whole, name)[P]["CidrIp"] = ANYWHERE

            yield source.changed("rule for everybody", name, f"from {ANYWHERE}", change)


def no_gateway(source: Source) -> Iterator[Fault]:
    """A gateway that is not attached, an address that is not given, a NAT gateway in the wrong subnet."""
    for name, _ in source.of_type("AWS::EC2::VPCGatewayAttachment"):
        yield source.remove("gateways", name)
    public = {get(body[P], ("SubnetId", "Ref")) for _, body in source.of_type("AWS::EC2::NatGateway")}
    inner = next((name for name, _ in source.of_type("AWS::EC2::Subnet") if name not in public), None)
    for name, _ in source.of_type("AWS::EC2::NatGateway"):
        yield source.drop("gateways", name, (P, "AllocationId"))
        private = [get(body[P], ("SubnetId", "Ref")) for _, body in source.of_type("AWS::EFS::MountTarget")]
        yield source.set("gateways", name, (P, "SubnetId"), {"Ref": private[0] if private else inner})


def no_names(source: Source) -> Iterator[Fault]:
    """A network without DNS."""
    for name, body in source.of_type("AWS::EC2::VPC"):
        for key in ("EnableDnsSupport", "EnableDnsHostnames"):
            if key in body[P]:
                yield source.set("DNS", name, (P, key), False)
    for name, body in source.of_type("AWS::EC2::VPCEndpoint"):
        if "PrivateDnsEnabled" in body[P]:
            yield source.set("DNS", name, (P, "PrivateDnsEnabled"), False)


def wrong_groups(source: Source) -> Iterator[Fault]:
    """A component in the security group of another one."""
    groups = [name for name, _ in source.of_type("AWS::EC2::SecurityGroup")]
    for name, body in source.resources.items():
        for path, target, attribute in references(body.get(P, {})):
            listed = len(path) > 1 and path[-2] in {"SecurityGroups", "SecurityGroupIds"}
            if listed and target in groups:
                other = groups[groups.index(target) - 1]
                value = {"Fn::GetAtt": [other, attribute]} if attribute else {"Ref": other}
                yield source.set("group of another component", name, (P, *path), value)


def wrong_subnets(source: Source) -> Iterator[Fault]:
    """A component in the subnets of another tier."""
    lists: dict[str, tuple[str, Path, list[str]]] = {}
    for name, body in source.resources.items():
        for path, value in walk(body.get(P, {})):
            if path and path[-1] in {"Subnets", "SubnetIds"} and isinstance(value, list):
                lists[name] = (
                    name,
                    (P, *path),
                    [target for _, target, _ in references(value) if target in source.resources],
                )
    for name, path, own in lists.values():
        for other, where, subnets in lists.values():
            if not set(subnets) & set(own):
                value = get(source.resources[other], where)
                yield source.set("subnets of another tier", name, path, value, f"in the subnets of {other}")
                break


# Permissions


def statements(source: Source) -> Iterator[tuple[str, Path, dict[str, Any]]]:
    """Every statement of every policy: resource, path, statement (behind Fn::If, too)."""
    for name, body in source.resources.items():
        for path, value in walk(body.get(P, {})):
            if isinstance(value, dict) and "Effect" in value and ("Action" in value or "NotAction" in value):
                yield name, (P, *path), value


def no_statement(source: Source) -> Iterator[Fault]:
    """A statement that is forgotten."""
    for name, path, statement in statements(source):
        if statement["Effect"] == "Allow" and len(get(source.resources[name], path[:-1])) > 1:
            value = {"Ref": "AWS::NoValue"}
            yield source.set(
                "no statement", name, path, value, f"without {statement.get('Sid') or statement['Action']}"
            )


def no_action(source: Source) -> Iterator[Fault]:
    """An action that is forgotten."""
    for name, path, statement in statements(source):
        actions = statement.get("Action")
        if statement["Effect"] == "Allow" and isinstance(actions, list) and len(actions) > 1:
            for index, action in enumerate(actions):
                yield source.changed("no action", name, f"without {action}", _dropping((name, *path, "Action", index)))


def _dropping(path: Path) -> Callable[[Any], None]:
    def change(whole: Any) -> None:
        del get(whole["Resources"], path[:-1])[path[-1]]

    return change


def another_resource(source: Source) -> Iterator[Fault]:
    """A permission on something else."""
    for name, path, statement in statements(source):
        if "Resource" in statement and statement["Resource"] != "*" and statement["Effect"] == "Allow":
            value = "arn:aws:s3:::something-else"
            yield source.set("permission on something else", name, (*path, "Resource"), value)


def every_resource(source: Source) -> Iterator[Fault]:
    """A permission on everything."""
    for name, path, statement in statements(source):
        wide = statement.get("Resource") in ("*", ["*"])
        if "Principal" not in statement and statement["Effect"] == "Allow" and not wide:
            yield source.set("permission on everything", name, (*path, "Resource"), "*")


def every_action(source: Source) -> Iterator[Fault]:
    """A permission for every action of a service, and one for an action that nothing needs."""
    for name, path, statement in statements(source):
        actions = statement.get("Action")
        actions = [actions] if isinstance(actions, str) else actions
        if "Principal" in statement or statement["Effect"] != "Allow" or not isinstance(actions, list):
            continue
        service = str(actions[0]).partition(":")[0]
        yield source.set("too many actions", name, (*path, "Action"), f"{service}:*")
        yield source.set("too many actions", name, (*path, "Action"), [*actions, f"{service}:TagResource"])


def another_principal(source: Source) -> Iterator[Fault]:
    """A service that is let in instead of the right one, and everybody."""
    for name, path, statement in statements(source):
        if get(statement, ("Principal", "Service")) and statement["Effect"] == "Allow":
            yield source.set("another principal", name, (*path, "Principal"), {"Service": "glue.amazonaws.com"})
        if "Principal" in statement and statement["Effect"] == "Allow":

            def change(whole: Any, name: str = name, path: Path = path) -> None:
                there = get(resource(whole, name), path)
                there["Principal"] = {"AWS": "*"}
                there.pop("Condition", None)

            yield source.changed("everybody as principal", name, "Principal = *", change)


def another_role(source: Source) -> Iterator[Fault]:
    """A component with the role of another one."""
    roles = [name for name, _ in source.of_type("AWS::IAM::Role")]
    for name, body in source.resources.items():
        for path, target, attribute in references(body.get(P, {})):
            if target in roles:
                other = roles[roles.index(target) - 1]
                value = {"Fn::GetAtt": [other, attribute]} if attribute else {"Ref": other}
                yield source.set("role of another component", name, (P, *path), value)


# Stores

OFF: dict[str, Any] = {
    "Encrypted": False,
    "AtRestEncryptionEnabled": False,
    "TransitEncryptionEnabled": False,
    "TransitEncryption": "DISABLED",
    "EnableKeyRotation": False,
    "SnapshotRetentionLimit": 0,
    "BackupRetentionPeriod": 0,
    "AutomaticFailoverEnabled": False,
}


def encryption_off(source: Source) -> Iterator[Fault]:
    """Encryption, rotation, backups, failover that are turned off."""
    for name, body in source.resources.items():
        for path, value in walk(body.get(P, {})):
            key = path[-1] if path else None
            if key in OFF and value != OFF[key]:
                yield source.set("protection turned off", name, (P, *path), OFF[key])
            if key == "BackupPolicy":
                yield source.drop("protection turned off", name, (P, *path))


def no_key(source: Source) -> Iterator[Fault]:
    """A store that loses the key that was meant, or gets another one."""
    keys = [name for name, _ in source.of_type("AWS::KMS::Key")]
    for name, body in source.resources.items():
        for path, target, attribute in references(body.get(P, {})):
            if target in keys and path[-1] in {"KmsKeyId", "KmsKeyID", "KMSMasterKeyID"}:
                yield source.drop("no key", name, (P, *path))
                value = {"Fn::GetAtt": [keys[keys.index(target) - 1], attribute or "Arn"]}
                yield source.set("another key", name, (P, *path), value)


def not_kept(source: Source) -> Iterator[Fault]:
    """A store that goes with the stack or with a replacement."""
    for name, body in source.resources.items():
        for key in ("DeletionPolicy", "UpdateReplacePolicy"):
            # An instance of a cluster holds no data, and what goes with the stack already cannot lose its policy.
            kept = body.get(key, "Delete") != "Delete"
            if is_store(body["Type"]) and kept and "DBClusterIdentifier" not in body[P]:
                yield source.drop("not kept", name, (key,))
                yield source.set("not kept", name, (key,), "Delete", f"{key} = Delete")


def no_retention(source: Source) -> Iterator[Fault]:
    """Logs that are kept for ever, or for a day."""
    for name, _ in source.of_type("AWS::Logs::LogGroup"):
        yield source.drop("log retention", name, (P, "RetentionInDays"))
        yield source.set("log retention", name, (P, "RetentionInDays"), 1)


def open_store(source: Source) -> Iterator[Fault]:
    """A store that may be made public, or a bucket that is talked to in plain text."""
    for name, body in source.of_type("AWS::S3::Bucket"):
        for key in body[P].get("PublicAccessBlockConfiguration", {}):
            yield source.set("open store", name, (P, "PublicAccessBlockConfiguration", key), False)
    for name, _ in source.of_type("AWS::RDS::DBInstance"):
        yield source.set("open store", name, (P, "PubliclyAccessible"), True)
    for name, path, statement in statements(source):
        if statement["Effect"] == "Deny" and source.resources[name]["Type"] == "AWS::S3::BucketPolicy":
            yield source.changed("open store", name, "without its Deny", _dropping((name, *path)))


def plain_secret(source: Source) -> Iterator[Fault]:
    """A secret that is written out."""
    for name, _ in source.of_type("AWS::SecretsManager::Secret"):

        def change(whole: Any, name: str = name) -> None:
            resource(whole, name)[P].pop("GenerateSecretString", None)
            resource(whole, name)[P]["SecretString"] = '{"password": "hunter2-of-the-cache"}'

        yield source.changed("plain secret", name, "SecretString written out", change)
    for name, body in source.of_type("AWS::ECS::TaskDefinition"):
        for index, _ in enumerate(body[P]["ContainerDefinitions"]):
            path: Path = (P, "ContainerDefinitions", index, "Environment")

            def add(whole: Any, name: str = name, path: Path = path) -> None:
                get(resource(whole, name), path).append({"Name": "API_PASSWORD", "Value": "hunter2-of-the-cache"})

            yield source.changed("plain secret", name, "a password in the environment", add)


# Tags and names


def no_tag(source: Source) -> Iterator[Fault]:
    """One tag less, another one on each resource in turn, and no tags at all."""
    turn = 0
    for name, body in source.resources.items():
        for path, value in walk(body.get(P, {})):
            if path and path[-1] in {"Tags", "FileSystemTags", "AccessPointTags", "HostedZoneTags"} and value:
                turn += 1
                keys = list(value) if isinstance(value, dict) else list(range(len(value)))
                yield source.drop("no tag", name, (P, *path, keys[turn % len(keys)]))
                yield source.drop("no tags", name, (P, *path))
                break


def fixed_name(source: Source) -> Iterator[Fault]:
    """A name without the suffix of its environment."""
    for name, body in source.resources.items():
        for path, value in walk(body.get(P, {})):
            named = (
                body["Type"] != "AWS::EC2::VPCEndpoint"
                and path
                and str(path[-1]).endswith(("Name", "Id"))
                and path[-1] != "DisplayName"
            )
            if named and len(path) == 1 and isinstance(value, dict) and "Fn::Sub" in value:
                yield source.set("name without suffix", name, (P, *path), "platform")


CLASSES = (
    no_route,
    route_elsewhere,
    no_association,
    other_table,
    no_rule,
    rule_with_another_port,
    rule_for_everybody,
    no_gateway,
    no_names,
    wrong_groups,
    wrong_subnets,
    no_statement,
    no_action,
    another_resource,
    every_resource,
    every_action,
    another_principal,
    another_role,
    encryption_off,
    no_key,
    not_kept,
    no_retention,
    open_store,
    plain_secret,
    no_tag,
    fixed_name,
)
