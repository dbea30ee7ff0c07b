"""The simulator's own paths, on every provider's port: how it stands, its profile, its log.

GET    /simulator                         how every provider stands
PUT    /simulator/profile[?provider=NAME] body: a profile; for this provider, that one or `all`
GET    /simulator/log[?since=N&provider=] records behind line N, one JSON object a line
DELETE /simulator/log                     forgets records and counts
"""

from typing import Protocol

from tasks.errors import OperatorError
from worker.simulator.answer import Answer, answering
from worker.simulator.log import Log
from worker.simulator.request import Request

PREFIX = "/simulator"
ALL = "all"
KNOWN = "GET /simulator, PUT /simulator/profile, GET or DELETE /simulator/log"


class Controlled(Protocol):
    """What is asked and told."""

    @property
    def log(self) -> Log: ...

    def state(self) -> dict[str, object]: ...

    def set_profile(self, spec: str, provider: str | None) -> None:
        """Of that provider, or of all. Raises OperatorError."""
        ...

    def forget(self) -> None: ...


def respond(simulator: Controlled, provider: str, request: Request) -> Answer:
    """To a request about the simulator that came in at this provider's port."""
    try:
        return _respond(simulator, provider, request)
    except OperatorError as error:
        return _told(400, str(error))


def _respond(simulator: Controlled, provider: str, request: Request) -> Answer:
    named = request.query.get("provider")
    match request.method, request.path.removeprefix(PREFIX).rstrip("/"):
        case "GET", "":
            return answering(simulator.state())
        case "PUT", "/profile":
            whose = named or provider
            spec = request.raw.decode(errors="replace").strip()
            simulator.set_profile(spec, None if whose == ALL else whose)
            return answering(simulator.state())
        case "GET", "/log":
            records = simulator.log.since(_since(request), named)
            body = "".join(f"{record.as_line()}\n" for record in records)
            return Answer(body=body.encode(), content_type="application/jsonl")
        case "DELETE", "/log":
            simulator.forget()
            return answering(simulator.state())
        case _:
            return _told(404, KNOWN)


def _since(request: Request) -> int:
    said = request.query.get("since", "0")
    if not (said.isascii() and said.isdecimal()):
        raise OperatorError(f"since={said}: the number of a line of the log")
    return int(said)


def _told(status: int, text: str) -> Answer:
    return Answer(status=status, body=f"{text}\n".encode(), content_type="text/plain")
