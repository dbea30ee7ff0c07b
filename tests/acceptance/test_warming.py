"""No ticket waits for what a library imports at its first question."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.run import State
from tests.acceptance.asking import MODELS
from tests.acceptance.fleet import ROOT, a_line, a_place
from tests.acceptance.hosted import Provider, environment, says
from tests.acceptance.patience import until
from tests.stubs.openai_server import openai_server
from worker.broker import server

pytestmark = pytest.mark.timeout(120)

CELERY = (sys.executable, "-X", "importtime", "-m", "celery", "-A", "worker.app", "worker")
WORKER = ("-P", "threads", "-c", "4", "--without-gossip", "--without-mingle")


def test_a_warm_gateway_imports_nothing_at_a_first_question_and_has_sent_nothing() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.acceptance.warmed"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {"sent": 0, "asked": len(MODELS), "late": []}


def test_a_worker_imports_nothing_of_it_for_its_first_ticket(tmp_path: Path) -> None:
    provider = Provider(says())
    with server.start(tmp_path / "redis") as redis, openai_server(stub=provider):
        place = a_place(tmp_path, {**environment(provider), "TRIAGE_BROKER_URL": redis.url})
        try:
            worker = place.start(*WORKER, command=CELERY)
            until(lambda: bool(place.shop.ledger.workers()), 60)
            before = _imported(worker.err)
            place.take_in(a_line("T-1", "Which rate is it?"))
            until(lambda: place.states()[State.WRITTEN] == 1, 60)
            assert len(provider.requests) == 1
            assert _imported(worker.err) == before
        finally:
            place.clear()


def _imported(told: Path) -> list[str]:
    """Modules of the library, as the interpreter tells of each."""
    modules = (line.rpartition("|")[2].strip() for line in told.read_text().splitlines())
    return [module for module in modules if module.startswith("litellm.")]
