"""Thousands of writes to a real helpdesk whose answers are lost: `python -m tests.soak rt`.

Answers are lost on the way, requests come late or never, the helpdesk itself is killed again and
again. Afterwards its own history has to say that every note is there once, every field was set
once, and no ticket was half written. Beside it stands a client that simply tries again.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.soak.naive import naive
from tests.soak.proxy import between
from tests.soak.sites import served
from tests.soak.soak import Goal, soak


def main() -> int:
    """The exit code: 0 where nothing is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("rt", "roundup"))
    parser.add_argument("--writes", type=int, help="at least (default: 2,000 for rt, 1,000)")
    parser.add_argument("--lost", type=int, help="answers (default: a quarter of the writes)")
    parser.add_argument("--kills", type=int, default=100, help="of the helpdesk itself")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    writes = asked.writes or {"rt": 2_000, "roundup": 1_000}[asked.kind]
    goal = Goal(writes=writes, lost=asked.lost or writes // 4, kills=asked.kills)
    with (
        tempfile.TemporaryDirectory(prefix="triage-soak-", dir="/tmp") as folder,
        served(asked.kind) as server,
        between(server.url, asked.seed) as proxy,
    ):
        document = {"helpdesk": asked.kind, "seed": asked.seed}
        document |= soak(Path(folder), server, proxy, goal)
        document["naive"] = naive(server, proxy)
    print(json.dumps(document, indent=1))
    wrong = sum(int(document[name]) for name in ("twice", "missing", "half_written"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
