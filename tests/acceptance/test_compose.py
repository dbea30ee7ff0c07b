"""docker-compose.yml: accepted by docker-compose, and what it names runs.

The workers, beat and Flower run the Procfile's commands (tests/house/test_deployment.py says so),
and test_procfile.py runs those with their health checks. Here is the rest.
"""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]  # its types are a package of their own

from tests.acceptance.patience import until
from tests.acceptance.procfile_fleet import BIN, health
from tests.house.checkout import ROOT
from tests.house.deployed import STORES, compose
from tests.servers.postgres import PROGRAMS, WHEEL, Postgres

REQUIRED = {
    "TRIAGE_SECRET_KEY": "sixteen-characters-or-more",
    "POSTGRES_PASSWORD": "made-up",
    "TRIAGE_FLOWER_PASSWORD": "eight-or-more",
}
PROGRAM = shutil.which("docker-compose")

needs_compose = pytest.mark.skipif(
    PROGRAM is None, reason="needs docker-compose; .ci/run installs it"
)


def _ask(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """docker-compose in a folder that has our file and these variables in its .env."""
    assert PROGRAM
    shutil.copy(ROOT / "docker-compose.yml", folder)
    lines = [f"{name}={value}\n" for name, value in variables.items()]
    (folder / ".env").write_text("".join(lines))
    return subprocess.run(
        [PROGRAM, *words],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@needs_compose
def test_it_is_accepted(tmp_path: Path) -> None:
    done = _ask(tmp_path, "config", **REQUIRED)
    assert done.returncode == 0, done.stderr
    assert "WARN" not in done.stderr
    services = yaml.safe_load(done.stdout)["services"]
    assert services.keys() == compose({}).keys()


@needs_compose
def test_it_is_read_here_as_docker_compose_reads_it(tmp_path: Path) -> None:
    """What the other tests run is what docker-compose would run."""
    done = _ask(tmp_path, "config", **REQUIRED)
    theirs = yaml.safe_load(done.stdout)["services"]
    for name, service in compose(REQUIRED).items():
        assert dict(service.environment) == theirs[name].get("environment", {}), name
        command = theirs[name].get("command", [])
        words = command.split() if isinstance(command, str) else command
        assert tuple(words) == service.command, name
        assert ("healthcheck" in theirs[name]) == bool(service.health), name


@needs_compose
@pytest.mark.parametrize("name", REQUIRED)
def test_without_a_secret_it_is_refused_by_name(tmp_path: Path, name: str) -> None:
    done = _ask(tmp_path, "config", **(REQUIRED | {name: ""}))
    assert done.returncode != 0
    assert f"set {name} in .env" in done.stderr


@needs_compose
def test_directories_of_ours_take_the_place_of_the_empty_ones(tmp_path: Path) -> None:
    done = _ask(tmp_path, "config", **REQUIRED, TRIAGE_CONFIG="./overlay", TRIAGE_INBOX="./in")
    upkeep = yaml.safe_load(done.stdout)["services"]["upkeep"]
    volumes = str(upkeep["volumes"])  # a text each, or in later versions a table
    assert f"{tmp_path}/overlay" in volumes
    assert f"{tmp_path}/in" in volumes


@contextmanager
def _running(
    command: tuple[str, ...], environment: Mapping[str, str], log: Path, cwd: Path = ROOT
) -> Iterator[None]:
    """The command, for as long as the block takes; then it must end when it is asked to."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, cwd=cwd, stdout=output, stderr=output)
    try:
        yield
        assert process.poll() is None, log.read_text()
        process.terminate()
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()


def _path() -> dict[str, str]:
    return {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}


def _is_well(check: tuple[str, ...], environment: Mapping[str, str]) -> bool:
    done = subprocess.run(check, env=environment, capture_output=True, check=False)
    return done.returncode == 0


def test_its_redis_runs_and_is_watched(tmp_path: Path) -> None:
    """On a socket in place of its own port, which may be taken here."""
    redis = compose({})["redis"]
    place = ("--port", "0", "--unixsocket", "redis.sock")
    *shell, script = redis.health
    check = (*shell, script.replace("redis-cli", f"redis-cli -s {tmp_path}/redis.sock"))
    environment = _path()
    assert not _is_well(check, environment)
    with _running((*redis.command, *place), environment, tmp_path / "redis.log", tmp_path):
        until(lambda: _is_well(check, environment))
        assert (tmp_path / "appendonlydir").exists() or (tmp_path / "appendonly.aof").exists()


def test_its_postgres_is_watched(postgres: Postgres) -> None:
    """The check is given the test server's socket in place of the container's own address."""
    check = compose({})["postgres"].health
    folder = postgres.url().partition("host=")[2]
    here = tuple(folder if word == "127.0.0.1" else word for word in check)
    wheel = find_spec(WHEEL)
    assert wheel
    assert wheel.origin
    programs = Path(wheel.origin).parents[1] / PROGRAMS / "bin"
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    assert _is_well(here, environment)
    assert not _is_well((*here, "-p", "1"), environment)


def test_its_migration_runs_once_and_again(postgres: Postgres, tmp_path: Path) -> None:
    environment = _path() | {
        "TRIAGE_HOME": str(tmp_path),
        "TRIAGE_SECRET_KEY": REQUIRED["TRIAGE_SECRET_KEY"],
        "TRIAGE_LEDGER_URL": postgres.url(postgres.create()),
    }
    command = compose({})["migrate"].command
    for _ in range(2):
        subprocess.run(command, env=environment, check=True, capture_output=True)


def test_its_flower_answers(postgres: Postgres, tmp_path: Path) -> None:
    """On this machine alone, where the container's answers whoever reaches the container."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "settings.toml").write_text(f"[pages]\nport = {port}\n")
    environment = _path() | {
        "TRIAGE_HOME": str(tmp_path / "home"),
        "TRIAGE_CONFIG": str(tmp_path),
        "TRIAGE_BROKER_URL": "redis://127.0.0.1:1/0",
        "TRIAGE_LEDGER_URL": postgres.url(),
        "TRIAGE_FLOWER_PASSWORD": REQUIRED["TRIAGE_FLOWER_PASSWORD"],
    }
    command = compose({})["flower"].command
    here = tuple(word.replace("0.0.0.0", "127.0.0.1") for word in command)  # noqa: S104 - it is taken away
    log = tmp_path / "flower.log"
    with _running(here, environment, log):
        until(lambda: f":{port}" in log.read_text(), 30)
        until(lambda: health(environment, {"flower"}) == {"flower": 0}, 30)


def test_every_command_and_health_check_is_run_by_a_test() -> None:
    """Whoever adds a service adds the test that runs it."""
    run_here = STORES | {"migrate", "flower"}
    run_from_the_procfile = {
        "worker-economy",
        "worker-standard",
        "worker-premium",
        "upkeep",
        "beat",
    }
    assert compose({}).keys() == run_here | run_from_the_procfile
