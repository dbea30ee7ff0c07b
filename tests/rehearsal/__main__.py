"""`python -m tests.rehearsal SCENE`: one scene of the night in question, and its figures as JSON.

Exit code 1 where anything is not as it was promised.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tests.rehearsal import (
    bare,
    breaker,
    caps,
    course,
    credential,
    facts,
    faults,
    helpdesk,
    helpdesk_limit,
    hung,
    limit,
    outage,
)
from tests.rehearsal.pace import Pace

Found = dict[str, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """What is played, at what pace by itself, and how it is judged; None: it is only shown."""

    play: Callable[..., Found]
    is_well: Callable[[Found], bool] | None = None
    times: float = 10.0


SCENES = {
    "breaker": Scene(play=breaker.breaker, is_well=course.is_well),
    "helpdesk": Scene(play=helpdesk.helpdesk, is_well=course.is_well, times=5.0),
    "facts": Scene(play=facts.facts, is_well=facts.is_well),
    "caps": Scene(play=caps.caps, is_well=caps.is_well),
    # Not faster: all slots fill at once as it ends, which is no rate where half a minute is 3 s.
    "outage": Scene(play=partial(outage.outage, fallback=False), is_well=outage.is_well, times=3.0),
    "fallback": Scene(play=partial(outage.outage, fallback=True), is_well=outage.is_well_beside),
    "bare": Scene(play=partial(bare.bare, retries="3")),
    "bare-for-ever": Scene(play=partial(bare.bare, retries=bare.FOR_EVER)),
    "faults": Scene(play=faults.faults, is_well=faults.is_well, times=20.0),
    "credential": Scene(play=credential.credential, is_well=credential.is_well, times=1.0),
    "limit": Scene(play=limit.limit, is_well=limit.is_well, times=1.0),
    "helpdesk-limit": Scene(play=helpdesk_limit.told, is_well=helpdesk_limit.is_well, times=1.0),
    "helpdesk-429": Scene(play=helpdesk_limit.untold, is_well=helpdesk_limit.is_written, times=1.0),
    "hung": Scene(play=hung.hung, is_well=hung.is_well),
}


def main() -> int:
    """0 where all is well."""
    parser = argparse.ArgumentParser(prog="tests.rehearsal", description=__doc__)
    parser.add_argument("scene", choices=SCENES)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--times", type=float, help="faster than in earnest")
    asked = parser.parse_args()
    scene = SCENES[asked.scene]
    times = asked.times or scene.times
    began = time.monotonic()
    found = scene.play(Pace(times=times), seed=asked.seed)
    document = {"scene": asked.scene, "seed": asked.seed, "times_faster": times}
    document |= {"seconds": round(time.monotonic() - began), **found}
    ok = scene.is_well(found) if scene.is_well else None
    if ok is not None:
        document["ok"] = ok
    sys.stdout.write(f"{json.dumps(document, indent=1)}\n")
    return 1 if ok is False else 0


if __name__ == "__main__":
    sys.exit(main())
