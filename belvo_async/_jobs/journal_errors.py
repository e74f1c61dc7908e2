"""What the file of a journal is called, and the errors that say what is wrong with it."""

from typing import Final

from belvo_async._sqlite.file_errors import FileErrors
from belvo_async.errors import JournalBusyError, JournalUnreadableError, JournalWriteError

JOURNAL_ERRORS: Final = FileErrors(
    name="journal",
    failed=JournalWriteError,
    unreadable=JournalUnreadableError,
    busy=JournalBusyError,
    advice="Then run the job again: it goes on where it stopped.",
)
