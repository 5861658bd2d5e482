"""The networks that nodes are reached through, and the software they name."""

from __future__ import annotations

import re
from typing import Final

NETWORKS: Final = ("ipv4", "ipv6", "onion", "i2p", "cjdns")
FAMILIES: Final = ("core", "knots", "other")

# What stands in place of an autonomous system for nodes that hide where they are.
HIDDEN: Final = frozenset({"TOR", "I2P", "CJDNS"})
AUTONOMOUS_SYSTEM: Final = re.compile(r"AS\d{1,10}")

_IPV4: Final = re.compile(r"\d{1,3}(\.\d{1,3}){3}:\d{1,5}")
# Bitcoin Core, with whatever its operator added in brackets; a second part between slashes is another product.
_CORE: Final = re.compile(r"/Satoshi:[0-9.]+(\([^/]*\))?/")


def network_of(address: str) -> str | None:
    """The network of `host:port`, None where it is none that we know."""
    host = address.rpartition(":")[0]
    if host.endswith(".onion"):
        return "onion"
    if host.endswith(".i2p"):
        return "i2p"
    if host.startswith("[") and host.endswith("]"):
        # CJDNS is the only user of fc00::/8.
        return "cjdns" if host.startswith("[fc") else "ipv6"
    return "ipv4" if _IPV4.fullmatch(address) else None


def family_of(user_agent: str) -> str:
    if "/Knots:" in user_agent:
        return "knots"
    return "core" if _CORE.fullmatch(user_agent) else "other"
