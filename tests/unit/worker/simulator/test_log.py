"""The log is what tests judge by: each request once, with what it cost, and never a key."""

import json
from dataclasses import asdict
from io import StringIO

from config.tiers import Price
from tests.twins.clock import StillClock
from tests.twins.ticket import a_ticket
from tests.unit.worker.simulator.asking import a_request, a_simulator, played
from worker.simulator.log import Log, Record
from worker.simulator.simulator import Simulator

KEY = "sk-very-secret"


def test_a_request_is_one_record() -> None:
    """Numbered by its provider and by the log; the text's mark says whose it is."""
    simulator = a_simulator()
    request = a_request(a_ticket("Where is it? (ticket C-000007)"), key=KEY)
    one = simulator["alpha"]
    one.ended(request, one.answer(request), "answered")
    [record] = simulator.log
    assert (record.line, record.n, record.provider, record.ticket) == (1, 1, "alpha", "C-000007")
    assert (record.fault, record.status, record.outcome) == ("ok", 200, "answered")
    assert (record.path, record.model) == ("/v1/chat/completions", "gpt-6-luna")
    assert KEY not in record.as_line()
    assert json.loads(record.as_line()) == asdict(record)


def test_two_keys_are_told_apart_and_neither_is_told() -> None:
    simulator = a_simulator()
    [mine] = played(simulator, 1, key="sk-mine")
    [other] = played(simulator, 1, key="sk-other")
    assert mine.key != other.key
    assert {len(mine.key), len(other.key)} == {8}
    assert mine.body == other.body


def test_errors_are_billed_nothing_and_answers_by_the_length_of_their_texts() -> None:
    simulator = a_simulator()
    [answered] = played(simulator, 1)
    simulator.set_profile("error_500")
    [failed] = played(simulator, 1)
    assert (failed.input_tokens, failed.cached_tokens, failed.output_tokens) == (0, 0, 0)
    assert answered.input_tokens > 1_024
    assert 0 < answered.cached_tokens < answered.input_tokens
    assert 0 < answered.output_tokens < 200
    assert played(a_simulator(), 1)[0].input_tokens == answered.input_tokens


def test_an_answer_that_never_arrived_whole_is_billed_as_any_other() -> None:
    """The model has said it; so have those that leave the count out."""
    simulator = a_simulator()
    [whole] = played(simulator, 1)
    for fault in ("cut", "reset_mid_body", "usage_missing", "slow_drip"):
        simulator.set_profile(fault)
        [record] = played(simulator, 1)
        assert record.output_tokens == whole.output_tokens, fault
    price = Price.model_validate({"input": 1, "output": 2})
    assert price.micro_usd(
        input_tokens=whole.input_tokens,
        cached_tokens=whole.cached_tokens,
        output_tokens=whole.output_tokens,
    )


def test_only_the_newest_are_kept_and_the_others_are_counted() -> None:
    file = StringIO()
    log = Log(most=3, file=file)
    for _ in range(5):
        log.add(_a_record(log.next_line()))
    assert [record.line for record in log] == [3, 4, 5]
    assert log.dropped == 2
    assert len(file.getvalue().splitlines()) == 5


def test_what_came_since_is_read_by_the_line() -> None:
    """Lines are in the order in which requests ended, and are not counted anew."""
    log = Log()
    for provider in ("alpha", "beta", "alpha"):
        log.add(_a_record(log.next_line(), provider))
    assert [record.line for record in log.since(1)] == [2, 3]
    assert [record.line for record in log.since(0, "alpha")] == [1, 3]
    log.forget()
    log.add(_a_record(log.next_line()))
    assert [record.line for record in log] == [4]


def test_what_is_under_way_is_counted_and_not_in_the_log() -> None:
    simulator = a_simulator("hang")
    one = simulator["alpha"]
    request = a_request()
    answer = one.answer(request)
    assert (one.in_flight, len(simulator.log)) == (1, 0)
    one.ended(request, answer, "hung")
    assert one.in_flight == 0
    [record] = simulator.log
    assert (record.status, record.outcome, record.output_tokens) == (None, "hung", 0)


def test_a_record_says_how_long_it_took() -> None:
    clock = StillClock()
    simulator = Simulator({"alpha": 0}, clock=clock)
    request = a_request()
    answer = simulator["alpha"].answer(request)
    clock.at += 1.5
    simulator["alpha"].ended(request, answer, "left")
    [record] = simulator.log
    assert (record.seconds, record.outcome) == (1.5, "left")


def _a_record(line: int, provider: str = "alpha") -> Record:
    [record] = played(a_simulator(), 1)
    return Record(**{**asdict(record), "line": line, "provider": provider})
