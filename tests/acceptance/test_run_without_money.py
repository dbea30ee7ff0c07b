"""A run that has nothing left to spend ends, and says what it is that its tickets wait for."""

from pathlib import Path

from tests.acceptance.fleet import a_line, a_place, an_inbox
from worker.cli.exit_codes import ExitCode

NEVER_ASKED = {
    "TRIAGE_MODEL": "openai/m",
    "TRIAGE_MODEL_PRICE": "1,2",
    "TRIAGE_MODEL_API_BASE": "http://127.0.0.1:9/v1",
}


def test_a_run_without_money_ends_and_says_so(tmp_path: Path) -> None:
    place = a_place(tmp_path, NEVER_ASKED)
    try:
        place.ask("spend", "set-cap", "fleet", "0", "--why", "a test", "--yes")
        inbox = an_inbox(tmp_path / "inbox.jsonl", [a_line("T-1", "Hello")])
        said = place.ask("run", f"file:{inbox}", code=ExitCode.NEEDS_YOU)
        assert "1 out of money until midnight UTC or a higher cap: `triage spend`" in said.err
        assert "model: none has answered" in said.out
    finally:
        place.clear()
