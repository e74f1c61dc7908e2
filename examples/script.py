"""A script: new passwords for a few links, with a person at the terminal for the challenges.

    pip install belvo-async
    export BELVO_SECRET_ID=… BELVO_SECRET_PASSWORD=… BELVO_ENVIRONMENT=sandbox
    python examples/script.py LINK_ID LINK_ID …

The logins run at once; the questions come one after the other.
"""

import asyncio
import getpass
import sys

from belvo_async import BelvoError, Challenge, LinkUpdate, SessionPool

terminal = asyncio.Lock()


async def ask(challenge: Challenge) -> str | None:
    """Ask for a token; an empty line declines."""
    async with terminal:
        print(f"\nLink {challenge.link_id}: {challenge.instructions} {challenge.value or ''}")
        if not challenge.expects_user_input:
            await asyncio.to_thread(input, "Confirm there, then press Enter: ")
            return None
        return await asyncio.to_thread(input, "Token: ") or None


async def update(pool: SessionPool, link_id: str, password: str) -> str:
    """Update one link; return what became of it."""
    try:
        link = await pool.links.update(LinkUpdate(link_id, password=password), provide_token=ask)
    except BelvoError as error:
        return f"{link_id}: {error}"
    return f"{link_id}: {link.status}"


async def main(passwords: dict[str, str]) -> None:
    """Update all links at once."""
    async with SessionPool() as pool:
        for result in asyncio.as_completed([update(pool, *item) for item in passwords.items()]):
            print(await result)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit(__doc__)
    # Asked before the loop runs, so that Ctrl-C stops it at once.
    asyncio.run(main({link_id: getpass.getpass(f"New password of {link_id}: ") for link_id in sys.argv[1:]}))
