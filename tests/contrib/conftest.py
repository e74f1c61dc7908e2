"""A sandbox on a real socket, as the tests of the engine have it."""

from tests.engine.conftest import clock, sandbox

__all__ = ["clock", "sandbox"]
