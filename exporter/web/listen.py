"""Sockets to accept on, bound before anything else starts, so that a taken port is the first thing said."""

from __future__ import annotations

import errno
import os
import resource
import socket
from collections.abc import Iterable, Mapping
from typing import Final

from exporter.configuration.scalars import Address
from exporter.errors import ConfigError

BACKLOG: Final = 1024
# For the database, calls to sources and whatever else the process opens.
KEPT_DESCRIPTORS: Final = 200
# sd_listen_fds(3): descriptors from 3 on, meant for the process whose id is in LISTEN_PID.
FIRST_PASSED: Final = 3


def bind(addresses: Iterable[Address]) -> list[socket.socket]:
    """Listening sockets of every address. Raises ConfigError naming the address that cannot be had."""
    bound: list[socket.socket] = []
    for address in addresses:
        try:
            bound.extend(_bind_all(address))
        except OSError as error:
            close(bound)
            raise _refused(address, error) from error
    return bound


def _bind_all(address: Address) -> list[socket.socket]:
    """One socket for each address the host stands for; no host: one for IPv6 and IPv4 together where both exist."""
    if address.host is None:
        both = socket.has_dualstack_ipv6()
        family = socket.AF_INET6 if both else socket.AF_INET
        return [socket.create_server(("", address.port), family=family, backlog=BACKLOG, dualstack_ipv6=both)]
    found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    bound: list[socket.socket] = []
    failed: OSError | None = None
    for family, _, _, _, target in found:
        try:
            bound.append(socket.create_server(target[:2], family=family, backlog=BACKLOG))
        except OSError as error:
            # A name may stand for an address family this machine is built without; one that works is enough.
            if error.errno not in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
                close(bound)
                raise
            failed = error
    if failed and not bound:
        raise failed
    return bound


def close(sockets: Iterable[socket.socket]) -> None:
    for one in sockets:
        one.close()


def _refused(address: Address, error: OSError) -> ConfigError:
    if error.errno == errno.EADDRINUSE:
        why = "the port is in use by another process; stop that or choose another port"
    elif error.errno == errno.EACCES:
        why = "no permission; choose a port from 1024"
    else:
        why = error.strerror or str(error)
    return ConfigError(f"--web.listen-address: cannot listen on {address}: {why}")


def connections_at_most(wanted: int) -> int:
    """How many of `wanted` connections the system lets us have beside our own files; raises its limit where it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return wanted if soft == resource.RLIM_INFINITY else min(wanted, soft - min(KEPT_DESCRIPTORS, soft // 2))


def passed_by_systemd(environ: Mapping[str, str], process: int | None = None) -> list[socket.socket]:
    """The sockets of a socket unit. Raises ConfigError where there are none."""
    meant = environ.get("LISTEN_PID") == str(os.getpid() if process is None else process)
    count = int(environ["LISTEN_FDS"]) if meant and environ.get("LISTEN_FDS", "").isdigit() else 0
    if count == 0:
        raise ConfigError("--web.systemd-socket: systemd passed no socket; start through a .socket unit")
    try:
        passed = [socket.socket(fileno=descriptor) for descriptor in range(FIRST_PASSED, FIRST_PASSED + count)]
        accepting = all(one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) for one in passed)
    except OSError as error:
        raise ConfigError(f"--web.systemd-socket: LISTEN_FDS={count}: {error.strerror}") from error
    if not accepting:
        close(passed)
        raise ConfigError("--web.systemd-socket: expected sockets that accept: ListenStream= with Accept=no")
    return passed


def name_of(listening: socket.socket) -> str:
    found = listening.getsockname()
    return str(found) if isinstance(found, str) else str(Address(found[0], found[1]))
