"""What the record of a window is kept under."""

from attrs import frozen


@frozen
class WindowKey:
    """Which window a record is."""

    counted: str
    """What counts: `requests`, or `deletes`, which have a limit of their own."""
    server: str
    """The server's address."""
    egress: str
    """The name of the address that requests leave from."""

    def __str__(self) -> str:
        """Return the key of the record."""
        return f"{self.counted} {self.server} {self.egress}"

    @classmethod
    def read(cls, text: str) -> "WindowKey | None":
        """Read what `str` wrote; return None where it is something else."""
        counted, _, rest = text.partition(" ")
        server, _, egress = rest.partition(" ")
        return cls(counted, server, egress) if counted and server and egress else None
