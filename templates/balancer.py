"""Balancer: the one public door. An Application Load Balancer that speaks HTTPS to the world and HTTP to the tasks.

With a certificate, port 80 only redirects, or by parameter is closed: a redirect in the clear is the one answer that
somebody in between can forge. Without one (a first try, development) it forwards. One listener does both, so that
giving a certificate later can never leave a listener behind that forwards in the clear.

What a browser is told besides the application's own words: to come back over HTTPS only, to believe the type of a file
that somebody uploaded, and nothing about who answers. No frame policy: courses are shown inside other platforms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from troposphere import Condition as Holds
from troposphere import Equals, GetAtt, If, Not, NoValue, Or, Ref, Sub
from troposphere.elasticloadbalancingv2 import (
    Action,
    Certificate,
    Condition,
    FixedResponseConfig,
    Listener,
    ListenerAttribute,
    ListenerRule,
    ListenerRuleAction,
    LoadBalancer,
    LoadBalancerAttributes,
    Matcher,
    PathPatternConfig,
    RedirectConfig,
    TargetGroup,
    TargetGroupAttribute,
)

from templates.address import point_to
from templates.interface import YES_NO, condition, output, parameter
from templates.parts import part
from templates.security_groups import connect, group_id, security_group

if TYPE_CHECKING:
    from troposphere import AWSHelperFn, Parameter, Template
    from troposphere.ec2 import SecurityGroup

    from templates.address import Address
    from templates.network import Network
    from templates.tags import Environment

GROUP = "Address and balancer"

#: Longest time that a leaving task still gets its open requests. A Spot task is gone 120 s after its notice.
DRAIN_SECONDS = 60
SLOW_START_SECONDS = 60

MAINTENANCE_HTML = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Maintenance</title>
<meta name="viewport" content="width=device-width"><body style="font:1.1em sans-serif;margin:15vh auto;max-width:32em">
<h1>We will be right back</h1><p>The learning platform is being maintained. Please try again in a few minutes.</p>
<p>Voltamos logo: a plataforma est&aacute; em manuten&ccedil;&atilde;o.</p></body></html>"""


@dataclass(frozen=True)
class Balancer:
    """What the rest of the template may know about the balancer.

    Attributes:
        arn: what a web ACL guards.
        security_group: the only group that is open to the world.
        target_group: ARN of the group in which the service registers its tasks.
        listener: which hands requests on, to be referred to: a service can register only once the target group hangs
            on it.
        container_port: the parameter that says where the container listens.
        health_path: the parameter that says which path answers when the application is well.
        full_name: `app/<name>/<id>`, the balancer as CloudWatch knows it.
        target_group_full_name: `targetgroup/<name>/<id>`.
        url: where the platform answers.
    """

    arn: AWSHelperFn
    security_group: SecurityGroup
    target_group: AWSHelperFn
    listener: AWSHelperFn
    container_port: Parameter
    health_path: Parameter
    full_name: AWSHelperFn
    target_group_full_name: AWSHelperFn
    url: AWSHelperFn


@part("balancer")
def add_balancer(t: Template, *, environment: Environment, network: Network, address: Address) -> Balancer:
    """Add the load balancer, its listeners, its target group and the record that points at it.

    Args:
        t: the template.
        environment: names the balancer.
        network: the balancer stands in its public subnets.
        address: the name that points at it, and its certificate.
    """
    group = security_group(t, "BalancerSecurityGroup", description="Load balancer: open to the world", vpc=network.vpc)
    plain = _add_plain_http(t, secure=address.secure)
    connect(t, network.clients, group, 80, "HTTP from anywhere", condition=plain)
    connect(t, network.clients, group, 443, "HTTPS from anywhere", condition=address.secure)

    balancer = LoadBalancer(
        "LoadBalancer",
        Name=Sub(f"lms-balancer-${{{environment.suffix.title}}}"),
        Type="application",
        Scheme=network.scheme,
        IpAddressType="ipv4",
        Subnets=network.public_subnets,
        SecurityGroups=[group_id(group)],
        LoadBalancerAttributes=[*_protection(t), *_requests(t)],
    )
    if network.depends_on:
        balancer.DependsOn = list(network.depends_on)
    t.add_resource(balancer)

    container_port, health_path, targets = _add_target_group(t, network=network)
    listener = _add_listeners(t, balancer=balancer, targets=targets, address=address, plain=plain)
    _add_maintenance_page(t, listener=listener)

    url = point_to(t, address, balancer)
    output(t, "Url", url, "Where the platform answers")
    output(t, "BalancerDnsName", GetAtt(balancer, "DNSName"), "A domain name that is kept elsewhere points here")
    return Balancer(
        arn=Ref(balancer),
        security_group=group,
        target_group=Ref(targets),
        listener=listener,
        container_port=container_port,
        health_path=health_path,
        full_name=GetAtt(balancer, "LoadBalancerFullName"),
        target_group_full_name=GetAtt(targets, "TargetGroupFullName"),
        url=url,
    )


