"""Help for the tests of programs that use this package.

`ManualClock` is time in a test's hand. `ScriptedTransport` and `BelvoMock` answer a pool's requests without a
network, as its `transport`; `mocked_belvo` does so for a pool that the test does not make.
For a server that behaves like Belvo, take `belvo_async.sandbox`. With pytest they come as fixtures: see
`belvo_async.testing.plugin`. `pip install "belvo-async[testing]"` installs aioresponses, pytest and
pytest-asyncio; the clock and the transports need none of them.
"""

from belvo_async._version import publish as _publish
from belvo_async.testing._bodies import LinkFields, challenge_body, error_body, link_body
from belvo_async.testing._clock import ManualClock
from belvo_async.testing._mock import BelvoMock, mocked_belvo
from belvo_async.testing._scripted_transport import ScriptedTransport, SentRequest

__all__ = [
    "BelvoMock",
    "LinkFields",
    "ManualClock",
    "ScriptedTransport",
    "SentRequest",
    "challenge_body",
    "error_body",
    "link_body",
    "mocked_belvo",
]

_publish(globals())
