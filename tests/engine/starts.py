"""Starts of a rate limiter, as a request takes them."""

from belvo_async._engine.priority import Priority
from belvo_async._engine.rate_limit_queue import Turn
from belvo_async._engine.rate_limiter import RateLimiter


async def start(limiter: RateLimiter, priority: Priority = Priority.CALL) -> Turn:
    """Wait until a request may connect, and, its connection standing at once, until it may leave."""
    turn = await limiter.admit(priority)
    try:
        await limiter.take(turn)
    except BaseException:
        limiter.give_up(turn)
        raise
    return turn
