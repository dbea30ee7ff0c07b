"""One worker life after another, each ended by kill -9 between an accepted write and its record."""

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import cycle

from tasks.run import State
from tasks.waypoints import Waypoint
from tests.acceptance.fleet import Place, a_line
from tests.acceptance.patience import until
from tests.kills.app import VARIABLE

CELERY = (sys.executable, "-m", "celery", "-A", "tests.kills.app")
WORKER = ("worker", "-P", "threads", "-c", "64", "--without-gossip", "--without-mingle")
POINTS = (Waypoint.NOTE_SENT, Waypoint.FIELDS_SENT)
STOLEN = "My card was stolen last night. Please block my card now."
A_LIFE = 3
"""Fresh tickets for each life; what the one before left comes on top."""


@dataclass(kw_only=True, slots=True)
class Lives:
    """What became of them, by the helpdesk's own history."""

    kills: Counter[str] = field(default_factory=Counter)
    tickets: int = 0
    twice: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)  # fields that are not as intended

    @property
    def violations(self) -> int:
        """How much is not as it should be."""
        return len(self.twice) + len(self.missing) + len(self.wrong)


def live(place: Place, times: int, say: Callable[[str], object] = lambda _: None) -> Lives:
    """Kills a worker `times` times, lets one live, and looks at the helpdesk."""
    lives, points = Lives(), cycle(POINTS)
    for number in range(times):
        point = next(points)
        lines = [a_line(f"T-{number}-{n}", STOLEN) for n in range(A_LIFE)]
        place.take_in(*lines)
        lives.tickets += A_LIFE
        mortal = replace(place, environment={**place.environment, VARIABLE: str(point)}, running=[])
        worker = mortal.start(*WORKER, command=CELERY)
        place.running.append(worker)
        until(lambda: worker.process.poll() is not None, 60)  # noqa: B023
        assert worker.process.returncode == -9, worker.err.read_text()[-2_000:]
        lives.kills[point] += 1
        say(f"{number + 1} of {times} killed")
    place.start(*WORKER, command=CELERY)
    until(place.is_settled, 60 + times)
    _judge(place, lives)
    return lives


def _judge(place: Place, lives: Lives) -> None:
    for run in place.runs(states=(State.WRITTEN,)):
        shown = place.shop.sandbox.show(run.external_id)
        assert shown
        keys = Counter(note.key for note in shown.notes)
        keys.update(change.key for change in shown.history if change.key)
        lives.twice += [key for key, count in keys.items() if count > 1]
        intents = place.shop.ledger.writes(run.id)
        lives.missing += [one.key for one in intents if not keys[one.key]]
        lives.wrong += [
            one.key for one in intents if one.wanted and shown.fields[one.target] != one.wanted
        ]
    unwritten = [run for run in place.runs() if run.state is not State.WRITTEN]
    lives.missing += [f"{run.external_id} is {run.state}: {run.why}" for run in unwritten]
