"""AWS Backup: selections, restore testing, the lock of a vault, and jobs, which end at once.

A job copies nothing. It fails as in AWS: for a store that is not there, or kept for less than the vault's lock wants.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region, new_uuid
from ministack.services import backup, efs, rds

from stackproof.emulator.handler import Created, Handler, Properties, Response, add, after, call
from stackproof.emulator.wire import in_api_shape

# By name, and by plan and name, in the API's shape.
_plans = AccountRegionScopedDict()
_tests = AccountRegionScopedDict()
_start = backup._start_job
# Kept for ever, where nothing else is said.
_LONGEST = 36_500


class Selection(Handler):
    """AWS::Backup::BackupSelection; Ref is `selection_plan`, and every change replaces it."""

    type_name = "AWS::Backup::BackupSelection"

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        plan = properties["BackupPlanId"]
        made = json.loads(call(backup._create_selection, plan, {"BackupSelection": properties["BackupSelection"]}))
        return f"{made['SelectionId']}_{plan}", {"SelectionId": made["SelectionId"], "Id": made["SelectionId"]}

    def update(self, physical_id: str, old: Properties, new: Properties, stack_name: str) -> Created:
        raise NotImplementedError  # pragma: no cover  # every property replaces it (replacement.py)

    def delete(self, physical_id: str, properties: Properties) -> None:
        selection, _, plan = physical_id.partition("_")
        backup._delete_selection(plan, selection)


class RestoreTestingPlan(Handler):
    """AWS::Backup::RestoreTestingPlan; Ref is its name."""

    type_name = "AWS::Backup::RestoreTestingPlan"
    tags = ("Tags", "list")

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        name = properties["RestoreTestingPlanName"]
        if name in _plans:
            raise ValueError(f"Restore testing plan {name} already exists.")
        arn = f"arn:aws:backup:{get_region()}:{get_account_id()}:restore-testing-plan:{name}-{new_uuid()}"
        _plans[name] = {"RestoreTestingPlanArn": arn, "CreationTime": 0}
        return self.update(name, {}, properties, stack_name)

    def update(self, physical_id: str, old: Properties, new: Properties, stack_name: str) -> Created:
        _plans[physical_id].update(in_api_shape("backup", "RestoreTestingPlanForGet", new))
        return physical_id, {"RestoreTestingPlanArn": _plans[physical_id]["RestoreTestingPlanArn"]}

    def delete(self, physical_id: str, properties: Properties) -> None:
        _plans.pop(physical_id, None)


class RestoreTestingSelection(Handler):
    """AWS::Backup::RestoreTestingSelection; Ref is `plan|name`."""

    type_name = "AWS::Backup::RestoreTestingSelection"

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        plan = properties["RestoreTestingPlanName"]
        if plan not in _plans:
            raise ValueError(f"Restore testing plan {plan} was not found.")
        return self.update(f"{plan}|{properties['RestoreTestingSelectionName']}", {}, properties, stack_name)

    def update(self, physical_id: str, old: Properties, new: Properties, stack_name: str) -> Created:
        shaped = in_api_shape("backup", "RestoreTestingSelectionForGet", new)
        _tests[physical_id] = {"CreationTime": 0, **shaped}
        return physical_id, {}

    def delete(self, physical_id: str, properties: Properties) -> None:
        _tests.pop(physical_id, None)


def _vault(physical_id: str, properties: Properties, attributes: dict[str, Any]) -> None:
    """The lock, which DescribeBackupVault tells of."""
    vault = backup._vaults[physical_id]
    lock = properties.get("LockConfiguration") or {}
    vault["Locked"] = bool(lock)
    for name in ("MinRetentionDays", "MaxRetentionDays"):
        vault.pop(name, None)
        if name in lock:
            vault[name] = int(lock[name])


def _listed(member: str, records: list[dict[str, Any]]) -> Response:
    answer: Response = backup._ok({member: records})
    return answer


def _list_plans(query: dict[str, str]) -> Response:
    return _listed("RestoreTestingPlans", list(_plans.values()))


def _get_plan(name: str) -> Response:
    return _found("RestoreTestingPlan", _plans.get(name), f"Restore testing plan '{name}' not found.")


def _list_tests(plan: str, query: dict[str, str]) -> Response:
    found = [test for test in _tests.values() if test["RestoreTestingPlanName"] == plan]
    return _listed("RestoreTestingSelections", found)


def _get_test(plan: str, name: str) -> Response:
    missing = f"Restore testing selection '{name}' of '{plan}' not found."
    return _found("RestoreTestingSelection", _tests.get(f"{plan}|{name}"), missing)


def _found(member: str, record: dict[str, Any] | None, missing: str) -> Response:
    answer: Response = backup._not_found(missing) if record is None else backup._ok({member: record})
    return answer


def _start_job(request: dict[str, Any]) -> Response:
    """The same token is the same job; a database cluster's recovery point is a snapshot, which can be restored."""
    token = request.get("IdempotencyToken", "")
    known = next((job for job in backup._jobs.values() if token and job["IdempotencyToken"] == token), None)
    if known is None:
        answer: Response = _start(request)
        if answer[0] != 200:
            return answer
        known = backup._jobs[json.loads(answer[2])["BackupJobId"]]
        _end(known, int((request.get("Lifecycle") or {}).get("DeleteAfterDays", _LONGEST)))
    started: Response = backup._ok({"BackupJobId": known["BackupJobId"], "CreationDate": known["CreationDate"]})
    return started


def _end(job: dict[str, Any], days: int) -> None:
    service, name = job["ResourceArn"].split(":")[2], job["ResourceArn"].split(":", 5)[-1]
    cluster = rds._clusters.get(name.removeprefix("cluster:"))
    least = backup._vaults[job["BackupVaultName"]].get("MinRetentionDays", 0)
    if days < least:
        why = f"Backup job failed because the lifecycle is outside the valid range for backup vault: {least} days"
    elif cluster is None and name.removeprefix("file-system/") not in efs._file_systems:
        why = f"Resource {job['ResourceArn']} does not exist"
    else:
        why = ""
        if service == "rds":
            made = rds._create_cluster_snapshot_internal(f"awsbackup:job-{job['BackupJobId']}", cluster)
            job["RecoveryPointArn"] = made["DBClusterSnapshotArn"]
    if why:
        job |= {"State": "FAILED", "StatusMessage": why, "RecoveryPointArn": ""}


def install() -> None:
    """Add the types, and the answers about jobs and restore testing."""
    after("AWS::Backup::BackupVault", _vault)
    for handler in (Selection(), RestoreTestingPlan(), RestoreTestingSelection()):
        add(handler)
    backup._start_job = _start_job
    backup._list_restore_testing_plans = _list_plans
    backup._get_restore_testing_plan = _get_plan
    backup._list_restore_testing_selections = _list_tests
    backup._get_restore_testing_selection = _get_test
