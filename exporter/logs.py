"""Log lines on standard error: a constant message and fields, as logfmt or JSON, in the words Prometheus uses."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final, TextIO

import structlog

LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}


def configure(level: str, form: str, stream: TextIO | None = None) -> None:
    """Lines of structlog and of the standard library's loggers take the same way."""
    renderer = structlog.processors.JSONRenderer() if form == "json" else _logfmt()
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.format_exc_info,
    ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _in_order, renderer],
        )
    )
    logging.basicConfig(level=LEVELS[level], handlers=[handler], force=True)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _logfmt() -> structlog.processors.LogfmtRenderer:
    return structlog.processors.LogfmtRenderer(bool_as_flag=False)


def _in_order(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Time, level and message first; the level as Prometheus writes it."""
    level = str(event.pop("level", "info")).replace("warning", "warn")
    first = {"time": event.pop("time", None), "level": level, "msg": event.pop("event", "")}
    return {**first, **event}
