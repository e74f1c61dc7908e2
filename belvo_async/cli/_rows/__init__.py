"""Files of links: CSV and JSON lines, checked as a whole before anything is sent."""

from belvo_async.cli._rows._check import Checked, check_rows, list_problems
from belvo_async.cli._rows._fields import BadRow
from belvo_async.cli._rows._lines import StoppedError
from belvo_async.cli._rows._reader import RowCount, read_updates
from belvo_async.cli._rows._source import RowFormat, RowSource, StreamSource, open_rows

__all__ = [
    "BadRow",
    "Checked",
    "RowCount",
    "RowFormat",
    "RowSource",
    "StoppedError",
    "StreamSource",
    "check_rows",
    "list_problems",
    "open_rows",
    "read_updates",
]
