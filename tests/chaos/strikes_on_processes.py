"""What the nemesis does to workers, beat and pollers."""

import subprocess
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tasks.waypoints import Waypoint
from tests.acceptance.fleet import ROOT
from tests.chaos.arena import Arena
from tests.chaos.plan import Kind, Strike

if TYPE_CHECKING:
    from tests.chaos.nemesis import Nemesis

Told = dict[str, Any] | None
"""What the timeline says of a strike; None: there was nobody to strike yet."""

POLLED = 150  # tickets that two pollers fight over
BETWEEN = (Waypoint.NOTE_SENT, Waypoint.FIELDS_SENT)
LONG_WAIT = 15.0  # seconds until one worker alone is all that there is


def worker_kill(nemesis: "Nemesis", strike: Strike) -> Told:
    """As the kernel does that has no memory left."""
    post = nemesis.victim(strike)
    if post is None:
        return None
    return {"who": post.name, "held": nemesis.kill(post, strike.down)}


def worker_kill_between(nemesis: "Nemesis", strike: Strike) -> Told:
    """It dies the next time that the helpdesk has said yes, before that is recorded."""
    post = nemesis.victim(strike)
    if post is None:
        return None
    point = BETWEEN[strike.victim % len(BETWEEN)]
    held = len(nemesis.held(post.pid))
    (nemesis.arena.folder / f"kill-{post.name}").write_text(point)
    post.expected = True
    return {"who": post.name, "point": point, "held": held}


def workers_kill(nemesis: "Nemesis", strike: Strike) -> Told:
    """All at once, and so the reaper and whoever would be it next."""
    posts = nemesis.arena.troop.workers()
    if len(posts) < 2 and nemesis.now - strike.at < LONG_WAIT:
        return None
    held = sum(nemesis.kill(post, strike.down) for post in posts)
    return {"who": ",".join(post.name for post in posts), "held": held}


def worker_term(nemesis: "Nemesis", strike: Strike) -> Told:
    """As every deployment does."""
    post = nemesis.victim(strike)
    if post is None:
        return None
    held = len(nemesis.held(post.pid))
    nemesis.arena.troop.ask_to_end(post)
    return {"who": post.name, "held": held}


def worker_freeze(nemesis: "Nemesis", strike: Strike) -> Told:
    """For longer than two leases; then it wakes up and knows nothing of it."""
    post = nemesis.victim(strike)
    if post is None:
        return None
    held = len(nemesis.held(post.pid))
    nemesis.arena.troop.freeze(post)

    def thaw() -> None:
        nemesis.arena.troop.thaw(post)
        nemesis.weather.woken.append(time.time())

    nemesis.after(strike.down, thaw)
    nemesis.troubles.append((nemesis.now, nemesis.now + strike.down))
    return {"who": post.name, "held": held}


def beat_kill(nemesis: "Nemesis", strike: Strike) -> Told:
    """Nobody polls until it is back."""
    post = nemesis.arena.troop.posts["beat"]
    if not post.runs():
        return None
    nemesis.arena.troop.kill(post, strike.down)
    return {}


def poller_kill(nemesis: "Nemesis", strike: Strike) -> Told:
    """Two at once on the same lines; one of them dies in mid-page."""
    assert isinstance(nemesis.arena, Arena)
    path = nemesis.arena.folder / f"polled-{len(nemesis.sources)}.jsonl"
    scripts = nemesis.arena.customers.take(POLLED, path)
    with path.open("ab") as file:
        file.write(b"".join(one.line() + b"\n" for one in scripts))
    source = f"file:{path}"
    nemesis.sources.append(source)
    point = (Waypoint.TAKING_IN, Waypoint.TAKEN_IN)[strike.victim % 2]
    environment = nemesis.arena.place.environment
    _poll(nemesis, environment, point, str(1 + strike.victim % 3), source)
    _poll(nemesis, environment, "never", "1", source)
    return {"point": point, "tickets": len(scripts)}


def _poll(nemesis: "Nemesis", environment: Mapping[str, str], *words: str) -> None:
    with (nemesis.arena.logs / "pollers.log").open("ab") as log:
        nemesis.pollers.append(
            subprocess.Popen(
                (sys.executable, "-m", "tests.chaos.poller", *words),
                env=environment,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        )


STRIKES = {
    Kind.WORKER_KILL: worker_kill,
    Kind.WORKER_KILL_BETWEEN: worker_kill_between,
    Kind.WORKERS_KILL: workers_kill,
    Kind.WORKER_TERM: worker_term,
    Kind.WORKER_FREEZE: worker_freeze,
    Kind.BEAT_KILL: beat_kill,
    Kind.POLLER_KILL: poller_kill,
}
