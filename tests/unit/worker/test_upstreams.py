"""What the guards of a worker know by name before its first ticket."""

from pathlib import Path

from config.environment import Environment
from config.load import load
from tests.stubs.facts_service import ACCOUNT, VARIABLE
from worker.upstreams import guards_asked

KEYS = {"OPENAI_API_KEY": "made-up", "GEMINI_API_KEY": "made-up"}
DESK = {"TRIAGE_HELPDESK": "rt", "TRIAGE_HELPDESK_URL": "http://127.0.0.1:1/"}


def _asked(variables: dict[str, str]) -> tuple[str, ...]:
    return guards_asked(load(Environment.read(variables)))


def test_models_judges_the_helpdesk_and_facts_are_known_and_what_has_no_key_is_not() -> None:
    assert _asked({**KEYS, **DESK, "TRIAGE_HELPDESK_TOKEN": "made-up"}) == (
        "openai",
        "gemini",
        "helpdesk:rt",
        "facts:files",
        "credential:OPENAI_API_KEY",
        "model:openai/gpt-6-luna",
        "model:openai/gpt-5-mini",
        "model:openai/gpt-6-sol",
        "credential:GEMINI_API_KEY",
        "model:gemini/gemini-3.8-flash",
        "credential:TRIAGE_HELPDESK_TOKEN",
    )


def test_a_model_in_the_worker_itself_passes_no_guard() -> None:
    assert _asked({}) == ("helpdesk:embedded", "facts:files")


def test_a_service_that_facts_are_had_from_is_known_by_its_key_too(tmp_path: Path) -> None:
    (tmp_path / "facts.toml").write_text(ACCOUNT)
    asked = _asked({"TRIAGE_CONFIG": str(tmp_path), VARIABLE: "made-up"})
    assert {"facts:shop", f"credential:{VARIABLE}"} < set(asked)
