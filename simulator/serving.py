"""Run the simulator as a server until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from simulator.app import SERVER, Clock, make_app
from simulator.recorded import Recorded, RecordingError
from simulator.scenario import ScenarioError, parse
from simulator.view import World

_NODES = 25_000
_GRACE = 0.5  # seconds that open requests have when the server stops


class SimulatorError(ValueError):
    """Something about how the simulator was started; the message names it."""


def split_address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:  # noqa: PLR2004 - the largest TCP port
        raise SimulatorError(f"listen address {listen!r} is not HOST:PORT")
    return host.strip("[]"), int(port)


async def serve(
    listen: str,
    *,
    recorded: Path | None = None,
    seed: int = 1,
    scenario: str | None = None,
    clock: Clock = time.time,
    on_started: Callable[[str], None] | None = None,
) -> None:
    """Answer on `listen` until cancelled; port 0 takes a free one. `on_started` gets the base URL."""
    host, port = split_address(listen)
    app = make_app(Recorded.load(recorded) if recorded else World.of(seed, _NODES), clock)
    if scenario:
        app[SERVER].stage.start(parse(scenario, {}, clock()))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GRACE)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        if on_started:
            on_started(f"http://{_shown(host)}:{runner.addresses[0][1]}")
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def cli_main(
    listen: str = "127.0.0.1:9000", recorded: Path | None = None, seed: int = 1, scenario: str | None = None
) -> int:
    """Run in the foreground until SIGINT or SIGTERM; the exit code is 2 for a mistake in the arguments."""
    try:
        asyncio.run(_until_signal(listen, recorded, seed, scenario))
    except (SimulatorError, ScenarioError, RecordingError) as error:
        return _refused(str(error))
    except OSError as error:
        return _refused(f"cannot listen on {listen}: {os.strerror(error.errno) if error.errno else error}")
    return 0


def _refused(message: str) -> int:
    print(f"simulate: {message}", file=sys.stderr)  # noqa: T201 - a command speaks to its user
    return 2


async def _until_signal(listen: str, recorded: Path | None, seed: int, scenario: str | None) -> None:
    def announce(url: str) -> None:
        print(f"simulating on {url}", flush=True)  # noqa: T201 - scripts wait for this line

    task = asyncio.create_task(serve(listen, recorded=recorded, seed=seed, scenario=scenario, on_started=announce))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()
