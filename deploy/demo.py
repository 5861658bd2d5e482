"""The whole stack on this machine without containers: simulator, exporter, Prometheus, Alertmanager, and Grafana.

`make demo`. Everything listens on loopback, keeps its data in a folder of its own, and stops on Ctrl-C, in the order
in which nothing waits for what is gone already.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import aiohttp

from simulator.scenario import SOURCES

ROOT: Final = Path(__file__).resolve().parent.parent
HOST: Final = "127.0.0.1"
READY_WITHIN: Final = 90.0
STOP_WITHIN: Final = 15.0

Environment = Mapping[str, str]


class DemoError(Exception):
    """The demo cannot start or go on; the text names the part and why."""


class Ports(NamedTuple):
    simulator: int = 9000
    exporter: int = 9833
    prometheus: int = 9090
    alertmanager: int = 9093
    grafana: int = 3000


@dataclass(frozen=True, slots=True)
class Part:
    """One process. `ready` is the path that answers 200 once it can be used."""

    name: str
    port: int
    ready: str
    command: tuple[str, ...]
    environment: Environment = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}"


def parts(ports: Ports, home: Path, programs: Mapping[str, Path]) -> Iterator[Part]:
    """In the order of their start. `programs` are the outside ones by name; Grafana may be missing."""
    yield Part(
        "simulator", ports.simulator, "/",
        (sys.executable, "-m", "simulator", f"--listen={HOST}:{ports.simulator}"),
    )  # fmt: skip
    yield Part(
        "exporter", ports.exporter, "/-/ready",
        (
            sys.executable, "-m", "exporter", "serve", f"--web.listen-address={HOST}:{ports.exporter}",
            f"--storage.path={home / 'btc-health.sqlite'}",
        ),
        simulated_sources(f"{HOST}:{ports.simulator}"),
    )  # fmt: skip
    yield Part(
        "alertmanager", ports.alertmanager, "/-/ready",
        (
            str(programs["alertmanager"]), f"--config.file={home / 'alertmanager.yml'}",
            f"--storage.path={home / 'alertmanager'}", f"--web.listen-address={HOST}:{ports.alertmanager}",
            f"--web.external-url=http://{HOST}:{ports.alertmanager}/", "--cluster.listen-address=",
        ),
    )  # fmt: skip
    yield Part(
        "prometheus", ports.prometheus, "/-/ready",
        (
            str(programs["prometheus"]), f"--config.file={home / 'prometheus.yml'}",
            f"--storage.tsdb.path={home / 'prometheus'}", f"--web.listen-address={HOST}:{ports.prometheus}",
            f"--web.external-url=http://{HOST}:{ports.prometheus}/", f"--web.console.templates={home / 'consoles'}",
        ),
    )  # fmt: skip
    if "grafana" in programs:
        yield grafana(ports, home, programs["grafana"])


def simulated_sources(simulator: str) -> dict[str, str]:
    """The exporter's settings that put a simulator, `host:port`, in place of every source."""
    return {f"BTC_HEALTH_SOURCES__{name.upper()}__BASE_URLS": f'["http://{simulator}/{name}"]' for name in SOURCES}


def grafana(ports: Ports, home: Path, program: Path) -> Part:
    dashboards = ROOT / "grafana" / "dashboards"
    homepath = os.environ.get("GF_PATHS_HOME", "/usr/share/grafana")
    return Part(
        "grafana", ports.grafana, "/api/health",
        (str(program), "server", f"--homepath={homepath}"),
        {
            "GF_SERVER_HTTP_ADDR": HOST,
            "GF_SERVER_HTTP_PORT": str(ports.grafana),
            "GF_PATHS_DATA": str(home / "grafana"),
            "GF_PATHS_PROVISIONING": str(ROOT / "grafana" / "provisioning"),
            "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH": str(dashboards / "btchealth-overview.json"),
            "GF_AUTH_ANONYMOUS_ENABLED": "true",
            "GF_AUTH_DISABLE_LOGIN_FORM": "true",
            "BTC_HEALTH_DASHBOARDS": str(dashboards),
            "BTC_HEALTH_PROMETHEUS_URL": f"http://{HOST}:{ports.prometheus}",
            "BTC_HEALTH_ALERTMANAGER_URL": f"http://{HOST}:{ports.alertmanager}",
        },
    )  # fmt: skip


def lay_out(home: Path, ports: Ports) -> None:
    """Prometheus reads the files of the repository; only the addresses beside them are this demo's own."""
    for name in ("prometheus.yml", "rules", "alerts", "consoles"):
        (home / name).symlink_to(ROOT / "prometheus" / name)
    targets = home / "targets"
    targets.mkdir()
    jobs = {"btc-health": ports.exporter, "prometheus": ports.prometheus, "alertmanager": ports.alertmanager}
    for job, port in jobs.items():
        (targets / f"{job}.yml").write_text(f'- targets: ["{HOST}:{port}"]\n')


async def configure_alertmanager(home: Path) -> str:
    """What `alertmanager.configure` says: which receivers are off for want of a secret."""
    command = (sys.executable, "-m", "alertmanager.configure", str(home / "alertmanager.yml"))
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise DemoError(f"alertmanager: {said.decode().strip()}")
    return said.decode().strip()


