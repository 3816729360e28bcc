"""The platform, as a table of contents: it reads from top to bottom like the architecture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import Template

from templates import application_settings
from templates.access_logs import add_access_logs
from templates.address import add_address
from templates.alarm_events import add_event_alarms, add_event_log
from templates.alarms import add_thresholds
from templates.alarms_application import add_application_alarms
from templates.alarms_background import add_background_alarms
from templates.alarms_cache import add_cache_alarms
from templates.alarms_database import add_database_alarms
from templates.alarms_experience import add_experience_alarms, add_outage_alarm
from templates.alarms_others import add_door_alarms, add_files_alarms, add_network_alarms
from templates.alarms_paging import add_paging
from templates.application import add_application
from templates.backup import add_backup
from templates.backup_parameters import add_backup_parameters
from templates.balancer import add_balancer
from templates.cache import add_cache
from templates.cron import add_cron
from templates.dashboard import add_dashboard
from templates.database import add_database
from templates.existing_network import add_existing_network
from templates.files import add_files
from templates.firewall import add_firewall
from templates.keys import add_keys
from templates.network import add_interface_endpoints, add_network
from templates.orders import declare_orders
from templates.production import add_production_rules
from templates.redeployment import Deployed, add_redeployment
from templates.restore_testing import add_restore_testing
from templates.retention import keep_data
from templates.rotation import add_rotation
from templates.scaling import add_scaling
from templates.tags import add_environment, add_tags
from templates.topic import add_topic
from templates.upgrade import add_upgrade
from templates.upgrade_parameters import add_upgrade_parameters
from templates.upgrade_steps import declare_upgrade
from templates.workers import add_background_switch, add_workers

if TYPE_CHECKING:
    from collections.abc import Iterable

DESCRIPTION = "Learning platform: VPC, ECS on Fargate, EFS, Valkey, Aurora or an existing database, and a load balancer"
IN_VPC = DESCRIPTION.replace("VPC,", "in an existing VPC,")


def build(settings_text: str, *, disposable: bool = False, existing_network: bool = False) -> Template:
    """The platform's template.

    Args:
        settings_text: the content of application.toml.
        disposable: the same platform with data that goes with the stack, for environments that come and go.
        existing_network: the same platform in a VPC that is there already.

    Raises:
        application_settings.SettingsError: application.toml cannot be used, with every reason.
    """
    settings = application_settings.parse(settings_text)
    t = Template(Description=IN_VPC if existing_network else DESCRIPTION)
    t.set_version()

    environment = add_environment(t)
    keys = add_keys(t)
    topic = add_topic(t)
    thresholds = add_thresholds(t)
    network = add_existing_network(t) if existing_network else add_network(t, key=keys.logs)
    backups = add_backup_parameters(t, environment=environment)
    files = add_files(t, network=network, key=keys.files, backups=backups)
    cache = add_cache(
        t, environment=environment, network=network, key=keys.cache, log_key=keys.logs, secret_key=keys.secrets
    )
    database = add_database(
        t,
        environment=environment,
        network=network,
        log_key=keys.logs,
        secret_key=keys.secrets,
        tags=backups.tags,
    )
    vault = add_backup(t, environment=environment, backups=backups, files=files, database=database, topic=topic)
    add_restore_testing(
        t,
        environment=environment,
        network=network,
        backups=backups,
        vault=vault,
        files=files,
        database=database,
        topic=topic,
    )
    address = add_address(t)
    balancer = add_balancer(t, environment=environment, network=network, address=address)
    add_access_logs(t, environment=environment, balancer=balancer, key=keys.logs)
    firewall = add_firewall(t, environment=environment, balancer=balancer, log_key=keys.logs)
    experience = add_experience_alarms(t, balancer=balancer, thresholds=thresholds)
    upgrade = add_upgrade_parameters(t)
    application = add_application(
        t,
        environment=environment,
        settings=settings,
        upgrade=upgrade,
        network=network,
        files=files,
        cache=cache,
        database=database,
        balancer=balancer,
        roll_back=experience.roll_back,
        key=keys.logs,
    )
    add_interface_endpoints(
        t, network=network, client=application.security_group, execute_command=application.execute_command
    )
    scaling = add_scaling(t, application=application, balancer=balancer)
    background = add_background_switch(t, application=application)
    workers = add_workers(t, environment=environment, application=application, background=background)
    cron = add_cron(t, environment=environment, application=application, background=background, key=topic.key)
    add_redeployment(
        t,
        rotation=add_rotation(t, database=database.own, topic=topic, log_key=keys.logs),
        runs=application.runs,
        cluster=application.place.cluster,
        services=[
            Deployed(application.name),
            Deployed(workers.name, workers.exists),
            Deployed(cron.service, cron.runs_on),
        ],
        topic=topic,
    )
    add_upgrade(t, application=application, upgrade=upgrade)
    declare_upgrade(t)
    log = add_event_log(t, environment=environment, log_key=keys.logs)
    paging = add_paging(
        t,
        topic=topic,
        exists=application.runs,
        students=[
            experience.errors,
            experience.rejected,
            experience.latency,
            add_outage_alarm(t, balancer=balancer, application=application),
        ],
        stores={
            "DatabaseAlarm": add_database_alarms(
                t, database=database.own, proxy=database.proxy, thresholds=thresholds, topic=topic
            ),
            "CacheAlarm": add_cache_alarms(t, thresholds=thresholds),
            "FilesAlarm": add_files_alarms(t, files=files, thresholds=thresholds),
        },
        tasks=[
            *add_application_alarms(
                t, balancer=balancer, application=application, scaling=scaling, thresholds=thresholds
            ),
            *add_event_alarms(t, application=application, workers=workers, topic=topic, log=log),
            *add_network_alarms(t, network=network, topic=topic),
        ],
        background=add_background_alarms(
            t, application=application, workers=workers, cron=cron, thresholds=thresholds, log=log
        ),
    )
    add_door_alarms(t, address=address, firewall=firewall, topic=topic)
    add_dashboard(
        t,
        balancer=balancer,
        application=application,
        workers=workers,
        cron=cron,
        files=files,
        database=database,
        alarms=paging,
    )
    add_production_rules(t, environment=environment)
    declare_orders(t)

    settings.check(_readable_parameters(t))
    add_tags(t, environment=environment.suffix, project=environment.project)
    keep_data(t, disposable=disposable)
    return t


def _readable_parameters(t: Template) -> Iterable[str]:
    """Parameters that a variable can show: one text or number, and no secret."""
    return [
        name
        for name, parameter in t.parameters.items()
        if parameter.Type in {"String", "Number"} and not parameter.properties.get("NoEcho")
    ]
