"""`retrieve`: the data of many links, one job."""

import os
from collections.abc import Collection
from typing import TypeVar, Unpack, cast
from uuid import UUID

from belvo_async import Client, TokenProvider
from belvo_async._jobs.opening import find_ledger
from belvo_async._jobs.options import JobLimits, JobOptions
from belvo_async._jobs.outcomes import RetrievalOutcome
from belvo_async._jobs.output import RowWriter, read_output
from belvo_async._jobs.retrieval_call import RetrievalCall, RetrieveOptions
from belvo_async._jobs.retrieve_task import RetrieveTask
from belvo_async._jobs.source import LinkItems, Source, check_items
from belvo_async._jobs.stop_rule import StopRule
from belvo_async.bulk._run import JobRun
from belvo_async.errors import ConfigurationError
from belvo_async.models import DataModel
from belvo_async.resources import RetrievableData

M = TypeVar("M", bound=DataModel)


def retrieve(  # noqa: PLR0913 - settings, all with defaults, by keyword only
    resource: RetrievableData[M],
    links: LinkItems,
    *,
    output: str | os.PathLike[str] | RowWriter | None = None,
    provide_token: TokenProvider | None = None,
    job: str | None = None,
    journal: str | os.PathLike[str] | None = None,
    limits: JobLimits | None = None,
    stop: StopRule | None = None,
    retry: Collection[str] = (),
    resend: Collection[str | UUID] = (),
    dry_run: bool = False,
    **options: Unpack[RetrieveOptions],
) -> JobRun[RetrievalOutcome[M]]:
    """Retrieve the data of many links: as fast as Belvo's limits allow, and with one login for each.

    It is the same job as `refresh`, with other results; what is said there of kills, challenges and limits
    holds here. A login whose response is lost is not repeated, and no data are read in its place: the link is
    `Unsettled`, and the error says where the data are. So it is where a challenge is answered outside the
    job, on a page or by `pool.challenges.resume`: the rows go to whoever answers.

    Args:
        resource: What is retrieved, such as `pool.transactions`; the pool does the logins.
        links: Links and their ids, from any iterable or async iterable.
        output: Where the rows are kept, each link's before the ledger says that it is done. The path of a
            file gets JSON lines, one row on each, which begins with its `link`; it is made with mode 0600,
            and a job that goes on cuts off what a kill has left behind its last link. Or a function that
            takes a link's id and its rows. Required with *job* or *journal*: data never enter these.
        provide_token: Asked for a token when an institution wants one. Without it, challenges are left open.
        job: The job's name in the pool's backend.
        journal: In place of *job*, a file of the job's own where the state of each link is kept.
        limits: How much the job does at once, and for how long.
        stop: When so many links fail that the job stops.
        retry: What to try again of an earlier run: `refused` (where nothing has to be done first),
            `unsettled` (once its login must have ended; it is another login), `parked`.
        resend: Ids of refused links that are tried once more although somebody had to act first: because
            that was done.
        dry_run: Read the source and what earlier runs have done, and report what would be done. Nothing is
            sent, and nothing is written.
        **options: What `retrieve` of the resource can be told; those of one link or one call excepted.

    Raises:
        ConfigurationError: A setting makes no sense, or the backend keeps no jobs.
        InvalidValueError: An argument or an option is wrong; nothing was sent.

    Example:
        >>> import asyncio
        >>> from belvo_async import Credentials, SessionPool, bulk
        >>> from belvo_async.sandbox import Sandbox
        >>> async def main() -> None:
        ...     async with Sandbox() as belvo:
        ...         ids = [belvo.add_link(institution="erebor_mx_retail") for _ in range(20)]
        ...         keys = Credentials(belvo.secret_id, belvo.secret_password)
        ...         async with SessionPool(keys, environment=belvo.url) as pool:
        ...             async with bulk.retrieve(pool.accounts, ids) as run:
        ...                 async for outcome in run:
        ...                     match outcome:
        ...                         case bulk.Retrieved(link_id=link_id, rows=rows):
        ...                             assert all(account.link == link_id for account in rows)
        ...             print(run.report.retrieved)
        >>> asyncio.run(main())
        20
    """
    retrieval = RetrievalCall(resource, options)
    client = cast("Client", retrieval.client)
    check_items(links, "links", "links or their ids")
    kept = None if output is None else read_output(output)
    if kept is None and not dry_run and (job is not None or journal is not None):
        raise ConfigurationError(
            "A job that can be run again needs an output: the ledger keeps no data.",
            remedy="Pass output= with the path of a file, or a function; or leave job= and journal= out.",
        )
    job_options = JobOptions(
        limits=JobLimits() if limits is None else limits,
        default_concurrency=client.concurrency,
        provide_token=provide_token,
        stop=stop,
        retry=retry,
        resend=resend,
        dry_run=dry_run,
    )
    task = RetrieveTask(client, retrieval, kept)
    ledger = find_ledger(client, job=job, journal=journal, dry_run=dry_run, purpose=task.purpose)
    source = Source(links, has_credentials=True, takes_updates=False)
    return JobRun(client, source, ledger, job_options, task)