def _add_plain_http(t: Template, *, secure: str) -> str:
    """Return the condition under which port 80 is open."""
    wanted = parameter(
        t,
        "PlainHttp",
        group=GROUP,
        label="Plain HTTP (port 80)",
        description="redirect: whoever comes to port 80 is sent to HTTPS. closed: nothing answers there; browsers try "
        "HTTPS first by themselves, and an old one shows that it got no answer. It counts only with a certificate.",
        default="redirect",
        allowed_values=["redirect", "closed"],
        constraint="redirect or closed.",
    )
    return condition(t, "HasPlainHttp", Or(Not(Holds(secure)), Equals(Ref(wanted), "redirect")))


def _protection(t: Template) -> list[LoadBalancerAttributes]:
    protection = parameter(
        t,
        "BalancerDeletionProtection",
        group=GROUP,
        label="Protect the balancer from deletion",
        description="yes: AWS refuses to delete the balancer, and so the stack. Turn it on once the first create has "
        "gone through: a create that fails under protection cannot be rolled back.",
        default="no",
        allowed_values=YES_NO,
        constraint="yes or no.",
    )
    condition(t, "ProtectsBalancer", Equals(Ref(protection), "yes"))
    return [
        LoadBalancerAttributes(Key="deletion_protection.enabled", Value=If("ProtectsBalancer", "true", "false")),
    ]


def _requests(t: Template) -> list[LoadBalancerAttributes]:
    """What becomes of a request: nothing ambiguous reaches the tasks, and a slow answer has its time."""
    idle = parameter(
        t,
        "IdleSeconds",
        group=GROUP,
        label="Longest silence (seconds)",
        description="A request that gets no byte for so long is answered with 504. Raise it where a course is restored "
        "or a report is written while the browser waits; the container must keep its own connections open longer.",
        type="Number",
        default=60,
        min_value=1,
        max_value=4000,
        constraint="1 to 4000 seconds.",
    )
    return [
        LoadBalancerAttributes(Key="idle_timeout.timeout_seconds", Value=Ref(idle)),
        LoadBalancerAttributes(Key="routing.http.drop_invalid_header_fields.enabled", Value="true"),
        LoadBalancerAttributes(Key="routing.http.desync_mitigation_mode", Value="defensive"),
    ]


def _add_target_group(t: Template, *, network: Network) -> tuple[Parameter, Parameter, TargetGroup]:
    container_port = parameter(
        t,
        "ContainerPort",
        group="Application",
        label="Container port",
        description="TCP port on which the container speaks HTTP.",
        type="Number",
        default=80,
        min_value=1,
        max_value=65535,
        constraint="A TCP port, 1 to 65535.",
    )
    health_path = parameter(
        t,
        "HealthCheckPath",
        group="Application",
        label="Health check path",
        description="Path that answers with 200 to 399 while the application is well. It is asked every 15 seconds of "
        "every task: choose a cheap one.",
        default="/",
        pattern=r"^/[A-Za-z0-9._~/?=&%+-]{0,200}$",
        constraint="A path that starts with /, such as /api/health, without spaces or quotes.",
    )
    targets = t.add_resource(
        TargetGroup(
            "TargetGroup",
            VpcId=network.vpc,
            # Fargate tasks have a network interface of their own: targets are addresses, not instances.
            TargetType="ip",
            Protocol="HTTP",
            # Each task registers with its own port and is checked there; this one is never used. A parameter here would
            # replace the group with each change of the port, and the listener would forward to an empty one meanwhile.
            Port=80,
            HealthCheckPath=Ref(health_path),
            HealthCheckIntervalSeconds=15,
            HealthCheckTimeoutSeconds=5,
            HealthyThresholdCount=2,
            UnhealthyThresholdCount=3,
            # Many applications answer their front page with a redirect to the login page.
            Matcher=Matcher(HttpCode="200-399"),
            TargetGroupAttributes=[
                TargetGroupAttribute(Key="deregistration_delay.timeout_seconds", Value=str(DRAIN_SECONDS)),
                TargetGroupAttribute(Key="slow_start.duration_seconds", Value=str(SLOW_START_SECONDS)),
            ],
        )
    )
    return container_port, health_path, targets


