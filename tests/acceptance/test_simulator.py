"""The simulator over real HTTP: its control, its ports, and what it makes of odd requests."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

from tasks.errors import OperatorError
from tests.acceptance.fleet import a_port
from tests.acceptance.patience import until
from worker.refusals import RefusedToStart
from worker.simulator.running import running
from worker.simulator.simulator import Simulator

BODY = {"model": "m", "messages": [{"role": "user", "content": "Where is it? (ticket T-1)"}]}
Said = tuple[int, str]


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with running(Simulator({"alpha": 0, "beta": 0})) as found:
        yield found


def _say(url: str, *, method: str = "GET", body: bytes | None = None) -> Said:
    """Status and text."""
    asked = Request(url, data=body, method=method)  # noqa: S310 - the simulator's own address
    try:
        with urlopen(asked, timeout=10) as answer:  # noqa: S310 - as above
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def _ask(simulator: Simulator, provider: str = "alpha") -> Said:
    url = f"{simulator[provider].url}/chat/completions"
    return _say(url, method="POST", body=json.dumps(BODY).encode())


def _refuses(simulator: Simulator, provider: str) -> bool:
    port = urlsplit(simulator[provider].url).port
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) != 0


def _raw(simulator: Simulator, sent: bytes, *, answers: int = 1) -> bytes:
    """All that comes back on one connection, until there are so many answers or it is closed."""
    port = urlsplit(simulator["alpha"].url).port
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        line.sendall(sent)
        came = b""
        while came.count(b"HTTP/1.1 ") < answers or not came.endswith(b"}"):
            part = line.recv(65_536)
            if not part:
                break
            came += part
    return came


# ── Control ──────────────────────────────────────────────────────────────────────────────────────


def test_it_says_how_it_stands(simulator: Simulator) -> None:
    """On every provider's port, of all of them."""
    _ask(simulator)
    simulator.play("error_503", "alpha")
    _ask(simulator)
    until(lambda: len(simulator.log) == 2)
    status, text = _say(f"{simulator['beta'].root}/simulator")
    assert status == 200
    alpha, beta = json.loads(text)["providers"]
    assert (alpha["provider"], alpha["profile"], alpha["requests"]) == ("alpha", "error_503", 2)
    assert alpha["faults"] == {"ok": 1, "error_503": 1}
    assert alpha["statuses"] == {"200": 1, "503": 1}
    assert alpha["in_flight"] == 0
    assert (beta["provider"], beta["requests"]) == ("beta", 0)


def test_a_profile_is_put_in_place(simulator: Simulator) -> None:
    """For the provider of the port; for another one, or for all, where that is said."""
    alpha = f"{simulator['alpha'].root}/simulator/profile"
    assert _say(alpha, method="PUT", body=b"error_500")[0] == 200
    assert [_ask(simulator, name)[0] for name in ("alpha", "beta")] == [500, 200]
    _say(f"{alpha}?provider=beta", method="PUT", body=b"error_503")
    assert [_ask(simulator, name)[0] for name in ("alpha", "beta")] == [500, 503]
    _say(f"{alpha}?provider=all", method="PUT", body=b"ok")
    assert [_ask(simulator, name)[0] for name in ("alpha", "beta")] == [200, 200]


def test_a_bad_profile_changes_nothing_and_is_told_why(simulator: Simulator) -> None:
    url = f"{simulator['alpha'].root}/simulator/profile"
    status, text = _say(url, method="PUT", body=b"bogus")
    assert status == 400
    assert "there is no fault 'bogus'; known are ok," in text
    status, text = _say(f"{url}?provider=gamma", method="PUT", body=b"ok")
    assert (status, "alpha, beta" in text) == (400, True)
    assert _ask(simulator)[0] == 200


