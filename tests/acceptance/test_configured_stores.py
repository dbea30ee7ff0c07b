"""A Redis and a PostgreSQL that somebody else runs: the same inbox comes to the same result."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from tasks.run import State
from tests.acceptance.fleet import SAMPLES, FirstRun, Place, Said, a_place, a_port, lend
from tests.acceptance.patience import until
from tests.servers.postgres import Postgres
from worker.broker import server
from worker.processes.leash import leashed

PASSWORD = "made-up"
pytestmark = pytest.mark.timeout(180)


@contextmanager
def a_redis(folder: Path) -> Iterator[Redis]:
    """A Redis as an administrator runs it: on TCP, with a password."""
    port = a_port()
    options = {
        "port": str(port),
        "requirepass": PASSWORD,
        "save": "",
        "maxmemory-policy": "noeviction",
        "dir": str(folder),
    }
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    command = (str(server.find_server().path), *words)
    with (folder / "redis.log").open("wb") as log:
        process = subprocess.Popen(leashed(command), stdout=log, stderr=log)
    client = Redis(port=port, password=PASSWORD)
    try:
        until(lambda: _answers(client))
        yield client
    finally:
        client.close()
        process.terminate()
        process.wait(10)


def _answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False


@dataclass(frozen=True, kw_only=True, slots=True)
class Elsewhere:
    """`triage migrate` and `triage run` on stores of somebody else."""

    place: Place
    unmigrated: Said  # `triage run` before the schema was there
    migrated: list[Said]  # and once more
    said: Said
    left_on_redis: list[str]


@pytest.fixture(scope="module")
def elsewhere(
    tmp_path_factory: pytest.TempPathFactory, taught: Path, postgres: Postgres
) -> Iterator[Elsewhere]:
    folder = tmp_path_factory.mktemp("elsewhere")
    with a_redis(folder) as redis:
        port = redis.connection_pool.connection_kwargs["port"]
        place = a_place(
            folder,
            {
                "TRIAGE_BROKER_URL": f"redis://:{PASSWORD}@127.0.0.1:{port}/0",
                "TRIAGE_LEDGER_URL": postgres.url(postgres.create()),
            },
            facts=SAMPLES,
        )
        lend(taught, place)
        try:
            yield Elsewhere(
                place=place,
                unmigrated=place.triage("run", code=4),
                migrated=[place.triage("migrate") for _ in range(2)],
                said=place.start("run", "--json").ended(150),
                left_on_redis=sorted(key.decode() for key in redis.scan_iter()),
            )
        finally:
            place.clear()


def test_a_schema_that_is_not_there_is_refused_with_the_remedy(elsewhere: Elsewhere) -> None:
    assert "run `triage migrate`" in elsewhere.unmigrated.err


def test_migrating_twice_is_migrating_once(elsewhere: Elsewhere) -> None:
    first, second = (said.out for said in elsewhere.migrated)
    assert first.startswith("schema empty -> ")
    assert second.strip() == f"schema {first.split()[-1]}"


def test_the_same_run_gives_the_same_result(elsewhere: Elsewhere, first_run: FirstRun) -> None:
    assert elsewhere.said.code == 0, elsewhere.said.err
    theirs, ours = (_results(place) for place in (elsewhere.place, first_run.place))
    assert len(ours) == 300
    assert theirs == ours


def _results(place: Place) -> dict[str, tuple[object, ...]]:
    return {
        run.external_id: (run.state, run.reason, run.tier, run.issue_type, run.priority, run.queue)
        for run in place.runs()
    }


def test_the_same_run_says_the_same(elsewhere: Elsewhere, first_run: FirstRun) -> None:
    theirs, ours = elsewhere.said.json(), first_run.said.json()
    assert set(theirs) == set(ours)
    own = {"seconds", "tickets_per_second", "broker", "missing", "surplus"}
    assert {k: v for k, v in theirs.items() if k not in own} == {
        k: v for k, v in ours.items() if k not in own
    }


def test_the_helpdesk_holds_the_same(elsewhere: Elsewhere, first_run: FirstRun) -> None:
    for run in first_run.place.runs(states=(State.WRITTEN,)):
        theirs, ours = (
            place.shop.sandbox.show(run.external_id) for place in (elsewhere.place, first_run.place)
        )
        assert theirs
        assert ours
        assert theirs.fields == ours.fields
        assert [note.body for note in theirs.notes] == [note.body for note in ours.notes]


def test_nothing_was_started_or_kept_beside_them(elsewhere: Elsewhere) -> None:
    """No Redis of our own, no ledger in the home; and no process is left."""
    home = elsewhere.place.home
    assert not (home / "ledger.db").exists()
    assert not (home / "logs" / "redis.log").exists()
    assert elsewhere.place.is_deserted()


def test_the_report_shows_the_configured_broker(elsewhere: Elsewhere) -> None:
    """It goes on when the fleet has ended: no message waits, and dead letters are there to see."""
    report = elsewhere.said.json()
    waiting = {queue: depth for queue, depth in report["broker"].items() if queue != "dead_letter"}
    assert set(waiting.values()) == {0}
    assert report["broker"]["dead_letter"] == report["dead"] == 10
    assert (report["missing"], report["surplus"]) == (0, 0)
    assert "dead_letter" in elsewhere.left_on_redis


def test_no_secret_stands_in_a_log(elsewhere: Elsewhere) -> None:
    logs = [*(elsewhere.place.home / "logs").iterdir(), *elsewhere.place.folder.glob("command-*")]
    assert [log.name for log in logs if PASSWORD in log.read_text()] == []
