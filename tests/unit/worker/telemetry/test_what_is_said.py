"""Neither a log line nor an event for Sentry has personal data in it, whoever put it there."""

import copy
import json
import logging
import sys
import threading

import pytest

from tests.twins.planted import ORDINARY, PLANTED
from worker.telemetry.log import JsonLines, Log, set_up
from worker.telemetry.sentry import scrub

ALL = [sentence.format(value) for _, sentence, value in PLANTED]
VALUES = [value for _, _, value in PLANTED]


class Odd:
    """Something that JSON does not know."""

    def __str__(self) -> str:
        return "quince@example.org in no string"


def _lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [JsonLines().format(record) for record in caplog.records]


def _is_told(line: str, value: str) -> bool:
    return value in line or json.dumps(value)[1:-1] in line


@pytest.mark.parametrize(("sentence", "value"), [*zip(ALL, VALUES, strict=True)])
def test_no_log_line_has_it_wherever_it_was_put(
    sentence: str, value: str, caplog: pytest.LogCaptureFixture
) -> None:
    """As a library's message, as its argument, as a field, in a field, as a name in a field."""
    logging.getLogger("a.library").warning(sentence)
    logging.getLogger("a.library").warning("cannot send %s", sentence)
    Log("ours").error("some.bug", what=sentence, more=[{"a": (sentence,), sentence: 1}])
    lines = _lines(caplog)
    assert len(lines) == 3
    assert not any(_is_told(line, value) for line in lines)


def test_what_json_does_not_know_is_said_without_it(caplog: pytest.LogCaptureFixture) -> None:
    Log("ours").error("some.bug", what=Odd(), more={Odd(): {1: (None,)}})
    (line,) = _lines(caplog)
    told = json.loads(line)
    assert told["what"] == "[EMAIL_1] in no string"
    assert told["more"] == {"[EMAIL_1] in no string": {"1": [None]}}


def test_what_whoever_is_on_call_needs_is_left(caplog: pytest.LogCaptureFixture) -> None:
    """Events, ids, times, numbers, and where in their own network something is."""
    fields = {
        "run": "01JD2Q8ZK5T9X3W7V1M4N6P0RS",
        "at_broker": "redis://10.0.0.5:6379/0",
        "near": "127.0.0.1:5555 and ::1",
        "count": 4539148803436467,
        "seconds": 0.25,
        "none": None,
        "is_on": True,
        "said": list(ORDINARY),
    }
    Log("worker.carrying").warning("ticket.written", **fields)
    (line,) = _lines(caplog)
    told = json.loads(line)
    assert (told["event"], told["logger"]) == ("ticket.written", "worker.carrying")
    assert {name: told[name] for name in fields} == fields


def test_of_the_wide_world_no_address_is_left(caplog: pytest.LogCaptureFixture) -> None:
    Log("ours").warning("ticket.seen", by="8.8.4.4 by way of 10.0.0.5")
    assert json.loads(_lines(caplog)[0])["by"] == "[NETWORK_1] by way of 10.0.0.5"


def test_a_traceback_that_nobody_caught_has_none_of_it(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Of the process or of one of its threads; where it happened is said."""
    for owner in (sys, threading):
        monkeypatch.setattr(owner, "excepthook", None)  # put back at the end
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    set_up("INFO")

    def trips() -> None:
        raise KeyError(ALL[1])

    with pytest.raises(KeyError) as caught:
        trips()
    sys.excepthook(caught.type, caught.value, caught.tb)
    thread = threading.Thread(target=trips)
    thread.start()
    thread.join()
    told = capfd.readouterr().err
    assert told.count("KeyError: 'My card [CARD_1] was charged twice'") == 2
    assert told.count("in trips") == 2
    assert VALUES[1] not in told


@pytest.mark.parametrize(("sentence", "value"), [*zip(ALL, VALUES, strict=True)])
def test_no_event_for_sentry_has_it_wherever_the_sdk_put_it(sentence: str, value: str) -> None:
    """What is listed stays and is redacted; all else is left out, also what shows no secret."""
    frame = {"filename": "a.py", "function": "f", "lineno": 3, "vars": {"text": sentence}}
    event = {
        "event_id": "9fceb02d0ae598e95dc970b74767f193",
        "exception": {
            "values": [
                {
                    "type": "KeyError",
                    "value": f"a bare word, {sentence}",
                    "mechanism": {"type": sentence},
                    "stacktrace": {"frames": [frame]},
                },
                {"type": "ValueError", "value": sentence, "stacktrace": None},
            ]
        },
        "threads": {"values": [{"stacktrace": {"frames": [frame]}}]},
        "breadcrumbs": {"values": [{"message": sentence}]},
        "request": {"data": sentence},
        "extra": {"text": sentence},
        "user": {"email": sentence},
        "logentry": {"message": sentence, "params": [sentence]},
        "message": sentence,
        "transaction": sentence,
        "tags": {"run": "01JD2Q8ZK5T9X3W7V1M4N6P0RS", "text": sentence},
        "contexts": {"state": {"text": "a bare word"}},
        "server_name": "a-machine",
        "spans": [{"description": "a bare word"}],
    }
    told = scrub(copy.deepcopy(event), {})
    assert not _is_told(json.dumps(told), value)
    assert not _is_told(json.dumps(told, ensure_ascii=False), value)
    assert told["event_id"] == event["event_id"]
    assert told["tags"]["run"] == "01JD2Q8ZK5T9X3W7V1M4N6P0RS"
    assert [one["type"] for one in told["exception"]["values"]] == ["KeyError", "ValueError"]
    assert told["exception"]["values"][0]["stacktrace"]["frames"] == [
        {"filename": "a.py", "function": "f", "lineno": 3}
    ]
    assert told["exception"]["values"][0]["mechanism"]["type"] != sentence
    assert {*told["tags"]} == {"run"}
    for absent in ("a-machine", "a bare word", "threads", "breadcrumbs"):
        assert absent not in json.dumps(told)
