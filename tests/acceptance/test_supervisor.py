"""The supervisor, as a real process with real children and real signals."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import pytest

from tests.acceptance.patience import is_alive, until
from worker.clock import SystemClock
from worker.processes.child import LOG_BYTES, Child
from worker.processes.signals import Signals
from worker.processes.supervisor import Notice, Supervisor, pause

ROOT = Path(__file__).parents[2]

SLEEPS = "exec sleep 60"
STUBBORN = "trap '' TERM; sleep 60 & echo $! >{grandchild}; touch {ready}; wait"
LINGERS = "trap 'sleep 0.3; echo {name} >>{order}; exit' TERM; touch {ready}; {loop}"
LOOP = "while :; do sleep 0.05; done"


def _told(
    name: str, script: str, *, ready: Path | None = None, foundation: bool = False
) -> dict[str, object]:
    return {
        "name": name,
        "command": ["/bin/sh", "-c", script],
        "ready": ready and str(ready),
        "foundation": foundation,
    }


@dataclass
class Parent:
    """A supervisor in a process of its own, and what it has said."""

    process: subprocess.Popen[str]
    notices: list[Notice] = field(default_factory=list)

    def listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.notices.append(Notice(**json.loads(line)))

    def said(self, kind: str, child: str | None = None) -> list[Notice]:
        return [n for n in list(self.notices) if n.kind == kind and child in (None, n.child)]

    def pid_of(self, child: str) -> int:
        pid = self.said("started", child)[-1].pid
        assert pid
        return pid

    def end(self, *signals: signal.Signals) -> int:
        """Sends the signals; the exit code."""
        for number in signals:
            self.process.send_signal(number)
        return self.process.wait(20)


Raise = Callable[..., Parent]


@pytest.fixture
def raise_(tmp_path: Path) -> Iterator[Raise]:
    """Starts a parent. Whatever a test leaves of it, and of its children, is taken away."""
    parents: list[Parent] = []
    readers: list[Thread] = []

    def start(*children: dict[str, object], grace: float = 10) -> Parent:
        arguments = (str(tmp_path), str(grace), json.dumps(children))
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.acceptance.parent", *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        parents.append(Parent(process))
        readers.append(Thread(target=parents[-1].listen))
        readers[-1].start()
        return parents[-1]

    yield start
    for parent, reader in zip(parents, readers, strict=True):
        parent.process.kill()
        parent.process.wait()
        reader.join()
        assert parent.process.stdout
        parent.process.stdout.close()
        for notice in parent.said("started"):
            assert notice.pid
            until(lambda pid=notice.pid: not is_alive(pid))  # type: ignore[misc]


def test_children_run_until_the_parent_is_asked_to_end(raise_: Raise) -> None:
    parent = raise_(_told("one", SLEEPS), _told("two", SLEEPS))
    until(lambda: len(parent.said("ready")) == 2)
    pids = [parent.pid_of("one"), parent.pid_of("two")]
    assert all(map(is_alive, pids))
    assert parent.end(signal.SIGTERM) == 0
    assert not any(map(is_alive, pids))
    until(lambda: len(parent.said("ended")) == 2)
    assert {notice.code for notice in parent.said("ended")} == {-signal.SIGTERM}


def test_a_child_that_dies_is_started_again_after_longer_and_longer(raise_: Raise) -> None:
    parent = raise_(_told("fails", "exit 7"), _told("stays", SLEEPS))
    until(lambda: len(parent.said("died", "fails")) == 3)
    assert [(n.code, n.again_in) for n in parent.said("died", "fails")] == [(7, 1), (7, 2), (7, 4)]
    assert len(parent.said("started", "stays")) == 1
    assert parent.end(signal.SIGTERM) == 0


def test_a_killed_child_is_started_again_without_what_it_had_started(
    raise_: Raise, tmp_path: Path
) -> None:
    note, ready = tmp_path / "grandchild", tmp_path / "ready"
    parent = raise_(_told("worker", STUBBORN.format(grandchild=note, ready=ready)))
    until(ready.exists)
    first, grandchild = parent.pid_of("worker"), int(note.read_text())
    os.kill(first, signal.SIGKILL)
    until(lambda: len(parent.said("started", "worker")) == 2)
    assert parent.said("died", "worker")[0].code == -signal.SIGKILL
    assert parent.pid_of("worker") != first
    assert not is_alive(grandchild)
    os.kill(parent.pid_of("worker"), signal.SIGKILL)
    assert parent.end(signal.SIGTERM) == 0


def test_foundations_are_ready_before_the_others_and_end_after_them(
    raise_: Raise, tmp_path: Path
) -> None:
    def lingers(name: str) -> dict[str, object]:
        ready = tmp_path / f"{name} ready"
        script = LINGERS.format(name=name, order=order, ready=f"'{ready}'", loop=LOOP)
        return _told(name, script, ready=ready, foundation=name == "redis")

    order = tmp_path / "order"
    parent = raise_(lingers("worker"), lingers("redis"))
    until(lambda: len(parent.said("ready")) == 2)
    assert [(n.kind, n.child) for n in parent.notices] == [
        ("started", "redis"),
        ("ready", "redis"),
        ("started", "worker"),
        ("ready", "worker"),
    ]
    assert parent.end(signal.SIGTERM) == 0
    assert order.read_text().split() == ["worker", "redis"]


def test_who_does_not_end_in_time_is_killed_with_whatever_it_started(
    raise_: Raise, tmp_path: Path
) -> None:
    note, ready = tmp_path / "grandchild", tmp_path / "ready"
    script = STUBBORN.format(grandchild=note, ready=ready)
    parent = raise_(_told("stubborn", script, ready=ready), grace=0.3)
    until(lambda: parent.said("ready"))
    assert parent.end(signal.SIGTERM) == 0
    until(lambda: parent.said("killed", "stubborn"))
    assert not is_alive(parent.pid_of("stubborn"))
    assert not is_alive(int(note.read_text()))


def test_a_second_ctrl_c_hastens(raise_: Raise, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    script = STUBBORN.format(grandchild=tmp_path / "grandchild", ready=ready)
    parent = raise_(_told("stubborn", script, ready=ready), _told("quick", SLEEPS), grace=600)
    until(lambda: len(parent.said("ready")) == 2)
    quick = parent.pid_of("quick")
    parent.process.send_signal(signal.SIGINT)
    until(lambda: not is_alive(quick))  # so the first was heard
    assert parent.process.poll() is None
    assert parent.end(signal.SIGINT) == 0


def test_a_ctrl_c_in_the_terminal_does_not_reach_the_children(
    raise_: Raise, tmp_path: Path
) -> None:
    heard, ready = tmp_path / "heard", tmp_path / "ready"
    script = f"trap 'touch {heard}' INT; trap exit TERM; touch {ready}; {LOOP}"
    parent = raise_(_told("child", script, ready=ready))
    until(lambda: parent.said("ready"))
    os.killpg(parent.process.pid, signal.SIGINT)
    assert parent.process.wait(20) == 0
    assert not heard.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a leash for children")
def test_killed_it_leaves_no_child(raise_: Raise) -> None:
    parent = raise_(_told("redis", SLEEPS, foundation=True), _told("worker", SLEEPS))
    until(lambda: len(parent.said("ready")) == 2)
    pids = [parent.pid_of("redis"), parent.pid_of("worker")]
    assert all(map(is_alive, pids))
    parent.end(signal.SIGKILL)
    until(lambda: not any(map(is_alive, pids)), 5)


def _child(script: str) -> Child:
    return Child(
        name="child",
        command=("/bin/sh", "-c", script),
        environment={"PATH": os.environ["PATH"]},
        ready=lambda: True,
    )


@pytest.fixture
def signals() -> Iterator[Signals]:
    with Signals() as signals:
        yield signals


def _minds(script: str, logs: Path, signals: Signals) -> Supervisor:
    return Supervisor(
        [_child(script)], logs=logs, clock=SystemClock(), signals=signals, report=lambda _: None
    )


def test_with_all_ready_it_waits_for_signals_alone(tmp_path: Path, signals: Signals) -> None:
    supervisor = _minds(SLEEPS, tmp_path, signals)
    assert supervisor.tend() is None
    assert supervisor.is_ready()
    os.kill(supervisor.pids()["child"], signal.SIGKILL)
    signals.wait(10)  # the child's death rings
    assert supervisor.tend() == pytest.approx(1, abs=0.5)
    assert not supervisor.is_ready()
    supervisor.stop(1)


def test_what_a_child_says_is_in_its_log_which_does_not_grow_for_ever(
    tmp_path: Path, signals: Signals
) -> None:
    log = tmp_path / "child.log"
    with log.open("wb") as old:
        old.truncate(LOG_BYTES + 1)
    supervisor = _minds("echo said; echo warned >&2", tmp_path, signals)
    supervisor.tend()
    until(lambda: log.read_text() == "said\nwarned\n")
    assert (tmp_path / "child.log.1").stat().st_size == LOG_BYTES + 1
    supervisor.stop(1)


def test_a_child_that_cannot_be_started_is_tried_again(tmp_path: Path, signals: Signals) -> None:
    logs = tmp_path / "not yet"
    supervisor = _minds(SLEEPS, logs, signals)
    assert supervisor.tend() == pytest.approx(1, abs=0.5)
    logs.mkdir()
    supervisor.run(until=supervisor.is_ready)
    assert supervisor.is_ready()
    supervisor.stop(1)
    assert supervisor.pids() == {}


def test_the_pauses_double_up_to_half_a_minute() -> None:
    assert [pause(deaths) for deaths in range(1, 8)] == [1, 2, 4, 8, 16, 30, 30]
    assert pause(10_000) == 30
