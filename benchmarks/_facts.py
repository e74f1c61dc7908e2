"""The machine and the versions that a result belongs to."""

import os
import platform
import time
from importlib.metadata import version
from pathlib import Path

from attrs import frozen


@frozen
class Cores:
    """Where the two processes run."""

    client: int
    server: int

    @property
    def are_shared(self) -> bool:
        """Whether there was only one, so that the server slows the client down."""
        return self.client == self.server


def choose_cores() -> Cores:
    """Choose one core for the client and another for the server, if there is one."""
    cores = sorted(os.sched_getaffinity(0))
    return Cores(client=cores[0], server=cores[-1])


def describe_machine(cores: Cores) -> str:
    """Return one line on what a result was measured with."""
    packages = ", ".join(
        f"{name} {version(name)}" for name in ("aiohttp", "belvo-python", "httpx", "belvo-async")
    )
    load = os.getloadavg()[0]
    shared = " (SHARED: the ratios are flattered)" if cores.are_shared else ""
    return (
        f"{platform.python_implementation()} {platform.python_version()}, {packages}; "
        f"{os.cpu_count()} cores: client on {cores.client}, server on {cores.server}{shared}; "
        f"load {load:.1f} at the start"
    )


@frozen
class Load:
    """What the cores of the machine have done, in seconds since it started, at a moment."""

    at: float
    busy: float
    cores: int

    def since(self, earlier: "Load") -> str:
        """Tell how busy it was, whoever it worked for."""
        seconds = self.at - earlier.at
        return f"{(self.busy - earlier.busy) / seconds:.2f} of {self.cores} cores busy for {seconds:,.0f} s"


def _read_ticks() -> list[int]:
    return [int(word) for word in Path("/proc/stat").read_text().partition("\n")[0].split()[1:]]


def read_load() -> Load:
    """Return what the cores have done so far."""
    user, nice, system, _, _, irq, softirq, steal, *_ = _read_ticks()
    ticks = user + nice + system + irq + softirq + steal
    return Load(time.monotonic(), ticks / os.sysconf("SC_CLK_TCK"), os.cpu_count() or 1)
