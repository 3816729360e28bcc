"""Start and stop: one socket on 127.0.0.1, one temporary folder, nothing left behind."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
import tempfile

from stackproof.emulator.seams import INSTALL
from stackproof.errors import BadInputError, Fault

HOST = "127.0.0.1"
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def serve(port: int) -> int:
    """Serve the embedded AWS on `port` (0: a free one) until SIGINT or SIGTERM; then return 0.

    Prints `ready: http://127.0.0.1:PORT` on standard output once it answers.

    Raises:
        BadInputError: the port is taken, or ministack is missing or not the version that the extension was made for.
    """
    for number in STOP_SIGNALS:
        # Until the event loop takes over: leave by the front door, so that the folder is removed.
        signal.signal(number, lambda *_: sys.exit(0))
    with _listen(port) as listener, tempfile.TemporaryDirectory(prefix="stackproof-emulator-") as folder:
        address = f"http://{HOST}:{listener.getsockname()[1]}"
        _configure(listener.getsockname()[1], folder)
        _require_ministack()
        from stackproof.emulator import seams

        seams.check()
        from stackproof.emulator.extension import install

        install()
        return asyncio.run(_serve_until_told(listener.detach(), address))


def _listen(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1: a taken port is found before anything else is done."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # A port whose last connections are still closing is free.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise BadInputError(
            [Fault("--port", str(port), f"{HOST}:{port} cannot be used ({error.strerror}); name another port, or 0")]
        ) from error
    return listener


def _configure(port: int, folder: str) -> None:
    """Set what ministack reads from the environment, once, while it is imported.

    Whatever the person's own environment says, this process listens on 127.0.0.1 alone (ministack would open MQTT on
    8883 and SFTP on every interface), keeps nothing after its end, and never starts a container.
    """
    os.environ.update(
        GATEWAY_PORT=str(port),
        BIND_HOST=HOST,
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
        USE_SSL="0",
        AUTH="false",
        PERSIST_STATE="0",
        S3_PERSIST="0",
        LOCALSTACK_PERSISTENCE="0",
        SERVICES="",
        STATE_DIR=folder,
        S3_DATA_DIR=folder,
        TMPDIR=folder,
        LOG_LEVEL="ERROR",
    )
    # Packages that ministack could use and we do not have are no news.
    logging.disable(logging.WARNING)
    # A resource that fails is told by the stack's events.
    logging.getLogger("cloudformation").setLevel(logging.CRITICAL)
    tempfile.tempdir = folder
    # With the docker package and a daemon, ministack would run a container for every task and cache node.
    sys.modules["docker"] = None  # type: ignore[assignment]  # the documented way to make an import fail


def _require_ministack() -> None:
    try:
        import ministack  # noqa: F401  # only asked whether it is there
    except ImportError as error:
        raise BadInputError(
            [Fault("stackproof.emulator", "", f"needs the package ministack; in a clone, {INSTALL}")]
        ) from error


async def _serve_until_told(descriptor: int, address: str) -> int:
    """Serve on an open socket until a stop signal, then finish what is being answered and return 0."""
    from hypercorn.asyncio import serve as hypercorn_serve
    from hypercorn.config import Config
    from ministack.app import app

    stop = asyncio.Event()
    for number in STOP_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    config = Config()
    config.bind = [f"fd://{descriptor}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    config.loglevel = "ERROR"
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_announce(address))
        await hypercorn_serve(app, config, shutdown_trigger=stop.wait)
    return 0


async def _announce(address: str) -> None:
    """Say that the server answers, once it has: the socket listens already, so the first request simply waits."""
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /_ministack/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    await reader.readline()
    writer.close()
    print(f"ready: {address}", flush=True)  # noqa: T201  # data, for whoever started this process