def test_the_log_is_read_from_where_one_was_and_forgotten(simulator: Simulator) -> None:
    for name in ("alpha", "beta", "alpha"):
        _ask(simulator, name)
    until(lambda: len(simulator.log) == 3)
    url = f"{simulator['beta'].root}/simulator/log"
    lines = [json.loads(line) for line in _say(url)[1].splitlines()]
    assert [(line["line"], line["provider"], line["n"]) for line in lines] == [
        (1, "alpha", 1),
        (2, "beta", 1),
        (3, "alpha", 2),
    ]
    assert {line["ticket"] for line in lines} == {"T-1"}
    assert len(_say(f"{url}?since=2")[1].splitlines()) == 1
    assert len(_say(f"{url}?provider=alpha")[1].splitlines()) == 2
    assert _say(f"{url}?since=soon")[0] == 400
    assert _say(url, method="DELETE")[0] == 200
    assert _say(url) == (200, "")
    assert simulator.state()["log"] == {"kept": 0, "dropped": 0}


def test_control_is_no_request_of_the_providers(simulator: Simulator) -> None:
    """It is neither counted nor logged, and no fault befalls it."""
    simulator.play("error_500")
    assert _say(f"{simulator['alpha'].root}/simulator")[0] == 200
    assert _say(f"{simulator['alpha'].root}/simulator/elsewhere")[0] == 404
    assert list(simulator.log) == []
    assert simulator["alpha"].asked == 0


# ── Ports ────────────────────────────────────────────────────────────────────────────────────────


def test_a_port_refuses_and_its_sibling_opens_it_again(simulator: Simulator) -> None:
    simulator.play("refused", "alpha")
    assert (_refuses(simulator, "alpha"), _refuses(simulator, "beta")) == (True, False)
    url = f"{simulator['beta'].root}/simulator/profile?provider=alpha"
    assert _say(url, method="PUT", body=b"ok")[0] == 200
    until(lambda: not _refuses(simulator, "alpha"))
    assert _ask(simulator)[0] == 200


def test_a_schedule_closes_a_port_and_opens_it_again(simulator: Simulator) -> None:
    """By itself: over that port nobody could tell it to."""
    simulator.play("0s refused; 0.5s error_503; 1s ok", "alpha")
    assert _refuses(simulator, "alpha")
    until(lambda: not _refuses(simulator, "alpha"))
    assert _ask(simulator)[0] == 503
    until(lambda: _ask(simulator)[0] == 200)


def test_a_port_that_refuses_is_taken_by_nobody_else(simulator: Simulator) -> None:
    simulator.play("refused", "alpha")
    port = urlsplit(simulator["alpha"].url).port
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port))


def test_who_is_in_is_dropped_when_a_port_begins_to_refuse(simulator: Simulator) -> None:
    simulator.play("slow_5", "alpha")
    port = urlsplit(simulator["alpha"].url).port
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        line.sendall(_post(json.dumps(BODY)))
        until(lambda: simulator["alpha"].in_flight == 1)
        simulator.play("refused", "alpha")
        assert line.recv(1) == b""
    until(lambda: len(simulator.log) == 1)
    [record] = simulator.log
    assert (record.fault, record.outcome) == ("slow_5", "dropped")


def test_who_leaves_and_who_is_left_hanging_are_told_apart(simulator: Simulator) -> None:
    port = urlsplit(simulator["alpha"].url).port
    for profile in ("slow_5", "hang"):
        simulator.play(profile)
        with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
            line.sendall(_post(json.dumps(BODY)))
            until(lambda: simulator["alpha"].in_flight == 1)
        until(lambda: simulator["alpha"].in_flight == 0)
    assert [(record.fault, record.outcome) for record in simulator.log] == [
        ("slow_5", "left"),
        ("hang", "hung"),
    ]


@pytest.mark.alone
def test_a_latency_is_waited() -> None:
    """By answers of the model; what refuses comes at once."""
    with running(Simulator({"alpha": 0}, latency="0.3")) as slow:
        began = time.monotonic()
        assert _ask(slow)[0] == 200
        assert 0.3 <= time.monotonic() - began < 3
        slow.play("error_500")
        began = time.monotonic()
        assert _ask(slow)[0] == 500
        assert time.monotonic() - began < 0.3


