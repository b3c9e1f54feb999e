"""Structured logs: one JSON line an event, rotated; never a prompt, a key or personal data."""

import logging
import logging.handlers
from pathlib import Path

import structlog

_MAX_BYTES = 32 * 1024 * 1024
_KEPT = 10
_KEPT_FILES = 40


def _remove_oldest(folder: Path) -> None:
    """Keep the newest logs of earlier replicas: each start makes a new name."""
    found = sorted(folder.glob("gateway-*.log*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in found[_KEPT_FILES:]:
        path.unlink(missing_ok=True)


def configure(folder: Path, replica: str) -> None:
    """Send structlog's events of this process to `folder/gateway-REPLICA.log`."""
    _remove_oldest(folder)
    handler = logging.handlers.RotatingFileHandler(
        folder / f"gateway-{replica}.log", maxBytes=_MAX_BYTES, backupCount=_KEPT, encoding="utf-8"
    )
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("gateway")
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(logging.INFO)
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
