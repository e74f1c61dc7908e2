"""Which run of a job is the one that goes on with it, of all processes."""

from typing import Final

from attrs import define

from belvo_async.backends._coordinator import Moment, RecordKind
from belvo_async.backends._ledger import JobKey
from belvo_async.backends._record_text import RecordText

_KEPT: Final = 3600.0


@define
class JobLock:
    """The lock of one job. Times are by the coordinator's clock.

    It keeps a second run from beginning by mistake. What keeps two runs that know nothing of each other from
    logging in twice are the leases on links, and the versions of the ledger's rows.
    """

    holder: str = ""
    until: float = 0.0

    def hold(self, moment: Moment, holder: str, seconds: float) -> float:
        """Hold it for some seconds, or go on to do so; return for how long somebody else holds it, else 0."""
        if self.holder not in ("", holder) and self.until > moment.now:
            return self.until - moment.now
        self.holder, self.until = holder, moment.now + seconds
        return 0.0

    def release(self, holder: str) -> None:
        """Let the next run begin."""
        if self.holder == holder:
            self.holder = ""

    def is_held(self, moment: Moment) -> bool:
        """Return whether a run goes on."""
        return bool(self.holder) and self.until > moment.now


def write_key(job: JobKey) -> str:
    """Return under which key a coordinator keeps the lock of a job."""
    return f"{job.owner} {job.name}"


_TEXT: Final = RecordText(JobLock, "job lock", version=1)
JOB_LOCK: Final = RecordKind(name="job", create=JobLock, dump=_TEXT.dump, load=_TEXT.load, lasts=_KEPT)
