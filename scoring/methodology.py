"""The published method: one versioned value, printable."""

from __future__ import annotations

from typing import Final

from scoring.adoption import ADOPTION
from scoring.decentralization import DECENTRALIZATION
from scoring.lightning import LIGHTNING
from scoring.method import Method
from scoring.security import SECURITY
from scoring.throughput import THROUGHPUT

METHOD: Final = Method(
    version="1.0",
    pillars=(SECURITY, DECENTRALIZATION, THROUGHPUT, ADOPTION, LIGHTNING),
    cap=100.0,
)
