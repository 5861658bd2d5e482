"""The page on the API states the limits in force."""

from __future__ import annotations

import pytest

from exporter.web.answer import MOST_PARAMETERS
from exporter.web.app import MOST_BODY_BYTES
from exporter.web.bounds import Bounds
from exporter.web.server import HANDSHAKE_SECONDS, MOST_ENCRYPTED
from tests.machine import ROOT

PAGE = " ".join((ROOT / "docs" / "api.md").read_text(encoding="utf-8").split())
BOUNDS = Bounds()
KIB, MIB = 1 << 10, 1 << 20


@pytest.mark.parametrize(
    "said",
    [
        f"a request's head is not complete {BOUNDS.head:g} seconds after its first byte, or after connecting",
        f"nothing has been asked for {BOUNDS.idle:g} seconds",
        f"a body has not ended {BOUNDS.body:g} second after the answer",
        f"an answer takes more than {BOUNDS.reading:g} seconds to read",
        f"a TLS handshake takes more than {HANDSHAKE_SECONDS:g} seconds",
        f"A start line and the value of a header field have at most {BOUNDS.line:,} bytes",
        f"of a header field have at most {BOUNDS.field:,} bytes, a head {BOUNDS.fields} fields",
        f"a body {MOST_BODY_BYTES / KIB:g} KiB, a query {MOST_PARAMETERS} parameters",
        f"A head that is not complete has at most {BOUNDS.head_bytes / KIB:g} KiB",
        f"behind answers nobody reads, {BOUNDS.unfinished_bytes / MIB:g} MiB together",
        f"{BOUNDS.connections:,} connections may be open at one time, {MOST_ENCRYPTED:,} over TLS",
    ],
)
def test_the_page_states_the_limits_in_force(said: str) -> None:
    assert said in PAGE
