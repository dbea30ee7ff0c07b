"""Procfile, docker-compose.yml, Dockerfile and .env.example name only what there is, and agree."""

import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from config.environment import Environment
from config.load import load
from tests.house.checkout import ROOT
from tests.house.deployed import (
    STORES,
    Service,
    compose,
    copied,
    example,
    filled,
    procfile,
    variables,
)
from worker.broker.names import CONSUMED

DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = (ROOT / "docker-compose.yml").read_text()
PROCFILE = (ROOT / "Procfile").read_text()
HERE = {"TRIAGE_HOME": "/var/lib/triage", "PORT": "PORT"}
EVERYWHERE = "--address=0.0.0.0"
ONE_SHOT = "migrate"

CONFIG = load(Environment.read({}))
SERVICES = compose({})
OURS = {name: service for name, service in SERVICES.items() if name not in STORES}
LASTING = {name: service for name, service in SERVICES.items() if name != ONE_SHOT}
PROCESSES = procfile(HERE)
COMMANDS = [*PROCESSES.values(), *(service.command for service in OURS.values())]


def _after(flag: str, command: tuple[str, ...]) -> str | None:
    return command[command.index(flag) + 1] if flag in command else None


def _credentials() -> set[str]:
    folder = ROOT / "config" / "defaults"
    raw = "\n".join(
        (folder / name).read_text() for name in ("tiers.toml", "helpdesk.toml", "alerts.toml")
    )
    return set(re.findall(r'^(?:user_)?credential = "(\w+)"', raw, flags=re.MULTILINE))


def _read() -> set[str]:
    """Every variable that the product reads."""
    source = (ROOT / "config" / "environment.py").read_text()
    return set(re.findall(r'value\.get\(\s*"(\w+)"', source)) | _credentials()


def _handed(services: dict[str, Service]) -> set[str]:
    return {name for service in services.values() for name in service.environment}


def test_procfile_and_compose_run_the_same_commands() -> None:
    ours = {
        name: [word for word in service.command if word != EVERYWHERE]
        for name, service in OURS.items()
        if name != ONE_SHOT
    }
    theirs = {
        name: [word.replace("-PORT@", "@") for word in command if word != "exec"]
        for name, command in PROCESSES.items()
    }
    assert ours == theirs


def test_a_signal_reaches_the_process_and_not_a_shell_before_it() -> None:
    assert [name for name, command in PROCESSES.items() if command[0] != "exec"] == []
    assert [name for name, service in OURS.items() if service.said.get("init") is not True] == []
    assert "STOPSIGNAL SIGTERM" in DOCKERFILE


def test_each_queue_that_is_consumed_has_one_worker_of_its_own() -> None:
    for commands in (PROCESSES.values(), [service.command for service in OURS.values()]):
        queues = [queue for command in commands if (queue := _after("-Q", command))]
        assert sorted(queues) == sorted(CONSUMED)
        names = [name for command in commands if (name := _after("-n", command))]
        assert len(set(names)) == len(CONSUMED)


def test_the_workers_are_as_large_as_settings_say() -> None:
    assert _after("-c", PROCESSES["worker-economy"]) == str(CONFIG.settings.worker.concurrency)


def test_modules_and_files_that_are_named_exist() -> None:
    health = [service.health for service in OURS.values() if service.health]
    named = [
        module
        for command in (*COMMANDS, *health)
        for flag in ("-A", "-m")
        if (module := _after(flag, command))
    ]
    assert {"worker.app", "worker.health"} == set(named)
    assert all(find_spec(module) for module in named)
    files = [word.removeprefix("--conf=") for command in COMMANDS for word in command]
    assert [name for name in files if name.endswith(".py") and not (ROOT / name).is_file()] == []


def test_commands_that_are_named_are_installed() -> None:
    programs = {next(word for word in command if word != "exec") for command in COMMANDS}
    programs |= {service.health[0] for service in OURS.values() if service.health}
    assert programs == {"celery", "triage", "python"}
    folder = str(Path(sys.executable).parent)
    assert [name for name in programs if not shutil.which(name, path=folder)] == []


def test_the_image_copies_what_exists_and_what_is_needed_at_run_time() -> None:
    sources = copied()
    assert [name for name in sources if not (ROOT / name).exists()] == []
    assert [name for name, target in sources.items() if target not in {name, "./"}] == []
    settings = CONFIG.settings.sources
    needed = [settings.sample.removeprefix("file:"), settings.facts, settings.training]
    needed += [
        "pyproject.toml",
        "requirements.in",
        "requirements.lock",
        "config",
        "tasks",
        "worker",
    ]
    for name in needed:
        assert any(name == source or name.startswith(f"{source}/") for source in sources), name


def test_the_build_is_given_what_the_image_copies_and_nothing_else() -> None:
    first, *lines = [
        line
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if not line.startswith("#")
    ]
    assert first == "*"
    let_in = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert let_in == set(copied())


