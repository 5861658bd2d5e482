from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from pathlib import Path

import pytest
from aiohttp import ClientSession

from simulator import cli_main, serve
from simulator.serving import SimulatorError, split_address
from tests.machine import ROOT
from tests.unit.simulator.endpoints import NOW


@pytest.mark.parametrize(
    ("listen", "want"),
    [("127.0.0.1:9000", ("127.0.0.1", 9000)), ("[::1]:0", ("::1", 0)), ("localhost:80", ("localhost", 80))],
)
def test_an_address_is_a_host_and_a_port(listen: str, want: tuple[str, int]) -> None:
    assert split_address(listen) == want


@pytest.mark.parametrize("listen", ["9000", ":9000", "127.0.0.1", "127.0.0.1:http", "127.0.0.1:70000", ""])
def test_another_address_is_refused_by_name(listen: str) -> None:
    with pytest.raises(SimulatorError, match=r"is not HOST:PORT"):
        split_address(listen)


async def test_a_server_tells_where_it_listens_and_ends_when_cancelled() -> None:
    started: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    server = serve("127.0.0.1:0", seed=4, scenario="reorg", clock=lambda: NOW, on_started=started.set_result)
    task = asyncio.create_task(server)
    url = await started
    async with ClientSession() as session, session.get(f"{url}/scenario") as response:
        assert [row["name"] for row in (await response.json())["running"]] == ["reorg"]
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))


async def test_a_server_may_replay_recordings(tmp_path: Path) -> None:
    (tmp_path / "coingecko").mkdir()
    (tmp_path / "coingecko/simple-price.1.json").write_text('{"bitcoin":{"usd":1,"last_updated_at":1600000000}}')
    started: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    server = serve("127.0.0.1:0", recorded=tmp_path, clock=lambda: NOW, on_started=started.set_result)
    task = asyncio.create_task(server)
    url = await started
    async with ClientSession() as session:
        async with session.get(f"{url}/coingecko/api/v3/simple/price?ids=bitcoin") as response:
            assert await response.json() == {"bitcoin": {"usd": 1, "last_updated_at": NOW - 30}}
        async with session.get(f"{url}/mempool_space/api/mempool") as response:
            assert (response.status, response.content_type) == (404, "application/json")
        async with session.get(f"{url}/recorded") as response:
            assert [row["file"] for row in (await response.json())["recordings"]] == ["coingecko/simple-price.1.json"]
        await session.post(f"{url}/scenario/rate-limited:coingecko")
        async with session.get(f"{url}/coingecko/api/v3/simple/price?ids=bitcoin") as response:
            assert response.status == 429
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    ("listen", "recorded", "scenario", "message"),
    [
        ("nowhere", None, None, "listen address 'nowhere' is not HOST:PORT"),
        ("127.0.0.1:0", Path("/nonexistent"), None, "/nonexistent is not a folder"),
        ("127.0.0.1:0", None, "earthquake", "no scenario 'earthquake'"),
    ],
)
def test_a_mistake_in_the_arguments_is_one_line_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], listen: str, recorded: Path | None, scenario: str | None, message: str
) -> None:
    assert cli_main(listen, recorded, 1, scenario) == 2
    errors = capsys.readouterr().err
    assert errors.startswith("simulate: ")
    assert message in errors
    assert errors.count("\n") == 1


def test_a_port_in_use_is_one_line_and_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        assert cli_main(listen, None, 1, None) == 2
    assert capsys.readouterr().err == f"simulate: cannot listen on {listen}: Address already in use\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_command_announces_its_address_and_stops_cleanly_on_a_signal(number: signal.Signals) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulator", "--listen", "127.0.0.1:0", "--seed", "3"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    assert line.startswith("simulating on http://127.0.0.1:")
    process.send_signal(number)
    _, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"")
