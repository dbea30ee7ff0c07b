"""Asks a model again about what a run had before it, without touching anything."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from config.errors import ConfigError
from config.load import Config
from config.prompts import Prompt, read_prompt
from config.tiers import TIERS, Tiers
from tasks.case import Classified, Enriched, Received, Validated
from tasks.classify import classify
from tasks.context import Closed
from tasks.desk import Past, Used
from tasks.errors import OperatorError
from tasks.events import Body, Kind
from tasks.paying import SETTLING
from tasks.ports.ledger import Intent
from tasks.ports.model import Models, Question, Reply, nobody_minds
from tasks.recorded import Request
from tasks.resume import resume
from tasks.run import Run, RunId
from tasks.ticket import Ticket
from tasks.validate import validate
from worker.compose import Shop
from worker.desks import desk_with
from worker.operating.dossier import QUESTION, open_texts


@dataclass(frozen=True, kw_only=True)
class Replay:
    """What was decided then, and what would be decided now.

    `request`: "recorded", the very one that was sent then, or "rendered", made anew from the
    recorded ticket and facts.
    """

    ticket: str
    before_model: str | None
    before_prompt: str | None
    model: str
    prompt: str
    before: Mapping[str, object]
    after: Mapping[str, object]
    request: str
    result: str  # "validated", or the detour in words
    micro_usd: int

    def differs(self, name: str) -> bool:
        """Whether that field comes out differently."""
        return self.before.get(name) != self.after.get(name)

    def as_json(self) -> dict[str, object]:
        """As docs/interface.md promises it to scripts."""
        names = sorted({*self.before, *self.after})
        return {
            "ticket": self.ticket,
            "then": {"model": self.before_model, "prompt": self.before_prompt, **self.before},
            "now": {"model": self.model, "prompt": self.prompt, **self.after},
            "differs": [name for name in names if self.differs(name)],
            "request": self.request,
            "result": self.result,
            "cost_usd": self.micro_usd / 1e6,
        }


NOBODY = RunId("none")


class Scrap:
    """A journal that nobody keeps: it only counts the money."""

    def __init__(self) -> None:
        self.micro_usd = 0
        self.run = Used(id=NOBODY)

    async def record(
        self,
        kind: Kind,
        body: Body,
        *,
        texts: Mapping[str, str] | None = None,  # noqa: ARG002 - the journal's shape
        writes: tuple[Intent, ...] = (),  # noqa: ARG002 - the journal's shape
    ) -> None:
        """Counts what an answer cost."""
        cost = body.get("micro_usd") if kind in {Kind.ANSWERED, Kind.UNANSWERED} else 0
        self.micro_usd += cost if isinstance(cost, int) else 0

    async def reserve(
        self,
        kind: Kind,  # noqa: ARG002 - the journal's shape
        body: Body,  # noqa: ARG002 - the journal's shape
        *,
        texts: Mapping[str, str] | None = None,  # noqa: ARG002 - the journal's shape
    ) -> bool:
        """An operator asks, by hand: no cap of the fleet's holds that back."""
        return True

    async def earlier(self, most: int) -> Sequence[Closed]:  # noqa: ARG002 - the journal's shape
        """What was known of them is recorded."""
        return ()

    async def past(self) -> Past:
        """Nothing is written, so nothing is asked."""
        return Past(key="")


class Again:
    """Models that are sent a request of then, in place of the one that would be made now.

    What is said after it, because an answer had the wrong shape, stands behind it as before.
    """

    def __init__(self, models: Models, request: Request) -> None:
        self._models, self._request = models, request
        self._rendered = 0  # turns of the one that would be made now

    async def ask(self, question: Question, look: Callable[[], None] = nobody_minds) -> Reply:
        self._rendered = self._rendered or len(question.messages)
        again = self._request.again(question)
        after = question.messages[self._rendered :]
        return await self._models.ask(replace(again, messages=(*again.messages, *after)), look)


