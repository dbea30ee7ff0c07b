"""Two hundred tickets full of personal data, and nobody outside ever sees any of it."""

import base64
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tasks.redaction.find import Kind
from tasks.run import Run, State
from tests.acceptance.fleet import Place, Said, a_line, a_place
from tests.acceptance.hosted import GUARDS, POLICY, SETTINGS, environment, says
from tests.acceptance.patience import until
from tests.acceptance.talkative_app import planted_in
from tests.acceptance.wiretap import wiretap
from tests.stubs.openai_server import OpenAIServer, openai_server
from tests.stubs.sentry_server import SentryServer, sentry_server
from tests.twins.planted import PLANTED, traces
from worker.broker import server
from worker.simulator.answer import Answer

pytestmark = pytest.mark.timeout(150)

CELERY = (sys.executable, "-m", "celery", "-A", "tests.acceptance.talkative_app")
WORKER = ("worker", "-P", "threads", "-c", "32", "--without-gossip", "--without-mingle")
TICKETS, BUGS = 200, 70
"""The first ones are those that the helpdesk trips over: one of each that is planted, and more."""

SHORTEST = 8
"""Characters of what is looked for: three digits stand in every log by chance."""

CUSTOMERS = tuple(f"quince.customer{number}@example.com" for number in range(3))
VALUES = (*(value for _, _, value in PLANTED if len(value) >= SHORTEST), *CUSTOMERS)
NAMED = re.compile(r"\[[A-Z]+_[0-9]+\]")


class Parrot(OpenAIServer):
    """Writes into its draft and its reason the first placeholder that it was shown."""

    def next_answer(self) -> Answer:
        """An answer about the newest request."""
        shown = self.requests[-1].json()["messages"][1]["content"]
        said = json.loads(shown[shown.index("{") : shown.rindex("}") + 1])["ticket"]["message"]
        found = NAMED.search(said)
        name = found[0] if found else "nothing"
        return says(draft=f"We have noted {name}.", reason=f"asks about {name}")


@dataclass(kw_only=True)
class Day:
    """What came of the tickets, and everything that left the house."""

    place: Place
    runs: dict[str, Run]
    provider: Parrot
    sentry: SentryServer
    ended: Said
    broker: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    folder = tmp_path_factory.mktemp("personal")
    with (
        sentry_server() as sentry,
        openai_server(stub=Parrot(says())) as provider,
        server.start(folder / "redis") as redis,
        wiretap(Path(urlsplit(redis.url).path)) as tap,
    ):
        assert isinstance(provider, Parrot)
        more = {
            "TRIAGE_BROKER_URL": redis.url,
            "SENTRY_DSN": sentry.dsn,
            "TRIAGE_LOG_LEVEL": "DEBUG",
        }
        place = a_place(
            folder,
            environment(provider) | more,
            facts=str(_facts(folder / "known")),
            policy=POLICY,
            guards=GUARDS,
            settings=SETTINGS,
        )
        try:
            lived = _lived(place, provider, sentry)
            lived.broker = [tap.raw().decode(errors="replace"), *map(_opened, tap.pushed())]
            yield lived
        finally:
            place.clear()


def _lived(place: Place, provider: Parrot, sentry: SentryServer) -> Day:
    worker = place.start(*WORKER, command=CELERY)
    until(lambda: place.shop.ledger.workers() or worker.process.poll() is not None, 60)
    lines = [_line(number) for number in range(TICKETS)]
    assert place.take_in(*lines).ingested == TICKETS
    until(place.is_settled, 90)
    bugs = sum(run.state is State.DEAD for run in place.runs(limit=None))
    until(lambda: len(sentry.events) >= bugs)
    runs = {str(run.external_id): run for run in place.runs(limit=None)}
    ended = worker.end()
    return Day(place=place, runs=runs, provider=provider, sentry=sentry, ended=ended)


def _line(number: int) -> str:
    """A ticket with one of what is planted in each of its texts, and its neighbours beside it."""
    ticket = f"{'BUG' if number < BUGS else 'T'}-{number}"
    text, _ = planted_in(ticket)
    near, _ = planted_in(f"T-{number + 1}")
    far, _ = planted_in(f"T-{number + 7}")
    thread = [
        {"author": "customer", "body": near},
        {"author": "agent", "body": f"You wrote: {far}"},
        {"author": "customer", "body": f"Yes.\n{text}"},
    ]
    line = json.loads(a_line(ticket, f"Which rate is it?\n{text}", subject=far, thread=thread))
    line["requester"]["email"] = CUSTOMERS[number % len(CUSTOMERS)]
    return json.dumps(line)


