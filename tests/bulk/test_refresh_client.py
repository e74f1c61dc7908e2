"""A job runs for any client of a pool."""

import pytest

from belvo_async import Credentials, LinkUpdate, SessionPool, bulk
from belvo_async.errors import ConfigurationError
from belvo_async.sandbox import Sandbox


async def test_a_job_takes_a_client_of_a_pool(sandbox: Sandbox) -> None:
    link_id = sandbox.add_link()
    keys = Credentials(sandbox.secret_id, sandbox.secret_password)
    async with (
        SessionPool(Credentials("other", "keys"), environment=sandbox.url) as pool,
        bulk.refresh(pool.client(keys), [LinkUpdate(link_id, password="new")]) as run,
    ):
        report = await run.finish()
    assert report.updated == 1


async def test_what_is_no_client_is_refused_before_anything_is_sent(sandbox: Sandbox) -> None:
    link_id = sandbox.add_link()
    with pytest.raises(ConfigurationError, match=r"Pass the pool, or a client of it\."):
        bulk.refresh("pool", [LinkUpdate(link_id, password="new")])  # type: ignore[arg-type] # on purpose
    assert sandbox.log == []