def replay_run(shop: Shop, run: Run, *, prompt: str | None, model: str | None) -> Replay:
    """Asks with the recorded request, or with a prompt one made anew. Raises OperatorError.

    A model in this process has no use for a request, and is asked anew as well.
    """
    wanted = _prompt(prompt, shop)
    tiers = _only(model, shop.config) if model else shop.config.tiers
    case = _recorded(shop, run)
    first = tiers.model(tiers.tier(case.tier).models[0])
    request = None if prompt or first.is_local else _request(shop, run)
    scrap = Scrap()
    came = asyncio.run(_decide(case, shop, scrap, tiers=tiers, prompt=wanted, request=request))
    return Replay(
        ticket=run.external_id,
        before_model=run.model,
        before_prompt=run.prompt,
        model=first.name,
        prompt=(run.prompt or wanted.version) if request else wanted.version,
        before=_values(run.issue_type, run.priority, run.queue),
        after=_after(came),
        request="recorded" if request else "rendered",
        result="validated" if isinstance(came, Validated) else _words(came),
        micro_usd=scrap.micro_usd,
    )


async def _decide(
    case: Enriched,
    shop: Shop,
    scrap: Scrap,
    *,
    tiers: Tiers,
    prompt: Prompt,
    request: Request | None,
) -> object:
    async with desk_with(shop, scrap, tiers) as ours:
        desk = replace(ours, prompt=prompt, judge=None)  # nothing is written
        if request:
            desk = replace(desk, models=Again(desk.models, request))
        came = await classify(case, desk)
        return await validate(came, desk) if isinstance(came, Classified) else came


def _request(shop: Shop, run: Run) -> Request | None:
    """The one that the newest answer was given to; of one without any, the newest that was sent."""
    texts = open_texts(run, shop.ledger, shop.vault, readably=False)
    asked = [
        event
        for event in shop.ledger.events(run.id)
        if event.kind in SETTLING and event.body.get("purpose", "classify") == "classify"
    ]
    asked.sort(key=lambda event: (event.kind is Kind.ANSWERED, event.seq))
    return Request.read(texts.get(f"{QUESTION}{asked[-1].seq}", "")) if asked else None


def _recorded(shop: Shop, run: Run) -> Enriched:
    """Ticket and facts as they were, without the answers."""
    key = shop.ledger.key(run.requester)
    sealed = {body.name: body for body in shop.ledger.bodies(run.id)}
    if key is None or "ticket" not in sealed:
        raise OperatorError(f"{run.external_id} cannot be replayed: its text was forgotten")
    texts = {
        name: shop.vault.open(body, key)
        for name, body in sealed.items()
        if name.startswith(("facts.", "context."))
    }
    ticket = Ticket.model_validate_json(shop.vault.open(sealed["ticket"], key))
    at_validate = replace(run, stage="validate")
    events, taxonomy = shop.ledger.events(run.id), shop.config.taxonomy
    case = resume(
        at_validate, ticket, events, texts, is_outlived=lambda _: False, taxonomy=taxonomy
    )
    if isinstance(case, Received):
        raise OperatorError(f"{run.external_id} cannot be replayed: it was never enriched")
    assert isinstance(case, Enriched)  # noqa: S101 - without answers nothing further is resumed
    return case


def _prompt(name: str | None, shop: Shop) -> Prompt:
    """The configured prompt, or the one whose file name or version was given."""
    current = shop.config.classify
    if name is None or name in (current.name, current.version):
        return current
    try:
        return read_prompt(name, shop.config.environment.config)
    except ConfigError as error:
        message = f"no prompt is called {name!r}: put it at prompts/{name}.md under TRIAGE_CONFIG"
        raise OperatorError(message) from error


def _only(model: str, config: Config) -> Tiers:
    tiers = config.tiers
    found = {known.name: known for known in tiers.models}.get(model)
    if found is None:
        known = ", ".join(known.name for known in tiers.models)
        raise OperatorError(f"config names no model {model!r}: {known}")
    if found.credential and found.credential not in config.environment.credentials:
        raise OperatorError(f"{model} cannot be asked: {found.credential} is not set")
    alone = tuple(tiers.tier(name).model_copy(update={"models": (model,)}) for name in TIERS)
    return tiers.model_copy(update={"tiers": alone})


def _after(came: object) -> Mapping[str, object]:
    if not isinstance(came, Validated):
        return {}
    decision = came.decision
    return _values(decision.issue_type, decision.priority, decision.queue)


def _values(issue_type: str | None, priority: int | None, queue: str | None) -> dict[str, object]:
    return {"issue_type": issue_type, "priority": priority, "queue": queue}


def _words(came: object) -> str:
    return f"{type(came).__name__}: {getattr(came, 'why', '')}"
