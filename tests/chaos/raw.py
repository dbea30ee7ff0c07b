"""Raw Celery under the same nemesis: `python -m tests.chaos.raw --seed 7 --minutes 5`.

Says how many tickets it loses and how many it writes twice. It meets what can be done to it:
workers, Redis, the disk under it and its messages; its helpdesk never fails.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from celery import Celery, chain
from kombu.exceptions import OperationalError

from tests.acceptance.fleet import ROOT
from tests.chaos.arena import Ground, heal
from tests.chaos.nemesis import Nemesis
from tests.chaos.plan import HEAVY, Kind, plan
from tests.chaos.script import WRITTEN, Family, script
from tests.chaos.stores import Broker, Disk
from tests.chaos.troop import Troop
from tests.chaos.upstreams import Upstreams

APP = (sys.executable, "-m", "celery", "-A", "tests.chaos.raw_app")
KINDS = (
    Kind.WORKER_KILL,
    Kind.WORKERS_KILL,
    Kind.WORKER_TERM,
    Kind.WORKER_FREEZE,
    Kind.REDIS_KILL,
    Kind.REDIS_KILL_KEPT,
    Kind.REDIS_FULL,
    Kind.FLUSHALL,
    Kind.QUEUE_GONE,
    Kind.DISK_FULL,
    Kind.SENT_TWICE,
    Kind.SENT_FIVE_TIMES,
    Kind.OUT_OF_ORDER,
    Kind.MESSAGE_LOST,
)
VISIBLE_SECONDS = 60
"""Until a dead worker's messages come back; as it comes, Celery waits an hour."""

PATIENCE = 2.5 * VISIBLE_SECONDS
TICK = 0.05


def weather(seed: int, minutes: float, tickets: int, kinds: list[Kind]) -> dict[str, Any]:
    """One storm; what was lost and doubled."""
    seconds = minutes * 60
    with tempfile.TemporaryDirectory(prefix="chaos-", dir="/tmp") as name:
        folder = Path(name)
        (folder / "logs").mkdir()
        disk = Disk(folder)
        broker = Broker(disk.path / "redis", folder / "logs" / "redis.log")
        upstreams = Upstreams(seed, folder, 1.0)
        troop = Troop(
            folder=folder,
            seed=seed,
            environment={
                "TRIAGE_BROKER_URL": broker.url,
                "RAW_PROVIDER": upstreams.urls["openai"],
                "RAW_VISIBLE": str(VISIBLE_SECONDS),
                "RAW_WRITTEN": str(folder / "written"),
            },
        )
        troop.man(APP, 2)
        ground = Ground(
            seed=seed,
            folder=folder,
            disk=disk,
            broker=broker,
            database=None,
            troop=troop,
            upstreams=upstreams,
        )
        try:
            nemesis = Nemesis(
                arena=ground,
                plan=plan(
                    seed, seconds, [k for k in kinds if disk.is_small or k is not Kind.DISK_FULL]
                ),
            )
            _rage(nemesis, broker.url, tickets, seconds)
            heal(ground)
            _rest(nemesis, folder / "written", tickets)
        finally:
            troop.stop()
            upstreams.close()
            broker.close()
            disk.close()
        return _count(seed, tickets, folder / "written", nemesis)


def _rage(nemesis: Nemesis, url: str, tickets: int, seconds: float) -> None:
    sender = threading.Thread(target=_send, args=(nemesis.arena.seed, url, tickets, seconds))
    sender.start()
    while not nemesis.is_done() or sender.is_alive():
        nemesis.tend()
        time.sleep(TICK)
    sender.join()


def _send(seed: int, url: str, tickets: int, seconds: float) -> None:
    """As a poller does that tries again until the broker has taken it."""
    app = Celery("sender", broker=url)
    began = time.monotonic()
    for number in range(tickets):
        one = json.loads(script(seed, number).line() or b"{}") if _is_sound(seed, number) else None
        if one is None:
            continue
        work = chain(
            app.signature(
                "raw.classify", args=({"id": one["id"], "body": one["body"]},), queue="economy"
            ),
            app.signature("raw.write", queue="economy"),
        )
        while not _is_sent(work.apply_async):
            time.sleep(0.2)
        time.sleep(max(0.0, began + seconds * number / tickets - time.monotonic()))


def _is_sound(seed: int, number: int) -> bool:
    """Whether it would be written if nothing happened."""
    one = script(seed, number)
    return one.family is not Family.MALFORMED and one.ends == WRITTEN


def _is_sent(send: Callable[..., object]) -> bool:
    try:
        send(retry=False)
    except (OperationalError, OSError):
        return False
    return True


def _rest(nemesis: Nemesis, written: Path, tickets: int) -> None:
    """Until nothing more is written for longer than a message stays away."""
    last, since = -1, time.monotonic()
    while time.monotonic() - since < PATIENCE:
        nemesis.tend()
        size = written.stat().st_size if written.exists() else 0
        if size != last:
            last, since = size, time.monotonic()
        time.sleep(TICK * 10)


def _count(seed: int, tickets: int, written: Path, nemesis: Nemesis) -> dict[str, Any]:
    found = Counter(written.read_text().split())
    sent = [script(seed, n).id for n in range(tickets) if _is_sound(seed, n)]
    return {
        "seed": seed,
        "tickets": len(sent),
        "lost": sum(not found[ticket] for ticket in sent),
        "written_twice": sum(found[ticket] > 1 for ticket in sent),
        "faults": {str(kind): count for kind, count in nemesis.done.items()},
        "process_store_disk": sum(n for kind, n in nemesis.done.items() if kind in HEAVY),
    }


def main() -> None:
    """Prints what became of them."""
    parser = argparse.ArgumentParser(prog="tests.chaos.raw")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--tickets", type=int, default=None, help="default: 400 a minute")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "chaos")
    asked = parser.parse_args()
    kinds = [Kind(name) for name in asked.only] or list(KINDS)
    found = weather(asked.seed, asked.minutes, asked.tickets or int(asked.minutes * 400), kinds)
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / f"raw-{asked.seed}.json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
