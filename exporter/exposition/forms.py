"""The two formats of `/metrics`."""

from __future__ import annotations

from enum import StrEnum


class Form(StrEnum):
    TEXT = "text"
    OPENMETRICS = "openmetrics"
