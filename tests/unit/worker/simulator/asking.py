"""Questions as the gateway sends them to OpenAI, and providers that no port is needed for."""

import json

from tasks import prompt
from tasks.facts import Facts
from tasks.ticket import Ticket
from tests.twins.clock import StillClock
from tests.twins.desk import shipped
from tests.twins.facts import known
from tests.twins.ticket import CHEAP, a_ticket
from worker.simulator.dialect import Asked
from worker.simulator.log import Record
from worker.simulator.request import Request
from worker.simulator.routes import OPENAI
from worker.simulator.simulator import Simulator

PATH = "/v1/chat/completions"


def a_request(
    ticket: Ticket | None = None, *, facts: Facts | None = None, key: str = "sk-one"
) -> Request:
    """A question about that ticket."""
    config = shipped()
    asked = prompt.question(
        prompt.About(ticket or a_ticket(), facts or known(), config.taxonomy),
        prompt=config.classify,
        model=config.tiers.model(CHEAP),
    )
    document = {
        "model": "gpt-6-luna",
        "messages": [{"role": one.role, "content": one.content} for one in asked.messages],
        "response_format": {"type": "json_schema", "json_schema": {"schema": asked.schema}},
    }
    return Request(PATH, {"authorization": f"Bearer {key}"}, json.dumps(document).encode())


def asked_about(ticket: Ticket, facts: Facts | None = None) -> Asked:
    """What a model reads of it."""
    return OPENAI.asked(a_request(ticket, facts=facts).json(), PATH)


def a_simulator(
    profile: str = "ok", *, seed: int = 0, clock: StillClock | None = None
) -> Simulator:
    """Two providers that are asked without a port."""
    ports = {"alpha": 0, "beta": 0}
    found = Simulator(ports, seed=seed, clock=clock or StillClock())
    found.set_profile(profile)
    return found


def played(
    simulator: Simulator, count: int, *, provider: str = "alpha", key: str = "sk-one"
) -> list[Record]:
    """What so many requests one after the other met."""
    one = simulator[provider]
    before = len(simulator.log)
    for _ in range(count):
        request = a_request(key=key)
        one.ended(request, one.answer(request), "answered")
    return list(simulator.log)[before:]
