"""`triage check` says where nobody listens before a ticket is spent on finding out."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.fleet import a_place

HOSTED = {"TRIAGE_MODEL": "openai/m", "TRIAGE_MODEL_PRICE": "1,2"}


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def _said(folder: Path, port: int, **variables: str) -> dict[str, str | None]:
    """What is found about the model; a server that is away keeps no fleet from starting."""
    base = {"TRIAGE_MODEL_API_BASE": f"http://127.0.0.1:{port}/v1/made-up-key"}
    found = a_place(folder, HOSTED | base | variables).ask("check", "--json").json()["findings"]
    [one] = [finding for finding in found if finding["what"] == "model openai/m"]
    return dict(one)


def test_a_server_that_listens_is_fine(tmp_path: Path, listening: socket.socket) -> None:
    said = _said(tmp_path, listening.getsockname()[1])
    assert (said["level"], said["remedy"]) == ("ok", None)


def test_where_nobody_listens_is_named_without_its_path(
    tmp_path: Path, listening: socket.socket
) -> None:
    port = listening.getsockname()[1]
    listening.close()
    said = _said(tmp_path, port)
    assert said["level"] == "warning"
    assert f"no connection to 127.0.0.1:{port} (ConnectionRefusedError)" in str(said["says"])
    assert str(said["remedy"]).startswith("start its server")
    assert "made-up-key" not in str(said)


def test_what_lies_behind_a_proxy_is_left_to_it(tmp_path: Path, listening: socket.socket) -> None:
    port = listening.getsockname()[1]
    listening.close()
    said = _said(tmp_path, port, http_proxy="http://127.0.0.1:9", no_proxy="")
    assert said["level"] == "ok"
