"""The platform itself, created and upgraded by its own steps: dist/ as it is, with production's switches."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tests.integration.deployer import STACK
from tests.integration.tasks import ending

if TYPE_CHECKING:
    from tests.integration.deployer import Deployer, Done

ROOT = Path(__file__).parents[2]
CLUSTER = "lms-cluster-dev"


def image(deployer: Deployer, version: int) -> str:
    """In the account's own registry, as in production: which repository is pulled from stands in a permission."""
    return f"{deployer.aws.account}.dkr.ecr.sa-east-1.amazonaws.com/lms:{version}"


def write(deployer: Deployer, version: int) -> None:
    """One environment of the platform, with everything that an upgrade has to do with."""
    given = {
        "EnvironmentSuffix": "dev",
        "Image": image(deployer, version),
        "UpgradeCommand": "lms,upgrade",
        "WorkerCommand": "lms,work",
        "Backups": "yes",
        "BackupLock": "governance",
        "BalancerDeletionProtection": "yes",
        "DatabaseDeletionProtection": "yes",
    }
    deployer.write({}, given=given)
    for name in ("lms-disposable.json", "bootstrap.json"):
        shutil.copy(ROOT / "dist" / name, deployer.folder / "dist" / name.replace("lms-disposable", "lms"))


def apply(deployer: Deployer, code: int = 0) -> Done:
    """`apply`, with an installation or upgrade that ends so."""
    with ending(deployer.aws, code, cluster=CLUSTER):
        return deployer("apply", "dev", "--yes")


def parameters(deployer: Deployer) -> dict[str, str]:
    return {each["ParameterKey"]: each["ParameterValue"] for each in (deployer.stack() or {})["Parameters"]}


def titles(done: Done) -> list[str]:
    return [line.split(": ")[1].split(" (")[0] for line in done.out.splitlines() if line.startswith("Step ")]


def test_it_is_installed_upgraded_and_left_in_maintenance_by_a_failure(deployer: Deployer) -> None:
    write(deployer, 1)
    assert deployer("bootstrap", "dev", "--yes").code == 0
    done = apply(deployer)
    assert done.code == 0, done.err
    assert titles(done) == ["Everything but the application, unprotected", "Install", "As the files say"]
    found = parameters(deployer)
    assert (found["RunApplication"], found["UpgradeImage"]) == ("yes", "")
    assert (found["BalancerDeletionProtection"], found["DatabaseDeletionProtection"]) == ("yes", "yes")

    write(deployer, 2)
    done = apply(deployer, code=3)
    assert done.code == 1
    assert "Stopped at step 4 of 7" in done.err
    found = parameters(deployer)
    assert (found["Image"], found["MaintenancePage"], found["RunApplication"]) == (image(deployer, 1), "yes", "no")
    ecs = deployer.aws.client("ecs")
    services = {arn.rpartition("/")[2] for arn in ecs.list_services(cluster=CLUSTER)["serviceArns"]}
    assert services == {"lms-worker-dev"}
    (worker,) = ecs.describe_services(cluster=CLUSTER, services=["lms-worker-dev"])["services"]
    assert worker["desiredCount"] == 0
    jobs = deployer.aws.client("backup").list_backup_jobs()["BackupJobs"]
    assert {each["State"] for each in jobs} == {"COMPLETED"}
    points = {each["ResourceArn"].split(":")[2]: each["RecoveryPointArn"] for each in jobs}
    restore = f"--set Image={image(deployer, 1)} --set DatabaseSnapshotIdentifier={points['rds']} --out restore.json"
    assert f"  python deploy.py plan dev {restore}\n" in done.err
    assert points["elasticfilesystem"] in done.err

    done = apply(deployer)
    assert done.code == 0, done.err
    assert "Step 3 of 7: Recovery point: done" in done.out
    found = parameters(deployer)
    assert (found["Image"], found["MaintenancePage"], found["UpgradeImage"]) == (image(deployer, 2), "no", "")
    (service,) = ecs.describe_services(cluster=CLUSTER, services=["lms-application-dev"])["services"]
    assert service["runningCount"] == service["desiredCount"] > 0
    definition = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    assert definition["containerDefinitions"][0]["image"] == image(deployer, 2)

    write(deployer, 3)
    path = deployer.folder / "params" / "dev.json"
    content = json.loads(path.read_text())
    content["Parameters"]["RollingImage"] = image(deployer, 3)
    path.write_text(json.dumps(content))
    done = deployer.apply()
    assert titles(done) == []
    assert parameters(deployer)["Image"] == image(deployer, 3)
    assert (deployer.stack() or {})["StackName"] == STACK
