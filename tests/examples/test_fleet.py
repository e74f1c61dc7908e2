"""The files of a fleet: what they name is there, and what the dashboard shows is what a fleet measures."""

import asyncio
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
from attrs import evolve

from belvo_async.backends import JobKey, JobRow, JobStatus, LinkCounts, LinkState
from belvo_async.cli._app import app
from belvo_async.telemetry import ExchangeEnded, PoolPaused, StepEnded, StepStarted
from tests.contrib.telemetry import Telemetry, open_telemetry
from tests.stores.postgres import PostgresServer

FLEET = Path(__file__).parents[2] / "examples" / "fleet"
COMPOSE: Any = import_module("yaml").safe_load((FLEET / "compose.yaml").read_text("utf-8"))
UNIT = FLEET / "belvo-fleet-worker@.service"
PROGRAMS = Path(sys.executable).parent
LINK_ID = "8e3a5a2e-6f0e-4d3b-9c58-1f4a6f2f9d01"
_METRIC = re.compile(r"\b((?:belvo|http)_\w+)\{([^}]*)\}")
_LABEL = re.compile(r'(\w+)(?:=|!=|=~|!~)"')
_GROUPED = re.compile(r"by \((\w+)\)")


def read_unit() -> dict[str, str]:
    """Return the settings of the unit; none of those that are looked at stands in two sections."""
    lines = UNIT.read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def list_commands() -> list[str]:
    """Return each command of ours that a file has."""
    commands = [service["command"] for service in COMPOSE["services"].values() if "command" in service]
    commands += [read_unit()["ExecStart"].removeprefix("/opt/belvo/bin/")]
    return sorted(set(re.findall(r"belvo-async [^&|\"\n]+", "\n".join(commands))))


@pytest.mark.parametrize("command", list_commands())
def test_the_commands_and_their_options_exist(command: str) -> None:
    here: Any = typer.main.get_command(app)
    words = shlex.split(command)[1:]
    while words and words[0] in getattr(here, "commands", {}):
        here = here.commands[words.pop(0)]
    assert not hasattr(here, "commands"), f"there is no command {words[0]}"
    known = {name for one in here.params for name in one.opts}
    assert {word for word in words if word.startswith("--")} <= known


def test_the_containers_get_what_the_settings_and_the_app_read() -> None:
    settings = (Path(__file__).parents[2] / "docs" / "reference" / "settings.md").read_text("utf-8")
    source = (FLEET / "fleet_app.py").read_text("utf-8")
    for name in COMPOSE["x-belvo"]["environment"]:
        assert f"`{name}`" in settings or f'os.environ["{name}"]' in source
        assert name in UNIT.read_text("utf-8")
    read = set(re.findall(r'os\.environ\["(\w+)"\]', source))
    assert read <= set(COMPOSE["x-belvo"]["environment"])


def test_three_workers_start_after_the_tables_and_end_their_logins() -> None:
    worker = COMPOSE["services"]["worker"]
    assert worker["deploy"] == {"replicas": 3}
    assert set(worker["depends_on"]) == {"tables"}
    assert int(worker["stop_grace_period"].removesuffix("s")) >= 330
    assert int(read_unit()["TimeoutStopSec"]) >= 330
    assert "COPY fleet_app.py" in (FLEET / "Dockerfile").read_text("utf-8")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is missing")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name.replace("@", "")
    unit.write_text(UNIT.read_text("utf-8").replace("/opt/belvo/bin/belvo-async", sys.executable), "utf-8")
    done = subprocess.run(  # noqa: S603 - of the system
        ["systemd-analyze", "verify", "--man=no", unit],  # noqa: S607 - likewise
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert [line for line in done.stderr.splitlines() if unit.name in line] == []


def test_the_app_is_short_and_reads_a_password_when_it_is_needed(tmp_path: Path) -> None:
    (tmp_path / LINK_ID).write_text("new-password\n", "utf-8")
    program = (
        "import fleet_app\n"
        f"found = fleet_app.read_vault('{LINK_ID}')\n"
        "print(fleet_app.tasks.__class__.__name__, found.link_id, len(found.password))\n"
    )
    done = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-W", "error", "-c", program],
        env={**os.environ, "BELVO_BACKEND": "postgresql://localhost/fleet", "BELVO_VAULT": str(tmp_path)},
        cwd=FLEET,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.split() == ["FleetTasks", LINK_ID, str(len("new-password"))], done.stderr
    assert len((FLEET / "fleet_app.py").read_text("utf-8").splitlines()) < 40


@pytest.mark.slow
async def test_the_tables_are_made_once(postgres: PostgresServer) -> None:
    command = shlex.split(COMPOSE["services"]["tables"]["command"])
    environment = {
        **os.environ,
        "PATH": f"{PROGRAMS}:{os.environ['PATH']}",
        "PYTHONPATH": f"{FLEET}:{FLEET.parents[1]}",
        "BELVO_BACKEND": postgres.make_database(),
        "BELVO_VAULT": "/vault",
    }
    for _ in range(2):
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        assert await process.wait() == 0


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    with open_telemetry() as telemetry:
        observe = telemetry.observe()
        step = StepEnded(job="november", link_id=LINK_ID, seconds=1.0, result="updated")
        for ended in (step, evolve(step, result=None, error="UnreachableError")):
            observe(StepStarted(job="november", link_id=LINK_ID))
            observe(ended)
        observe(
            ExchangeEnded(
                method="PUT",
                path="/api/links/",
                link_id=LINK_ID,
                status=200,
                seconds=1.0,
                waited=1.0,
                server="https://x",
            )
        )
        observe(PoolPaused(status=403, seconds=30.0))
        observe.record_jobs([build_status()])
        yield telemetry


def build_status() -> JobStatus:
    counts = LinkCounts(
        by_state={LinkState.UPDATED: 1},
        by_institution={},
        by_code={},
        next_expiry=None,
        held_back=0,
        ended=1,
    )
    job = JobRow(
        key=JobKey("0" * 32, "november"),
        environment="https://sandbox.belvo.com",
        runs=1,
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return JobStatus(job=job, is_running=True, counts=counts, finished_per_minute=1.0)


def list_series(telemetry: Telemetry) -> dict[str, set[str]]:
    """Return the names that Prometheus gives to what was measured, with the labels of each."""
    data = telemetry.reader.get_metrics_data()
    assert data is not None
    found: dict[str, set[str]] = {}
    for metric in json.loads(data.to_json())["resource_metrics"][0]["scope_metrics"][0]["metrics"]:
        name = metric["name"].replace(".", "_") + ("_seconds" if metric["unit"] == "s" else "")
        points = metric["data"]["data_points"]
        labels = {label.replace(".", "_") for point in points for label in point["attributes"]}
        if "bucket_counts" in points[0]:
            found |= {f"{name}_{end}": labels for end in ("count", "sum")}
            found[f"{name}_bucket"] = labels | {"le"}
        else:
            found[f"{name}_total" if metric["data"].get("is_monotonic") else name] = labels
    return found


def test_the_dashboard_asks_for_what_a_fleet_measures(telemetry: Telemetry) -> None:
    dashboard = json.loads((FLEET / "dashboard.json").read_text("utf-8"))
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked += [one["query"] for one in dashboard["templating"]["list"] if one["type"] == "query"]
    series = list_series(telemetry)
    for query in asked:
        found = _METRIC.findall(query)
        assert found, query
        for name, selector in found:
            assert name in series, query
            wanted = {*_LABEL.findall(selector), *_GROUPED.findall(query)}
            assert wanted <= series[name], query
