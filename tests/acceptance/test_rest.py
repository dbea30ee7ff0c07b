"""What a helpdesk's HTTP answers mean, from a real server that gives each of them."""

from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tasks.errors import (
    CredentialRefused,
    HelpdeskDown,
    NotAllowed,
    RateLimited,
    Rejected,
    TriageError,
)
from tests.servers.ports import free_port
from tests.twins.clock import StillClock
from worker.helpdesks.rest import Rest

TOKEN = "token not-to-be-shown"


class Moody(BaseHTTPRequestHandler):
    """Answers `/STATUS/BODY`."""

    def do_GET(self) -> None:
        _, status, body = self.path.split("/", 2)
        if status == "gone":
            self.close_connection = True
            return
        self.send_response(int(status))
        self.send_header("Retry-After", "7")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def moody() -> Iterator[int]:
    """The port of one."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Moody)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture
def rest(moody: int) -> Iterator[Rest]:
    with closing(a_rest(moody)) as found:
        yield found


def a_rest(port: int, *, proof: str = "/401/{}") -> Rest:
    return Rest(
        f"http://127.0.0.1:{port}",
        headers={"Authorization": TOKEN},
        credential="HELPDESK_TOKEN",
        proof=proof,
        timeout_seconds=5,
        clock=StillClock(),
    )


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/401/{}", CredentialRefused),
        ("/403/{}", CredentialRefused),
        ("/429/{}", RateLimited),
        ("/500/oops", HelpdeskDown),
        ("/502/<html>", HelpdeskDown),
        ("/302/login", HelpdeskDown),
        ("/200/<html>login", HelpdeskDown),
        ("/gone/", HelpdeskDown),
        ("/400/{}", Rejected),
        ("/404/{}", Rejected),
    ],
)
def test_each_failure_says_what_to_do(rest: Rest, path: str, kind: type[TriageError]) -> None:
    with pytest.raises(kind) as caught:
        rest.ask("GET", path)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    ("proof", "kind"),
    [
        ("/200/{}", NotAllowed),
        ("/401/{}", CredentialRefused),
        ("/403/{}", CredentialRefused),
        ("/429/{}", RateLimited),
        ("/503/{}", HelpdeskDown),
        ("/gone/", HelpdeskDown),
    ],
)
def test_a_403_is_the_key_only_where_that_opens_nothing(
    moody: int, proof: str, kind: type[TriageError]
) -> None:
    """One ticket that was moved out of sight must not stop the work on all others."""
    with closing(a_rest(moody, proof=proof)) as rest, pytest.raises(TriageError) as caught:
        rest.ask("GET", "/403/no")
    assert type(caught.value) is kind
    with closing(a_rest(moody, proof=proof)) as rest, pytest.raises(CredentialRefused):
        rest.ask("GET", "/401/no")


def test_it_waits_as_long_as_it_is_told(rest: Rest) -> None:
    with pytest.raises(RateLimited) as limited:
        rest.ask("GET", "/429/x")
    with pytest.raises(HelpdeskDown) as down:
        rest.ask("GET", "/503/x")
    assert (limited.value.retry_after, down.value.retry_after) == (7, 7)


def test_what_is_expected_is_an_answer(rest: Rest) -> None:
    answer = rest.ask("GET", "/404/nothing", expected=frozenset({404}))
    assert (answer.status, answer.body) == (404, None)
    assert rest.ask("GET", "/200/[1]").body == [1]


def test_nobody_there_is_a_helpdesk_that_is_down() -> None:
    with closing(a_rest(free_port())) as rest, pytest.raises(HelpdeskDown, match="GET /x"):
        rest.ask("GET", "/x")
