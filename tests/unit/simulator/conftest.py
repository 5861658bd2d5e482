from __future__ import annotations

import pytest

from simulator.view import World


@pytest.fixture(scope="session")
def world() -> World:
    """One small world for all tests: it answers the same whatever was asked before."""
    return World.of(seed=1, nodes=2_000)