def found_programs(path: str) -> dict[str, Path]:
    """Outside programs on `path`. Raises DemoError naming what is missing."""
    folders = [Path(folder) for folder in path.split(os.pathsep) if folder]
    found = {
        name: folder / name
        for name in ("prometheus", "alertmanager", "grafana")
        for folder in reversed(folders)
        if os.access(folder / name, os.X_OK) and (folder / name).is_file()
    }
    if missing := [name for name in ("prometheus", "alertmanager") if name not in found]:
        raise DemoError(f"{' and '.join(missing)}: not found; `make tools` installs them into tools/bin")
    return found


def refuse_taken(wanted: Iterator[Part]) -> None:
    for part in wanted:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, part.port))
            except OSError as error:
                message = f"{part.name}: port {part.port} is taken; free it or choose with --{part.name}-port"
                raise DemoError(message) from error


async def start(part: Part, home: Path) -> asyncio.subprocess.Process:
    """In a session of its own: Ctrl-C then reaches us alone, and we choose the order in which things stop."""
    with (home / f"{part.name}.log").open("wb") as log:
        return await asyncio.create_subprocess_exec(
            *part.command, cwd=ROOT, env={**os.environ, **part.environment},
            stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip


async def stop(part: Part, process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_WITHIN)
    except TimeoutError:
        print(f"{part.name} did not stop within {STOP_WITHIN:.0f} s and was killed", file=sys.stderr)
        process.kill()
        await process.wait()


async def until_ready(part: Part, process: asyncio.subprocess.Process, home: Path) -> None:
    """Raises DemoError when the process ends, or is not ready in time."""
    try:
        async with asyncio.timeout(READY_WITHIN), aiohttp.ClientSession() as session:
            while process.returncode is None:
                if await _answers(session, part):
                    return
                await asyncio.sleep(0.2)
    except TimeoutError as error:
        log = home / f"{part.name}.log"
        raise DemoError(f"{part.name}: not ready within {READY_WITHIN:.0f} s; its log is {log}") from error
    raise _ended(part, process, home)


async def _answers(session: aiohttp.ClientSession, part: Part) -> bool:
    try:
        async with session.get(part.address + part.ready) as response:
            return response.status == 200  # noqa: PLR2004 - the status OK
    except aiohttp.ClientError:
        return False


def _ended(part: Part, process: asyncio.subprocess.Process, home: Path) -> DemoError:
    last = (home / f"{part.name}.log").read_text(errors="replace").strip().splitlines()[-5:]
    return DemoError("\n".join((f"{part.name}: ended with code {process.returncode}; its last lines were", *last)))


async def run(ports: Ports, home: Path) -> None:
    """Until a signal; raises DemoError when a part ends by itself."""
    programs = found_programs(f"{ROOT / 'tools' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}")
    wanted = tuple(parts(ports, home, programs))
    refuse_taken(iter(wanted))
    lay_out(home, ports)
    print(await configure_alertmanager(home))
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with AsyncExitStack() as stack:
        running: dict[str, asyncio.subprocess.Process] = {}
        waiting = asyncio.create_task(stopped.wait())
        for part in wanted:
            running[part.name] = await start(part, home)
            stack.push_async_callback(stop, part, running[part.name])
            ready = asyncio.create_task(until_ready(part, running[part.name], home))
            await asyncio.wait((ready, waiting), return_when=asyncio.FIRST_COMPLETED)
            if stopped.is_set():
                ready.cancel()
                return
            ready.result()
            print(f"{part.name:13} {part.address}", flush=True)
        print(_guide(ports, "grafana" in programs, home), flush=True)
        ends = {asyncio.create_task(process.wait()): name for name, process in running.items()}
        done, _ = await asyncio.wait((*ends, waiting), return_when=asyncio.FIRST_COMPLETED)
        if not stopped.is_set():
            name = ends[next(task for task in done if task in ends)]
            raise _ended(next(part for part in wanted if part.name == name), running[name], home)
    print("stopped")


def _guide(ports: Ports, with_grafana: bool, home: Path) -> str:
    simulator = f"http://{HOST}:{ports.simulator}"
    shown = (
        f"Dashboards: http://{HOST}:{ports.grafana}/d/btchealth-overview"
        if with_grafana
        else "No grafana program was found on PATH, so dashboards are not shown."
    )
    return f"""
Score:              curl http://{HOST}:{ports.exporter}/metrics
{shown}
Start an incident:  curl -X POST {simulator}/scenario/hashrate-collapse
See all of them:    curl {simulator}/scenario
End it:             curl -X DELETE {simulator}/scenario
Logs:               {home}
Ctrl-C stops everything."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo", description="Run the whole stack on this machine.")
    for name, port in Ports()._asdict().items():
        parser.add_argument(f"--{name}-port", type=int, default=port, help="default %(default)s")
    chosen = parser.parse_args()
    ports = Ports(*(getattr(chosen, f"{name}_port") for name in Ports._fields))
    with tempfile.TemporaryDirectory(prefix="btc-health-demo-") as folder:
        try:
            asyncio.run(run(ports, Path(folder)))
        except DemoError as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
