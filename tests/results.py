"""What a call has returned, as the kind that a test expects."""

from belvo_async import Link


def link_of(resumed: object) -> Link:
    assert isinstance(resumed, Link)
    return resumed
