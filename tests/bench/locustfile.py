"""The mixed load of `make bench` for locust, which is not among our dependencies.

pip install locust; PYTHONPATH=. locust --locustfile tests/bench/locustfile.py --host http://127.0.0.1:9833
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from locust import HttpUser, constant_throughput  # type: ignore[import-not-found]  # as said above

from tests.bench.mix import MIX


def asking(path: str) -> Callable[[Any], None]:
    def ask(user: Any) -> None:
        user.client.get(path, name=path.partition("?")[0])

    return ask


class Reader(HttpUser):  # type: ignore[misc]  # of a module that is not installed
    """Asks twice a second, and takes gzip as locust's client does."""

    wait_time = constant_throughput(2)
    tasks = {asking(path): weight for weight, path in MIX}  # noqa: RUF012 - locust reads it from the class
