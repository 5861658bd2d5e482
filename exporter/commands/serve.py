"""Run the exporter until a signal says stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Final

import structlog
import uvloop

from exporter import logs
from exporter.assembly import Exporter, Opened, exporter_of
from exporter.build import build
from exporter.clock import Clock
from exporter.commands import check_config
from exporter.commands.configuration import loader
from exporter.configuration.config import Config
from exporter.service import Service
from exporter.storage.database import Storage
from exporter.web.listen import bind, close, passed_by_systemd
from exporter.web.webfile import WebFile

log = structlog.get_logger(__name__)

# Requests in flight and the last write to disk share the two seconds that a stop may take.
GRACE_SECONDS: Final = 0.5
# A first scrape shows what was known before a restart, unless the file takes longer to read.
RESTORE_SECONDS: Final = 1.0
# How long a thread keeps the interpreter while the event loop wants it; the default is 5 ms.
SWITCH_INTERVAL: Final = 0.001
# Looking through everything alive for garbage takes 5 to 10 ms, which is worth it once in so many times that the
# younger objects have been looked through; the default is 10.
SELDOM: Final = 100


def run(arguments: Namespace, environ: Mapping[str, str]) -> int:
    load = loader(arguments, environ)
    if getattr(arguments, "config.check", False):
        return check_config.check(load)
    config = load()
    logs.configure(config.log.level, config.log.format)
    sys.setswitchinterval(SWITCH_INTERVAL)
    _keep_what_is_loaded()
    opened = _open(config, load, environ)
    log.info("starting", **asdict(build()))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(serve(opened))


def _open(config: Config, load: Callable[[], Config], environ: Mapping[str, str]) -> Opened:
    web_file = WebFile(config.web.config_file)
    with contextlib.ExitStack() as undo:
        sockets = passed_by_systemd(environ) if config.web.systemd_socket else bind(config.web.listen_addresses)
        undo.callback(close, sockets)
        opened = Opened(config, load, web_file, sockets, Storage(config.storage.path))
        undo.pop_all()
    return opened


async def serve(opened: Opened) -> int:
    exporter = exporter_of(opened, Clock())
    stop = asyncio.Event()
    _on_signals(exporter.service, stop)
    exporter.service.open()
    restoring = asyncio.create_task(exporter.service.start())
    # The sockets take connections already; what a sound disk gives in a moment is worth waiting for, no more.
    await asyncio.wait((restoring,), timeout=RESTORE_SECONDS)
    await exporter.server.start()
    running, stopping = asyncio.create_task(_run(exporter, restoring)), asyncio.create_task(stop.wait())
    await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
    log.info("stopping")
    await exporter.server.stop(GRACE_SECONDS)
    running.cancel()
    stopping.cancel()
    ended, _ = await asyncio.gather(running, stopping, return_exceptions=True)
    await exporter.service.stop()
    await exporter.client.close()
    await opened.storage.close()
    return _exit_code(ended)


def _keep_what_is_loaded() -> None:
    """Code and declarations stay; to look through them for garbage stops the event loop for 50 ms each time."""
    gc.collect()
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, SELDOM)


async def _run(exporter: Exporter, restoring: asyncio.Task[None]) -> None:
    await restoring
    await exporter.run()


def _exit_code(ended: BaseException | None) -> int:
    if ended is None or isinstance(ended, asyncio.CancelledError):
        return 0
    log.error("stopped by a bug: please report it", exc_info=ended)
    return 1


def _on_signals(service: Service, stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    running: set[asyncio.Task[None]] = set()

    def reload() -> None:
        task = loop.create_task(service.reload())
        running.add(task)
        task.add_done_callback(running.discard)
        task.add_done_callback(_ended)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, reload)


def _ended(reloading: asyncio.Task[None]) -> None:
    """The service has said what was wrong and keeps the old configuration."""
    if not reloading.cancelled():
        reloading.exception()
