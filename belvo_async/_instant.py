"""A moment in time, as a value."""

from datetime import datetime

from attrs import frozen


@frozen
class Instant:
    """One moment by both clocks: seconds of the monotonic one, and the wall clock's time in UTC."""

    monotonic: float
    wall: datetime
