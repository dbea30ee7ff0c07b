"""A service of facts that fails in every way that a service can; and whom it can be made to ask."""

import asyncio
import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.errors import FactsDown
from tasks.facts import Account
from tasks.ticket import Requester
from tests.contracts.fact_offices import ADA, in_service
from tests.stubs.facts_service import (
    ACCOUNT,
    REST,
    SECRET,
    VARIABLE,
    FactsService,
    facts_service,
)
from tests.twins.breakers import processes
from tests.twins.facts import foreign
from worker.facts.sources import FactSources
from worker.guards.doors import Doors
from worker.simulator.answer import Answer, answering

TEXT = (ACCOUNT + REST).replace('kind = "http"\n', 'kind = "http"\nmost_bytes = 5_000\n')
QUICK = TEXT.replace("[account]\n", "[account]\ntimeout_seconds = 0.3\n")
PERSON = {
    "no": "C-1",
    "contact": {"mail": "ada@example.com"},
    "contract": {"name": "Metal", "level": "gold"},
}


@pytest.fixture
def service() -> Iterator[FactsService]:
    with facts_service() as served:
        served.people["ada@example.com"] = PERSON
        yield served


def _sources(service: FactsService, folder: Path, text: str = QUICK) -> FactSources:
    return foreign(folder, text.replace("PORT", service.port), {VARIABLE: SECRET})


def _account(facts: FactSources, requester: Requester = ADA) -> Account | None:
    async def asked() -> Account | None:
        try:
            return (await facts.account(requester)).fact
        finally:
            await facts.aclose()

    return asyncio.run(asked())


def test_the_service_is_asked_with_its_key_and_told_who_asks(
    service: FactsService, tmp_path: Path
) -> None:
    """And for nothing but JSON, as it is."""
    account = _account(_sources(service, tmp_path))
    assert account is not None
    assert account.tier == "business"
    [request] = service.requests
    assert request.method == "GET"
    assert request.headers["authorization"] == SECRET
    assert request.headers["accept"] == "application/json"
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["user-agent"].startswith("triage-fleet/")


