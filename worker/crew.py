"""The other half of the composition root: what a worker process needs besides the shop.

It loads models, so nothing but a worker (and `ticket replay`) may import it.
"""

import contextlib
from collections.abc import Callable
from functools import partial

from config.tiers import TIERS
from tasks.desk import Desk, Journal
from tasks.ports.guards import Guards
from tasks.ports.helpdesk import Helpdesk
from tasks.ports.ledger import WorkerRow
from tasks.run import Incarnation
from worker.alarm import answering, open_lookout, open_post
from worker.broker.errors import BrokerDown
from worker.broker.queues import Broker
from worker.carrying.bench import Bench, Hints
from worker.carrying.gate import Gate
from worker.carrying.group_writer import GroupWriter
from worker.carrying.hints import BrokerHints
from worker.carrying.loop import EventLoop
from worker.chance import token, uniform
from worker.compose import Shop, open_facts, open_inbox, open_intake, recognise
from worker.desks import Desks, aclose, guarded_helpdesk, open_desks
from worker.fleet import Fleet, Upkeep
from worker.gatehouse import Gatehouse
from worker.guards.polls import PollPace
from worker.helpdesks.fenced import FencedHelpdesk, fenced
from worker.ledgers import migrating
from worker.serving import open_models
from worker.telemetry.log import Log
from worker.telemetry.sentry import reporter
from worker.threads import remembering
from worker.upkeep.caller import Caller
from worker.upkeep.entrusting import Entrusting
from worker.upkeep.herald import Herald
from worker.upkeep.incarnation import Heart, host, name_life, pid
from worker.upkeep.observer import Observer
from worker.upkeep.polling import Polling
from worker.upkeep.reaper import Duties, Reaper
from worker.upkeep.releasing import Releasing
from worker.upkeep.role import Role
from worker.upkeep.sweeper import ROLE, Sweeper
from worker.version import VERSION

Furnish = Callable[[Guards], Desks]
"""Makes desks behind these guards."""

REMEMBERED_SECONDS = 30 * 86_400.0
"""How long a restored ledger asks the helpdesk first."""

SWEEPER_SECONDS = 2.0
"""Between two rounds; nothing that it finds is urgent."""

FRESH = 2 / 3
"""Of the time after which a life is taken for over: nothing is sent by one that may be."""


def hire(
    shop: Shop, queues: frozenset[str], desks: "Furnish | None" = None, gate: Gate | None = None
) -> Fleet:
    """One worker process, ready to start, with these desks (behind its guards) and this gate.

    Loads models where it serves a tier: seconds. Raises RefusedToStart.
    """
    migrating.check(shop.ledger.engine)
    recognise(shop)
    settings = shop.config.settings
    me = name_life(token())
    log = Log("worker")
    tiers = frozenset(queues) & frozenset(TIERS)
    gate = gate or Gate(shop.ledger, shop.clock)
    gate.look()
    heart = Heart(
        _row(me, tiers, shop),
        locks=shop.home.incarnations,
        ledger=shop.ledger,
        clock=shop.clock,
        every=settings.heart.beat_seconds,
        log=log,
        and_then=gate.look,
    )
    broker = shop.broker()
    with contextlib.suppress(BrokerDown):  # one that is away is waited for
        broker.refuse_unfit()
    observer = Observer(shop.home.incarnations, shop.clock, lapse=settings.heart.lapse_seconds)
    home = shop.residence
    gatehouse = Gatehouse(shop, off=gate.off)
    duties = Duties(
        entrusting=Entrusting(shop.ledger, shop.vault, shop.clock, shop.config.policy, home),
        releasing=Releasing(shop.ledger, shop.clock, gatehouse.ways),
    )
    reaper = Reaper(
        heart,
        observer,
        duties,
        broker=broker,
        vault=shop.vault,
        limits=settings.reaper,
    )
    # A worker that serves upkeep alone carries no ticket, so it loads no models.
    models = open_models(shop, warmed=True) if tiers and desks is None else None
    facts = open_facts(shop.config, shop.clock, gatehouse.doors) if models else None
    helpdesk = guarded_helpdesk(shop, gatehouse.doors)
    given: Desks = _no_desk
    if desks:
        given = desks(gatehouse.doors)
    elif models:
        given = open_desks(shop, models, gatehouse.doors, facts=facts, helpdesk=helpdesk)
    bench = _bench(shop, heart, gate, tiers, BrokerHints(broker, log), given, helpdesk)
    loop = EventLoop(closing=partial(aclose, models, facts))
    return Fleet(
        bench,
        heart=heart,
        upkeep=(
            Upkeep(reaper, every=settings.reaper.sweep_seconds, log=log),
            Upkeep(_sweeper(shop, heart, bench.helpdesk, loop), every=SWEEPER_SECONDS, log=log),
            Upkeep(_herald(shop, heart, broker), every=shop.config.alerts.every_seconds, log=log),
        ),
        loop=loop,
        guards=gatehouse,
        drain_seconds=settings.worker.drain_seconds,
        poll=_polling(shop, gatehouse, loop, me),
    )