def test_the_image_installs_what_is_locked_and_runs_as_nobody_in_particular() -> None:
    assert "--require-hashes" in DOCKERFILE
    [user] = re.findall(r"^USER (\d+):\d+$", DOCKERFILE, flags=re.MULTILINE)
    assert int(user) > 1_000
    assert not re.search(r"^(ENV|ARG)[^\n]*(KEY|PASSWORD|SECRET|TOKEN)", DOCKERFILE, re.MULTILINE)


def test_the_image_says_what_it_can_do() -> None:
    [command] = re.findall(r'^CMD \["triage", "(.+)"\]$', DOCKERFILE, flags=re.MULTILINE)
    program = Path(sys.executable).with_name("triage")
    done = subprocess.run([program, command], capture_output=True, text=True, check=True)
    assert "commands" in done.stdout


def test_images_are_named_without_a_registry() -> None:
    [base] = re.findall(r"^FROM (\S+)$", DOCKERFILE, flags=re.MULTILINE)
    images = {base, *(service.image for service in SERVICES.values())}
    assert [image for image in images if not re.fullmatch(r"[a-z-]+(:[a-z0-9.-]+)?", image)] == []
    pins = {base, *(SERVICES[name].image for name in STORES)}
    assert [image for image in pins if not re.search(r":\d", image)] == []


def test_what_is_under_way_may_end_before_it_is_killed() -> None:
    drain = CONFIG.settings.worker.drain_seconds
    assert {n: s.grace_seconds for n, s in SERVICES.items() if s.grace_seconds <= drain} == {}


def test_what_lasts_is_watched_restarted_and_does_not_fill_the_disk_with_logs() -> None:
    for name, service in LASTING.items():
        assert service.health, name
        assert service.said["restart"] == "unless-stopped", name
    for name, service in SERVICES.items():
        logging = service.said["logging"]
        assert isinstance(logging, dict), name
        assert logging["options"].keys() >= {"max-size", "max-file"}, name


def test_nothing_of_ours_starts_before_the_schema_is_there() -> None:
    for name, service in OURS.items():
        awaited = service.said["depends_on"]
        assert isinstance(awaited, dict)
        conditions = {other: on["condition"] for other, on in awaited.items()}
        assert conditions["postgres"] == "service_healthy", name
        if name != ONE_SHOT:
            assert conditions[ONE_SHOT] == "service_completed_successfully", name
            assert conditions["redis"] == "service_healthy", name


def test_flower_alone_is_reached_from_outside_and_from_this_machine_only() -> None:
    published = {n: s.said["ports"] for n, s in SERVICES.items() if "ports" in s.said}
    assert published == {"flower": [f"127.0.0.1:5555:{CONFIG.settings.pages.port}"]}
    for store in STORES:
        assert SERVICES[store].said["networks"] == ["stores"]


@pytest.mark.parametrize(
    "name", ["POSTGRES_PASSWORD", "TRIAGE_SECRET_KEY", "TRIAGE_FLOWER_PASSWORD"]
)
def test_what_is_required_is_said_to_be(name: str) -> None:
    places = re.findall(rf"\$\{{{name}(:?[-?]?)([^}}]*)\}}", COMPOSE)
    assert places
    assert [place for place in places if place[0] != ":?" or name not in place[1]] == []


def test_every_variable_that_is_read_is_explained() -> None:
    explained = example()
    assert _read() - explained.keys() == set()
    interface = (ROOT / "docs" / "interface.md").read_text()
    assert [name for name in sorted(_read()) if f"`{name}`" not in interface] == []
    assert [name for name, why in explained.items() if not why] == []


def test_every_variable_that_is_explained_is_read() -> None:
    places = variables(COMPOSE) | variables(PROCFILE)
    assert places - example().keys() == {"PORT"}  # which honcho and foreman set
    assert example().keys() - places - _read() == set()


def test_every_variable_that_is_read_is_handed_to_whoever_reads_it() -> None:
    assert _read() - _handed(OURS) == set()
    workers = {name: service for name, service in OURS.items() if "-Q" in service.command}
    others = {"TRIAGE_SOURCE", "TRIAGE_FLOWER_PASSWORD"}
    for name, worker in workers.items():
        assert _read() - worker.environment.keys() == others, name
    for reads_no_text in ("beat", "flower"):
        assert "TRIAGE_SECRET_KEY" not in OURS[reads_no_text].environment


def test_a_copy_of_the_example_sets_nothing_but_what_is_required() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    assigned = [line for line in lines if re.match(r"[A-Z]", line)]
    assert assigned == ["TRIAGE_SECRET_KEY=", "POSTGRES_PASSWORD=", "TRIAGE_FLOWER_PASSWORD="]


def test_the_defaults_are_filled_in_as_the_tools_do() -> None:
    assert filled("${A:-1} ${B:-2} ${C:?no} $D", {"B": "3", "D": "4"}) == "1 3  4"