def _add_listeners(t: Template, *, balancer: LoadBalancer, targets: TargetGroup, address: Address, plain: str) -> If:
    """Return the listener that hands requests on."""
    policy = parameter(
        t,
        "SslPolicy",
        group=GROUP,
        label="TLS policy",
        description="Which TLS versions and ciphers browsers may use: 1.3 and 1.2 with forward secrecy, or 1.3 alone. "
        "It counts only with a certificate.",
        default="ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
        allowed_values=[
            "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
            "ELBSecurityPolicy-TLS13-1-2-2021-06",
            "ELBSecurityPolicy-TLS13-1-3-2021-06",
        ],
        constraint="One of the listed policies: nothing older than TLS 1.2.",
    )
    remembered = parameter(
        t,
        "HstsSeconds",
        group=GROUP,
        label="Browsers remember HTTPS for (seconds)",
        description="So long after a visit a browser refuses plain HTTP for this name (HSTS). A year once the "
        "certificate is there to stay; 0 makes browsers forget it. It counts only with a certificate.",
        type="Number",
        default=86400,
        min_value=0,
        max_value=63072000,
        constraint="0 to 63072000 seconds (two years).",
    )
    quiet = [
        ListenerAttribute(Key="routing.http.response.server.enabled", Value="false"),
        ListenerAttribute(Key="routing.http.response.x_content_type_options.header_value", Value="nosniff"),
    ]
    hsts = ListenerAttribute(
        Key="routing.http.response.strict_transport_security.header_value",
        Value=Sub(f"max-age=${{{remembered.title}}}"),
    )
    forward = Action(Type="forward", TargetGroupArn=Ref(targets))
    https = t.add_resource(
        Listener(
            "HttpsListener",
            Condition=address.secure,
            LoadBalancerArn=Ref(balancer),
            Port=443,
            Protocol="HTTPS",
            SslPolicy=Ref(policy),
            Certificates=[Certificate(CertificateArn=address.certificate)],
            DefaultActions=[forward],
            ListenerAttributes=[*quiet, hsts],
        )
    )
    to_https = RedirectConfig(Protocol="HTTPS", Port="443", StatusCode="HTTP_301")
    http = t.add_resource(
        Listener(
            "HttpListener",
            Condition=plain,
            LoadBalancerArn=Ref(balancer),
            Port=80,
            Protocol="HTTP",
            DefaultActions=[If(address.secure, Action(Type="redirect", RedirectConfig=to_https), forward)],
            ListenerAttributes=quiet,
            # HTTPS answers before HTTP sends anybody there.
            Metadata={"WaitsFor": If(address.secure, Ref(https), NoValue)},
        )
    )
    return If(address.secure, Ref(https), Ref(http))


def _add_maintenance_page(t: Template, *, listener: If) -> None:
    """Put a rule in front of everything that answers with the page.

    Not another default action: the target group must stay attached to a listener, or the service could neither be
    created nor replace a task while the page is up.
    """
    maintenance = parameter(
        t,
        "MaintenancePage",
        group="Application",
        label="Show the maintenance page",
        description="yes: the balancer answers everything with a short maintenance page (503), and no request reaches "
        "the tasks.",
        default="no",
        allowed_values=YES_NO,
        constraint="yes or no.",
    )
    shown = condition(t, "ShowsMaintenancePage", Equals(Ref(maintenance), "yes"))
    page = FixedResponseConfig(StatusCode="503", ContentType="text/html", MessageBody=MAINTENANCE_HTML)
    t.add_resource(
        ListenerRule(
            "MaintenancePageRule",
            Condition=shown,
            ListenerArn=listener,
            Priority=1,
            Conditions=[Condition(Field="path-pattern", PathPatternConfig=PathPatternConfig(Values=["*"]))],
            Actions=[ListenerRuleAction(Type="fixed-response", FixedResponseConfig=page)],
        )
    )
