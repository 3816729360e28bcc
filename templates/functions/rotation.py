"""Gives the database a new password: Secrets Manager calls this once for each step of a rotation.

createSecret  a new password is kept beside the one in force, in a version labelled AWSPENDING
setSecret     RDS is told the new password: from here on the old one opens no new connection
testSecret    waits until RDS has done it
finishSecret  the new version is the one in force (AWSCURRENT), and an event says so: services start new tasks

The variable CLUSTER names the database. RDS itself changes the password, so that nothing here connects to it. A step
may be called again, after it failed or was done: it goes on where things stand. No password is printed, nor part of an
error.
"""

import json
import os
import time
from secrets import choice
from string import ascii_letters, digits
from typing import Any

import boto3

CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"
LENGTH = 40
"""Letters and digits, as the first password has them: they fit into a URL, and MySQL takes 41 characters at most."""
BEGINS_SECONDS = 30
"""RDS answers before it begins, and for some seconds still calls the cluster available."""
LOOK_SECONDS = 2
SPARE_MILLISECONDS = 1000 * (BEGINS_SECONDS + 10)
"""What is left of the function's time when it gives up waiting: enough to end a step, and to say why it did not."""
SOURCE, KIND = "lms.database", "Database password rotated"


def handler(event: dict[str, str], context: Any) -> None:
    """Do one step.

    Args:
        event: `Step`, `SecretId` (an ARN) and `ClientRequestToken`, the id of the version that is to be in force.
        context: of Lambda; knows how much time is left.

    Raises:
        ValueError: nobody rotates this version, or there is no such step.
        TimeoutError: the cluster is not ready in time.
    """
    step, secret, token = event["Step"], event["SecretId"], event["ClientRequestToken"]
    store = boto3.client("secretsmanager")
    versions = store.describe_secret(SecretId=secret)["VersionIdsToStages"]
    labels = versions.get(token, [])
    if CURRENT not in labels and PENDING not in labels:
        raise ValueError(f"{step}: version {token} is neither in force nor to be: there is nothing to rotate")
    if step == "finishSecret":
        finish(store, secret, token, versions)
    elif CURRENT in labels:
        print(f"{step}: version {token} is in force already")
    elif step == "createSecret":
        create(store, secret, token)
    elif step == "setSecret":
        change(os.environ["CLUSTER"], value(store, secret, PENDING, token)["password"], context)
    elif step == "testSecret":
        wait(boto3.client("rds"), os.environ["CLUSTER"], context)
    else:
        raise ValueError(f"{step} is no step of a rotation")
    print(f"{step}: done")


def value(store: Any, secret: str, label: str, token: str | None = None) -> dict[str, Any]:
    """What a version of the secret holds."""
    version = {} if token is None else {"VersionId": token}
    found = store.get_secret_value(SecretId=secret, VersionStage=label, **version)
    read: dict[str, Any] = json.loads(found["SecretString"])
    return read


def create(store: Any, secret: str, token: str) -> None:
    """Keep a new password beside the old one, with all else that the secret holds."""
    try:
        value(store, secret, PENDING, token)
    except store.exceptions.ResourceNotFoundException:
        password = "".join(choice(ascii_letters + digits) for _ in range(LENGTH))
        text = json.dumps({**value(store, secret, CURRENT), "password": password})
        store.put_secret_value(SecretId=secret, ClientRequestToken=token, SecretString=text, VersionStages=[PENDING])


def change(cluster: str, password: str, context: Any) -> None:
    """Tell RDS the password, and see that it begins; a cluster at other work is left to end that first."""
    rds = boto3.client("rds")
    wait(rds, cluster, context)
    rds.modify_db_cluster(DBClusterIdentifier=cluster, MasterUserPassword=password, ApplyImmediately=True)
    for _ in range(BEGINS_SECONDS // LOOK_SECONDS):
        if at_work(rds, cluster):
            return
        time.sleep(LOOK_SECONDS)


def wait(rds: Any, cluster: str, context: Any) -> None:
    """Wait until the cluster is at no work and no password waits to be set."""
    while state := at_work(rds, cluster):
        if context.get_remaining_time_in_millis() < SPARE_MILLISECONDS:
            raise TimeoutError(f"{state}: this step is to be done again")
        print(state)
        time.sleep(LOOK_SECONDS)


def at_work(rds: Any, cluster: str) -> str:
    """What the cluster is at; blank when it is at nothing."""
    found = rds.describe_db_clusters(DBClusterIdentifier=cluster)["DBClusters"][0]
    if "MasterUserPassword" in found.get("PendingModifiedValues", {}):
        return f"{cluster} is {found['Status']}, and its password waits to be set"
    return "" if found["Status"] == "available" else f"{cluster} is {found['Status']}"


def finish(store: Any, secret: str, token: str, versions: dict[str, list[str]]) -> None:
    """Put the new version in force and say so; said again where it was in force already."""
    if CURRENT not in versions[token]:
        old = next(version for version, labels in versions.items() if CURRENT in labels)
        store.update_secret_version_stage(
            SecretId=secret, VersionStage=CURRENT, MoveToVersionId=token, RemoveFromVersionId=old
        )
    told = {"Source": SOURCE, "DetailType": KIND, "Resources": [secret], "Detail": json.dumps({"version": token})}
    answer = boto3.client("events").put_events(Entries=[told])
    if answer["FailedEntryCount"]:
        raise RuntimeError(f"version {token} is in force, but nobody was told: {answer['Entries'][0].get('ErrorCode')}")
