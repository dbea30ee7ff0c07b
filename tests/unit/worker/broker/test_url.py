"""Celery and redis-py write the same address in two ways; people see it without passwords."""

from pathlib import Path

import pytest

from worker.broker.url import client_url, shown, socket_url
from worker.refusals import RefusedToStart


@pytest.mark.parametrize(
    ("celery", "client"),
    [
        ("redis://:secret@host:6380/2", "redis://:secret@host:6380/2"),
        ("redis+socket:///run/r.sock?virtual_host=3", "unix:///run/r.sock?db=3"),
        ("redis+socket:///run/r.sock", "unix:///run/r.sock"),
        (
            "rediss://host/0?ssl_cert_reqs=CERT_REQUIRED",
            "rediss://host/0?ssl_cert_reqs=required",
        ),
    ],
)
def test_an_address_is_translated(celery: str, client: str) -> None:
    assert client_url(celery) == client


@pytest.mark.parametrize("url", ["amqp://host//", "host:6379", "", "memory://"])
def test_a_broker_of_another_kind_is_refused_with_what_is_served(url: str) -> None:
    with pytest.raises(RefusedToStart, match="redis, rediss, redis\\+socket"):
        client_url(url)


def test_a_socket_with_spaces_has_an_address() -> None:
    url = socket_url(Path("/a b/100%/r.sock"))
    assert url == "redis+socket:///a%20b/100%25/r.sock?virtual_host=0"


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("redis://user:secret@host:6380/2", "redis://***@host:6380/2"),
        ("redis://host/2", "redis://host/2"),
        ("redis+socket:///r.sock?virtual_host=0&password=secret", "redis+socket:///r.sock"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, seen: str) -> None:
    assert shown(url) == seen