def _polling(shop: Shop, gatehouse: Gatehouse, loop: EventLoop, me: Incarnation) -> Polling:
    every = shop.config.settings.intake.poll_seconds
    doors = gatehouse.doors
    pace = PollPace(
        shop.config.helpdesk.dependency,
        doors.limits,
        me=me,
        clock=shop.clock,
        on_loop=loop.run,
        log=Log("intake"),
        off=doors.off,
    )
    inbox_of = partial(open_inbox, shop=shop)
    return Polling(open_intake(shop), inbox_of, pace, clock=shop.clock, apart=every / 2)


def _sweeper(shop: Shop, heart: Heart, helpdesk: Helpdesk, loop: EventLoop) -> Sweeper:
    return Sweeper(
        shop.ledger,
        helpdesk,
        shop.vault,
        shop.clock,
        residence=shop.residence,
        on_loop=loop.run,
        is_ours=Role(ROLE, heart).is_held,
    )


def _herald(shop: Shop, heart: Heart, broker: Broker) -> Herald:
    post = open_post(shop.ledger, shop.config, shop.clock)
    return Herald(
        heart,
        open_lookout(shop.ledger, shop.config, shop.clock, shop.broker_url, judges=True),
        post,
        Caller(shop.ledger, post, shop.config.alerts, shop.residence),
        broker_answers=answering(broker),
        rules=shop.config.alerts,
    )


def _no_desk(_journal: Journal) -> Desk:
    message = "this worker serves no tier"
    raise RuntimeError(message)


def _bench(
    shop: Shop,
    heart: Heart,
    gate: Gate,
    tiers: frozenset[str],
    hints: Hints,
    desks: Desks,
    helpdesk: Helpdesk,
) -> Bench:
    settings = shop.config.settings.worker
    # What an observer takes for death, less the time that a request may be under way.
    fresh = shop.config.settings.heart.lapse_seconds * FRESH

    def may_send() -> bool:
        return heart.is_fresh(fresh)

    return Bench(
        config=shop.config,
        clock=shop.clock,
        desk=fenced(remembering(desks, shop.shelf()), may_send),
        helpdesk=FencedHelpdesk(helpdesk, may_send),
        ledger=shop.ledger,
        writer=GroupWriter(
            shop.ledger, shop.clock, rows=settings.group_rows, seconds=settings.group_seconds
        ),
        vault=shop.vault,
        hints=hints,
        incarnation=lambda: heart.incarnation,
        gate=gate,
        residence=shop.residence,
        restored=_is_restored(shop),
        serves=tiers,
        chance=uniform,
        report=reporter(shop.config.environment.sentry_dsn),
        log=Log("worker"),
    )


def _is_restored(shop: Shop) -> bool:
    """Whether it was put back lately: then each write is looked for before it is made."""
    at = shop.ledger.restored_at()
    return at is not None and shop.clock.now() - at < REMEMBERED_SECONDS


def _row(me: Incarnation, tiers: frozenset[str], shop: Shop) -> WorkerRow:
    now = shop.clock.now()
    ordered = tuple(tier for tier in TIERS if tier in tiers)
    return WorkerRow(
        incarnation=me,
        host=host(),
        pid=pid(),
        version=VERSION,
        tiers=ordered,
        beat=0,
        started_at=now,
        beat_at=now,
    )
