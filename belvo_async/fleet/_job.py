"""A job in the ledger of a pool's backend, and what one of its links needs."""

from attrs import frozen

from belvo_async import Client, check_client
from belvo_async._jobs.job_ledger import check_purpose
from belvo_async._jobs.link_steps import LinkSteps
from belvo_async._jobs.opening import check_name
from belvo_async.backends import JobKey, JobRow, Ledger, LinkRow
from belvo_async.errors import ConfigurationError, InvalidValueError


@frozen
class FleetJob:
    """A job of a name, for the keys of a pool."""

    pool: Client
    ledger: Ledger
    key: JobKey
    purpose: str | None = None
    """What it retrieves; None where it updates links."""

    @classmethod
    def find(cls, pool: Client, job: str) -> "FleetJob":
        """Return the job of a name, which need not have begun.

        Raises:
            ConfigurationError: The backend keeps no jobs.
            InvalidValueError: An argument is of a wrong kind.
        """
        check_client(pool)
        check_name(job)
        ledger = pool.backend.ledger
        if ledger is None:
            raise ConfigurationError(
                f"A {type(pool.backend).__name__} keeps no jobs.",
                remedy="Give the pool a backend that does: PostgreSQL, or an SQLite file on one machine.",
            )
        return cls(pool, ledger, JobKey(pool.identity.digest, job))

    async def check_begun(self) -> JobRow:
        """Return the job, and refuse the name of a job that was never begun: it may be mistyped.

        Raises:
            InvalidValueError: There is no such job.
        """
        job = await self.ledger.read_job(self.key)
        if job is None:
            raise InvalidValueError.of(
                "job",
                "names no job that was begun with these keys, in this environment and backend",
                remedy="Correct the name: belvo-async status lists the jobs. Admit links to begin one.",
            )
        return job

    async def begin(self, total: int | None = None) -> JobRow:
        """Begin a run of it.

        Raises:
            LedgerMismatchError: It was begun to do something else.
        """
        await self.check_purpose()  # before the run is counted
        begun = await self.ledger.begin(
            self.key,
            environment=self.pool.identity.environment,
            at=self.pool.clock.wall(),
            total=total,
            purpose=self.purpose,
        )
        check_purpose(begun, self.purpose)  # somebody else may have made it in this very moment
        return begun

    async def find_row(self, link_id: str) -> LinkRow:
        """Return the row of a link, which is admitted where it is new."""
        found = await self.ledger.read(self.key, [link_id])
        if link_id in found:
            return found[link_id]
        job = await self.ledger.read_job(self.key) or await self.begin()
        (row,) = await self.ledger.admit(self.key, job.runs, [(link_id, None)], at=self.pool.clock.wall())
        return row

    async def check_purpose(self) -> bool:
        """Refuse a job that does something else; return whether no login is to begin.

        Raises:
            LedgerMismatchError: It was begun to do something else.
        """
        job = await self.ledger.read_job(self.key)
        if job is None:
            return False
        check_purpose(job, self.purpose)
        return job.is_paused

    def write(self, row: LinkRow) -> LinkSteps:
        """Return what writes the steps of a link."""
        return LinkSteps(self.ledger, self.key, row, self.pool.clock)
