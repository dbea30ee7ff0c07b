"""How the fleet is run: sizes, clocks and limits, with the reason for each in settings.toml."""

from pydantic import Field

from config.mode import Mode
from config.taxonomy import Frozen


class Intake(Frozen):
    """What is taken in, and how often a source is asked."""

    body_bytes: int = Field(default=65_536, gt=0)  # of a ticket's text in UTF-8
    poll_seconds: float = Field(default=30.0, gt=0)
    batch: int = Field(default=100, gt=0, le=5_000)  # tickets in one transaction


class FirstDay(Frozen):
    """What a helpdesk that is new to the fleet begins with, until an operator says otherwise."""

    mode: Mode = Mode.SUGGEST
    per_hour: int | None = Field(default=60, gt=0)  # tickets that may begin


class Sources(Frozen):
    """Where tickets, customer facts and labelled examples lie; paths count from the checkout."""

    inboxes: tuple[str, ...] = ()  # polled on a schedule by `triage up`, beside its argument
    sample: str = "file:fixtures/inbox/bank.jsonl"  # what `triage run` takes without an argument
    facts: str = "fixtures/facts"
    training: str = "fixtures/bank/train.csv"


class Worker(Frozen):
    """One worker process."""

    concurrency: int = Field(default=64, gt=0, le=1_000)  # tickets in flight
    drain_seconds: float = Field(default=25.0, gt=0)
    group_rows: int = Field(default=64, gt=0)  # results in one commit
    group_seconds: float = Field(default=0.005, ge=0)  # how long a result may wait for others


class Heart(Frozen):
    """Proof of life of a worker process."""

    beat_seconds: float = Field(default=1.0, gt=0)
    lapse_seconds: float = Field(default=6.0, gt=0)  # a counter that stood still for so long


class Reaper(Frozen):
    """Who sends again what the broker has lost."""

    sweep_seconds: float = Field(default=1.0, gt=0)
    lease_seconds: float = Field(default=6.0, gt=0)
    queued_seconds: float = Field(default=5.0, gt=0)  # grace before an empty queue means lost
    behind_seconds: float = Field(default=10.0, gt=0)  # sent so long before the queue's tail
    batch: int = Field(default=1_000, gt=0)  # messages in one sweep


class Retention(Frozen):
    """How long personal text is kept."""

    body_days: int = Field(default=90, gt=0)


class Pages(Frozen):
    """Flower and the Fleet page in it."""

    port: int = Field(default=5555, ge=0, le=65_535)
    address: str = "127.0.0.1"
    snapshot_seconds: float = Field(default=2.0, gt=0)


class Settings(Frozen):
    """All of it."""

    intake: Intake = Intake()
    first_day: FirstDay = FirstDay()
    sources: Sources = Sources()
    worker: Worker = Worker()
    heart: Heart = Heart()
    reaper: Reaper = Reaper()
    retention: Retention = Retention()
    pages: Pages = Pages()
