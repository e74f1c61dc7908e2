"""Tickets and the access log of whatever server the pages are mounted in."""

import logging
import re
from typing import Final, TypeVar

T = TypeVar("T")


class TicketFilter(logging.Filter):
    """Takes the tickets out of what a server notes of its requests.

    `logging.getLogger("uvicorn.access").addFilter(TicketFilter("/challenges"))`, and in the same way for
    `aiohttp.access`, `hypercorn.access` or `gunicorn.access`. A proxy before it has a log of its own.

    Args:
        mount: Where the page is mounted.
    """

    def __init__(self, mount: str) -> None:
        super().__init__()
        self._below: Final = re.compile(rf"({re.escape(mount.rstrip('/'))}/)(?!static/)[^\s?\"'#]+")

    def filter(self, record: logging.LogRecord) -> bool:
        """Change a record, and let it pass."""
        if record.args and not isinstance(record.args, tuple):
            record.msg, record.args = record.getMessage(), ()
        record.msg = self._hide(record.msg)
        record.args = tuple(self._hide(value) for value in record.args or ())
        noted = vars(record)
        if "first_request_line" in noted:  # aiohttp's, for those who log as JSON
            noted["first_request_line"] = self._hide(noted["first_request_line"])
        return True

    def _hide(self, value: T) -> T | str:
        return self._below.sub(r"\1…", value) if isinstance(value, str) else value