def test_a_port_that_is_taken_is_refused_with_a_remedy() -> None:
    port = a_port()
    with (
        running(Simulator({"alpha": port})),
        pytest.raises(RefusedToStart, match=r"--provider NAME=PORT"),
        running(Simulator({"beta": 0, "alpha": port})),
    ):
        pass


@pytest.mark.parametrize("ports", [{}, {"all": 0}])
def test_names_that_control_could_not_tell_apart_are_refused(ports: dict[str, int]) -> None:
    with pytest.raises(OperatorError, match="at least one provider"):
        Simulator(ports)


# ── Requests ─────────────────────────────────────────────────────────────────────────────────────


def _post(body: str, *, path: str = "/v1/chat/completions", head: str = "") -> bytes:
    said = body.encode()
    return f"POST {path} HTTP/1.1\r\ncontent-length: {len(said)}\r\n{head}\r\n".encode() + said


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/chat/completions", "/messages"])
def test_a_base_url_may_end_with_or_without_a_version(simulator: Simulator, path: str) -> None:
    assert b"HTTP/1.1 200" in _raw(simulator, _post(json.dumps(BODY), path=path))


@pytest.mark.parametrize(
    "sent",
    [
        _post("{}"),
        _post("no json"),
        _post('{"model": "m", "messages": 7}'),
        _post('{"model": "m", "messages": []}'),
        _post(json.dumps(BODY), path="/v1/embeddings"),
        b"GET /v1/chat/completions HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_no_question_is_told_so_and_logged(simulator: Simulator, sent: bytes) -> None:
    assert b"HTTP/1.1 404" in _raw(simulator, sent)
    until(lambda: len(simulator.log) == 1)
    [record] = simulator.log
    assert (record.fault, record.status, record.input_tokens) == ("no_question", 404, 0)


@pytest.mark.parametrize(
    "sent",
    [
        _post("{}", head="transfer-encoding: chunked\r\n"),
        b"POST /v1 HTTP/1.1\r\ncontent-length: -5\r\n\r\n",
        b"POST /v1 HTTP/1.1\r\ncontent-length: 99999999999\r\n\r\n",
        b"x" * 70_000,
    ],
)
def test_what_cannot_be_read_is_hung_up_on(simulator: Simulator, sent: bytes) -> None:
    with suppress(ConnectionResetError):  # it had not read to the end
        assert _raw(simulator, sent) == b""
    assert _ask(simulator)[0] == 200


def test_requests_in_a_row_are_answered_in_their_order(simulator: Simulator) -> None:
    """Hundreds sent before the first answer was read, in pieces as they come."""
    many = b"".join(_post(json.dumps(BODY | {"model": f"m{n}"})) for n in range(500))
    came = _raw(simulator, many, answers=500)
    assert came.count(b"HTTP/1.1 200") == 500
    until(lambda: len(simulator.log) == 500)
    assert [record.model for record in simulator.log] == [f"m{n}" for n in range(500)]


def test_a_request_behind_a_slow_one_waits_for_its_turn(simulator: Simulator) -> None:
    simulator.play("slow_0.2")
    assert _raw(simulator, _post(json.dumps(BODY)) * 3, answers=3).count(b"HTTP/1.1 200") == 3
    until(lambda: len(simulator.log) == 3)
    assert [record.n for record in simulator.log] == [1, 2, 3]


def test_a_model_named_in_half_a_letter_is_answered(simulator: Simulator) -> None:
    """JSON may hold half of a surrogate pair; what answers it must not break on it."""
    said = _raw(
        simulator, _post('{"model": "\\ud83d", "messages": [{"role": "user", "content": "x"}]}')
    )
    assert b"HTTP/1.1 200" in said