FAULTS: dict[str, tuple[Answer, str]] = {
    "an error": (Answer(status=500), "it answered 500"),
    "too many requests": (answering({}, status=429), "it answered 429"),
    "another 4xx": (answering({}, status=418), "it answered 418"),
    "no content": (Answer(status=204, body=b""), "it answered 204"),
    "no answer": (Answer(end="hang"), "no answer within 0.3 s"),
    "slow": (Answer(latency_seconds=5), "no answer within 0.3 s"),
    "byte by byte": (Answer(body=b" " * 100, drip_seconds=0.1), "no answer within 0.3 s"),
    "reset": (Answer(end="reset"), "no answer (Client"),
    "torn": (Answer(body=b" " * 90, unsent=50, end="tear"), "no answer (ClientPayloadError)"),
    "no JSON": (Answer(body=b"<html>maintenance</html>"), "is no JSON"),
    "empty": (Answer(body=b""), "is no JSON"),
    "no number": (Answer(body=b'{"data": NaN}'), "is no JSON"),
    "endless": (Answer(body=b'{"data": -Infinity}'), "is no JSON"),
    "no text": (Answer(body=b'{"data": "\xff"}'), "is no JSON"),
    "a number of pages": (Answer(body=b"9" * 4_900), "is no JSON"),
    "an exponent of pages": (Answer(body=b"1e" + b"9" * 4_000), "is no JSON"),
    "a well": (Answer(body=b"[" * 4_900), "is no JSON"),
    "5 MB": (Answer(body=b" " * 5_000_000), "more than 5000 bytes"),
    "packed": (
        Answer(body=gzip.compress(b"{}"), headers={"content-encoding": "gzip"}),
        "packed, which it was not asked for",
    ),
    "another shape": (answering([]), "the answer has nothing at 'data.person'"),
    "a list": (answering({"data": {"person": [PERSON]}}), "it is no object"),
    "another's": (
        answering({"data": {"person": {**PERSON, "contact": {"mail": "bob@example.com"}}}}),
        "it is another customer's, by 'contact.mail'",
    ),
    "an unknown level": (
        answering({"data": {"person": {**PERSON, "contract": {"name": "x", "level": "iron"}}}}),
        "tier ('contract.level' there) is none of basic, plus, business",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_goes_wrong_is_said_and_is_down(
    service: FactsService, tmp_path: Path, fault: str
) -> None:
    """By name, with nothing of the answer, of the customer or of the key."""
    service.faults["people"], said = FAULTS[fault]
    with pytest.raises(FactsDown) as down:
        _account(_sources(service, tmp_path))
    assert said in str(down.value)
    assert not any(word in str(down.value) for word in ("iron", "example.com", "made-up", "html"))


def test_a_service_that_is_not_there_is_down(service: FactsService, tmp_path: Path) -> None:
    text = QUICK.replace("PORT", "1")
    with pytest.raises(FactsDown, match=r"^shop, account: no answer \(ClientConnectorError\)$"):
        _account(_sources(service, tmp_path, text))


def test_a_404_is_nobody_only_where_config_says_so(service: FactsService, tmp_path: Path) -> None:
    """A service that has moved must not make strangers of all customers."""
    bob = Requester(email="bob@example.com")
    assert _account(_sources(service, tmp_path), bob) is None
    text = QUICK.replace("unknown_status = [404]\n", "")
    with pytest.raises(FactsDown, match=r"say unknown_status = \[404\]"):
        _account(_sources(service, tmp_path, text), bob)


def test_a_redirect_is_not_followed(service: FactsService, tmp_path: Path) -> None:
    """The key would go along, to whomever."""
    with facts_service() as elsewhere:
        elsewhere.people["ada@example.com"] = PERSON
        to = f"{elsewhere.root}/api/v2/people/ada@example.com"
        service.faults["people"] = answering({}, status=302, headers={"location": to})
        with pytest.raises(FactsDown, match="302: redirects are not followed"):
            _account(_sources(service, tmp_path))
        assert elsewhere.requests == []


ADDRESSES = (
    "../../admin",
    "a/../../../admin?x=1",
    "a?person=C-2",
    "a#b",
    "a&person=C-2",
    "//evil.example/x",
    "@evil.example",
    "a%2f..%2fadmin",
    "a b\r\nx-evil: 1",
    "ä€\u2028@example.com",
    "\\\\evil.example",
    "{customer_id}",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_address_leads_elsewhere(service: FactsService, tmp_path: Path, address: str) -> None:
    """Whatever customers call themselves, it is one part of the path that config gives."""
    email = address.strip().lower()
    service.people[email] = {**PERSON, "contact": {"mail": email}}
    assert _account(_sources(service, tmp_path), Requester(email=address)) is not None
    [request] = service.requests
    assert request.path.startswith("/api/v2/people/")
    assert request.path.count("/") == 4
    assert request.query == {}
    assert "x-evil" not in request.headers


@pytest.mark.parametrize("address", [".", ".."])
def test_an_address_that_a_path_cannot_hold_is_not_asked_about(
    service: FactsService, tmp_path: Path, address: str
) -> None:
    """Servers take these two for steps, escaped or not."""
    with pytest.raises(FactsDown, match="no name that a path can hold"):
        _account(_sources(service, tmp_path), Requester(email=address))
    assert service.requests == []


def test_a_key_that_is_refused_closes_its_guard(service: FactsService, tmp_path: Path) -> None:
    """By the variable's name; the service's own breaker stays as it is."""
    [one] = processes()
    facts = foreign(
        tmp_path,
        QUICK.replace("PORT", service.port),
        {VARIABLE: "Bearer wrong"},
        guards=Doors(one.breakers),
    )
    with pytest.raises(FactsDown, match=f"401, it refuses {VARIABLE}"):
        _account(facts)
    assert one.state(f"credential:{VARIABLE}") == "open"
    assert one.state("facts:shop") == "closed"


def test_a_customer_is_one_question_for_each_fact(service: FactsService, tmp_path: Path) -> None:
    """All at the same time, and the account once."""
    facts = in_service(service, tmp_path).facts
    assert isinstance(facts, FactSources)

    async def asked() -> None:
        await asyncio.gather(
            facts.account(ADA), facts.billing(ADA), facts.incidents(ADA), facts.interactions(ADA)
        )
        await facts.aclose()

    asyncio.run(asked())
    paths = sorted(request.path.removeprefix("/api/v2/") for request in service.requests)
    assert paths == [
        "bookings",
        "outages",
        "people/ada%40example.com",
        "people/ada%40example.com/calls",
    ]


def test_numbers_are_read_as_they_are_written(service: FactsService, tmp_path: Path) -> None:
    """Money that has been a float is not the same money."""
    in_service(service, tmp_path)
    booked = json.loads(json.dumps(service.bookings["C-1"][0]))
    booked["sum"]["amount"] = "EXACT"
    said = json.dumps({"items": [booked]}).replace('"EXACT"', "0.10000000000000000001")
    service.faults["bookings"] = Answer(body=said.encode())
    facts = _sources(service, tmp_path)

    async def asked() -> str:
        found = (await facts.billing(ADA)).fact
        await facts.aclose()
        return str(found[0].amount)

    assert asyncio.run(asked()) == "0.10000000000000000001"