def _facts(folder: Path) -> Path:
    """Three customers, and what they have said to support before: all that is planted."""
    folder.mkdir()
    accounts = {
        address: {"customer_id": f"C-{address[14:15]}", "plan": "basic", "tier": "basic"}
        for address in CUSTOMERS
    }
    interactions = {
        account["customer_id"]: [
            {
                "id": f"S-{place}",
                "at": "2025-11-18T12:42:00Z",
                "channel": "email",
                "summary": sentence.format(value),
                "outcome": "answered",
            }
            for place, (_, sentence, value) in enumerate(PLANTED)
            if place % len(CUSTOMERS) == number
        ]
        for number, account in enumerate(accounts.values())
    }
    files = {
        "accounts": accounts,
        "billing_events": {},
        "incidents": [],
        "interactions": interactions,
    }
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return folder


def _opened(pushed: tuple[str, bytes]) -> str:
    """A message with its envelope taken off: Celery's own is base64 in JSON, ours is not."""
    message = json.loads(pushed[1])
    body = message["body"]
    is_packed = message["properties"].get("body_encoding") == "base64"
    return json.dumps(message) + (base64.b64decode(body).decode() if is_packed else body)


def _leaks(texts: list[str]) -> list[str]:
    """Each planted value that stands in one of them, however it is written."""
    joined = "\n".join(texts)
    return [value for value in VALUES if any(trace in joined for trace in traces(value))]


def test_every_ticket_came_to_where_it_should(day: Day) -> None:
    """The rest of this file is about something: all were asked about, some made a bug each."""
    states = {ticket: run.state for ticket, run in day.runs.items()}
    assert len(states) == TICKETS
    assert {state for ticket, state in states.items() if ticket[0] == "T"} == {State.WRITTEN}
    assert {state for ticket, state in states.items() if ticket[0] == "B"} == {State.DEAD}
    assert len(day.provider.requests) == TICKETS
    assert len(day.sentry.events) == BUGS
    assert day.ended.code == 0


def test_what_is_looked_for_would_be_found(day: Day) -> None:
    """In the tickets as they came, and in a request as it would have been."""
    texts = [_line(number) for number in range(TICKETS)]
    assert set(_leaks(texts)) == {*VALUES}
    sent = [json.dumps({"content": text}) for text in texts]
    assert set(_leaks(sent)) == {*VALUES}


def test_no_request_to_a_provider_has_any_of_it(day: Day) -> None:
    """In no part of it, whether it is read as it was sent or unpacked."""
    raw = [request.raw.decode() for request in day.provider.requests]
    said = [turn["content"] for r in day.provider.requests for turn in r.json()["messages"]]
    heads = [json.dumps(dict(r.headers)) + r.target for r in day.provider.requests]
    assert _leaks(raw + said + heads) == []
    shown = "".join(said)
    assert {kind for kind in Kind if f"[{kind}_1]" in shown} == {*Kind}


def test_no_log_line_has_any_of_it(day: Day) -> None:
    """Though a library has logged all of it, and though the level is DEBUG."""
    log = day.ended.err + day.ended.out
    assert _leaks([log]) == []
    assert log.count('"logger": "a.library"') == 2 * BUGS
    assert log.count("cannot write ") == 2 * BUGS


def test_no_event_for_sentry_has_any_of_it(day: Day) -> None:
    """Though the errors quote it, and a library has told the scope."""
    envelopes = [envelope.decode() for envelope in day.sentry.raw]
    assert _leaks(envelopes) == []
    assert all({*event["tags"]} == {"run", "stage", "tier"} for event in day.sentry.events)
    [inner, outer] = day.sentry.events[0]["exception"]["values"]
    assert (inner["type"], outer["type"]) == ("KeyError", "RuntimeError")


def test_no_message_on_the_broker_has_any_of_it(day: Day) -> None:
    """Nor anything else that anybody has said to Redis."""
    assert len(day.broker) > TICKETS
    assert _leaks(day.broker) == []


def test_the_ledger_keeps_the_request_as_it_was_sent(day: Day) -> None:
    page = day.place.ask("ticket", "show", "T-100", "--json").json()
    asked = [text for name, text in page["texts"].items() if name.startswith("question.")]
    assert len(asked) == 1
    assert _leaks(asked) == []
    _, value = planted_in("T-100")
    [names] = [text for name, text in page["texts"].items() if name.startswith("placeholders.")]
    assert value in json.loads(names).values()
    assert _leaks([json.dumps(page["events"])]) == []


def test_what_the_model_says_of_it_is_read_with_the_real_values(day: Day) -> None:
    """A colleague reads the address in the suggested reply, and no name that stands for it."""
    told = 0
    for ticket in (name for name in day.runs if name.startswith("T")):
        shown = day.place.shop.sandbox.show(day.runs[ticket].external_id)
        assert shown
        drafts = [note.body for note in shown.notes if "Suggested reply" in note.body]
        assert not any(NAMED.search(draft) for draft in drafts)
        told += any(planted_in(ticket)[1] in draft for draft in drafts)
    assert told > (TICKETS - BUGS) / 2
