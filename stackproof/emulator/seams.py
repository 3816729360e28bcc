"""The names of ministack that we use or replace: checked at start, since nobody promises that they stay."""

from __future__ import annotations

from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

from stackproof.errors import BadInputError, Fault

if TYPE_CHECKING:
    from collections.abc import Callable

VERSION = "1.5.33"

# Not by a name: the package is on no index, and what a stranger puts there under it is not ours.
INSTALL = "python -m pip install --constraint constraints.txt '.[local]'"

# Where a replaced function of ministack's CloudFormation may have been imported by name.
_BINDINGS = ("changesets", "drift", "engine", "handlers", "provisioners", "stacks")


def check() -> None:
    """Find every missing name before anything is replaced.

    Raises:
        BadInputError: ministack is another one than the extension was made for.
    """
    missing = [
        f"{module}.{name}" for module, names in NAMES.items() for name in names.split() if not _exists(module, name)
    ]
    if missing:
        found = metadata.version("ministack")
        raise BadInputError(
            [
                Fault(
                    "ministack",
                    found,
                    f"the embedded AWS is made for version {VERSION}; this one has no {', '.join(missing)}: "
                    f"in a clone, {INSTALL}",
                )
            ]
        )


def _exists(module: str, name: str) -> bool:
    try:
        return hasattr(import_module(module), name)
    except ImportError:
        return False


def rebind(function: Callable[..., Any], replacement: Callable[..., Any]) -> None:
    """Replace a function of ministack's CloudFormation under every name that is bound to it."""
    for module in _BINDINGS:
        names = vars(import_module(f"ministack.services.cloudformation.{module}"))
        for name in [name for name, value in names.items() if value is function]:
            names[name] = replacement


# Module: its names that we use or replace. A test compares it with the source.
NAMES = {
    "ministack.app": "SERVICE_HANDLERS",
    "ministack.core.responses": """
        AccountRegionScopedDict error_response_json get_account_id get_region json_response new_uuid
    """,
    "ministack.core.router": "SERVICE_PATTERNS",
    "ministack.services.alb": """
        _ACTION_MAP _action_xml _describe_target_health _lb_attrs _lb_xml _lbs _listener_attrs _p
    """,
    "ministack.services.backup": """
        _create_selection _delete_selection _get_restore_testing_plan _get_restore_testing_selection _jobs
        _list_restore_testing_plans _list_restore_testing_selections _not_found _ok _start_job _vaults
    """,
    "ministack.services.cloudformation": "_change_sets _stack_events _stacks",
    "ministack.services.cloudformation.changesets": """
        _create_change_set _describe_change_set _diff_resources _find_change_set _resolve_props_for_diff
    """,
    "ministack.services.cloudformation.engine": """
        _NO_VALUE _evaluate_conditions _extract_deps _intrinsic_references _resolve_parameters _resolve_refs
    """,
    "ministack.services.cloudformation.handlers": "_ACTION_HANDLERS _capabilities_enforced _resolve_stack",
    "ministack.services.cloudformation.helpers": "CFN_NS _error _p validation_error_message",
    "ministack.services.cloudformation.provisioners": """
        _NAME_SEED _RESOURCE_HANDLERS _STACK_TAG_PROPERTY _cw_metric_alarm_record _ec2_apply_tags _ec2_sg_permissions
        _ec_rg_attrs _physical_name _property_recreation _replacing_change _sm_secret_string _snapshot_id
        _snapshot_resource
    """,
    "ministack.services.cloudformation.stacks": """
        CLIENT_REQUEST_TOKEN _add_event _delete_resource _deploy_stack_async _diff_resources _fail_property_validation
        _failed_operation _roll_back_operation _update_resource
    """,
    "ministack.services.cloudformation.wait_conditions": "_changed _handles _waiting wait_for",
    "ministack.services.cloudwatch": "_alarms _composite_alarms _delete_alarms _put_composite_alarm _resource_tags",
    "ministack.services.cloudwatch_logs": """
        _create_delivery _delete_delivery _delete_delivery_destination _delete_delivery_source _deliveries
        _delivery_destinations _delivery_sources _log_group_policies _log_groups _put_delivery_destination
        _put_delivery_source _resource_policies
    """,
    "ministack.services.ec2": """
        _ACTION_MAP _addresses _allocate_address _create_flow_logs _create_nat_gateway _delete_flow_logs
        _delete_nat_gateway _error _flow_logs _glob_match _nat_gateways _parse_filters _parse_member_list
        _release_address _resource_matches_tag_filters _rules_match _security_groups _sg_rule_id _subnets _tags
        _vpc_endpoints _vpcs _xml
    """,
    "ministack.services.ecs": """
        _ACTION_MAP _clusters _mark_task_stopped _put_cluster_capacity_providers _run_task _services _tags _task_defs
        _tasks _update_service
    """,
    "ministack.services.efs": "_file_systems",
    "ministack.services.elasticache": """
        _arn_cluster _clusters _create_snapshot _replication_groups _rg_xml _snapshots _tags
    """,
    "ministack.services.iam": "_roles",
    "ministack.services.lambda_svc": """
        _execute_function_with_config_scope _execution_record_for_config _get_func_record_for_ref
    """,
    "ministack.services.rds": """
        _apply_cluster_master_password_change _cluster_xml _clusters _create_cluster_snapshot_internal
        _create_db_proxy _db_cluster_snapshots _db_proxies _delete_db_proxy _deregister_db_proxy_targets
        _instance_xml _instances _modify_db_proxy _modify_db_proxy_target_group _register_db_proxy_targets
        _tags
    """,
    "ministack.services.s3": """
        _buckets _delete_bucket _delete_bucket_encryption _delete_bucket_lifecycle
        _delete_bucket_ownership_controls _delete_bucket_tagging _put_bucket_encryption _put_bucket_lifecycle
        _put_bucket_ownership_controls _put_bucket_tagging
    """,
    "ministack.services.secretsmanager": "_get_random_password _get_secret_value _resolve _rotate_secret",
    "ministack.services.sns": "_topics",
    "ministack.services.waf": """
        _associate_web_acl _associations _create_ip_set _delete_ip_set _disassociate_web_acl _ip_sets _update_ip_set
        _web_acls web_acl_record
    """,
}
