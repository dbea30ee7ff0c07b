"""A customer service of somebody else's, in JSON of its own: says what it is told to, or fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

from worker.simulator.answer import Answer, answering
from worker.simulator.request import Request
from worker.simulator.running import running
from worker.simulator.server import Server

VARIABLE = "SHOP_API_AUTHORIZATION"
SECRET = "Bearer made-up-secret"

ACCOUNT = f"""
[sources.shop]
kind = "http"
url = "http://127.0.0.1:PORT/api/v2"
secret_headers = {{ Authorization = "{VARIABLE}" }}

[account]
source = "shop"
path = "/people/{{email}}"
unknown_status = [404]
at = "data.person"
whose = "contact.mail"
[account.fields]
customer_id = "no"
plan = "contract.name"
tier = {{ name = "contract.level", values = {{ gold = "business", 2 = "plus", 1 = "basic" }} }}
since = {{ name = "contract.from", format = "%d.%m.%Y" }}
renewal_at = "contract.until"

[billing]
source = "shop"
path = "/bookings?person={{customer_id}}"
at = "/items"
[billing.fields]
id = "no"
at = {{ name = "when", format = "epoch_ms" }}
kind = "what"
amount = "sum.amount"
currency = "sum.currency"
status = {{ name = "state", default = "settled" }}
"""
"""What connects account and billing; PORT is the service's."""

REST = """
[incidents]
source = "shop"
path = "/outages"
[incidents.fields]
id = "no"
title = "text"
issue_types = { name = "parts", values = { tills = "card_payment, cash" } }
opened_at = "began"
closed_at = "ended"
customers = "people"

[interactions]
source = "shop"
path = "/people/{email}/calls"
at = "calls"
[interactions.fields]
id = "no"
at = "began"
channel = "by"
summary = "gist"
outcome = { name = "result", default = "unknown" }
"""
"""What connects the other two."""


class FactsService(Server):
    """`people` by address, `bookings` by customer, `calls` by address, and `outages`.

    `faults`: what is answered instead, by the first word of the path or the last.
    """

    def __init__(self) -> None:
        super().__init__()
        self.people: dict[str, Any] = {}
        self.bookings: dict[str, list[Any]] = {}
        self.calls: dict[str, list[Any]] = {}
        self.outages: list[Any] = []
        self.faults: dict[str, Answer] = {}
        self.requests: list[Request] = []

    @property
    def port(self) -> str:
        """Where it listens."""
        return self.root.rpartition(":")[2]

    def answer(self, request: Request) -> Answer:
        """As it stands."""
        self.requests.append(request)
        path = request.path.removeprefix("/api/v2/").split("/")
        name = path[-1] if path[-1] == "calls" else path[0]
        if name in self.faults:
            return self.faults[name]
        if request.headers.get("authorization") != SECRET:
            return answering({"error": "who are you?"}, status=401)
        return self._found(name, path, request)

    def _found(self, name: str, path: list[str], request: Request) -> Answer:
        match name:
            case "people":
                person = self.people.get(unquote(path[1]))
                said = {"data": {"person": person}}
                return answering(said) if person else answering({}, status=404)
            case "bookings":
                return answering({"items": self.bookings.get(request.query["person"], [])})
            case "calls":
                return answering({"calls": self.calls.get(unquote(path[1]), [])})
            case _:
                return answering(self.outages)


@contextmanager
def facts_service() -> Iterator[FactsService]:
    """It serves, on a thread and a loop of its own."""
    with running(FactsService()) as served:
        yield served
