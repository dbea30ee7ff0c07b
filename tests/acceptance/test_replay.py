"""`triage ticket replay`: the very request of then, once more; or one that is made anew."""

from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.fleet import ROOT, Place
from tests.acceptance.hosted import Hosted, answers, says

pytestmark = pytest.mark.timeout(90)


def _sent(hosted: Hosted, ticket: str) -> list[dict[str, Any]]:
    """What each request about it said."""
    found = []
    for request in hosted.provider.asked(ticket):
        body = request.json()
        found.append({name: body[name] for name in ("messages", "response_format")})
    return found


@pytest.fixture
def changed(hosted: Hosted, tmp_path: Path) -> Place:
    """The same home with another prompt and another taxonomy's words."""
    place = hosted.place.reconfigured(
        tmp_path / "config", "settings", "[pages]", "# changed\n[pages]"
    )
    prompts = tmp_path / "config" / "prompts"
    prompts.mkdir(exist_ok=True)
    shipped = (ROOT / "config/prompts/classify.md").read_text()
    (prompts / "classify.md").write_text(f"Today all is different.\n\n{shipped}")
    return place


def test_the_request_of_then_is_sent_once_more_whatever_the_prompt_is_now(
    hosted: Hosted, changed: Place
) -> None:
    run = hosted.triaged(
        says(issue_type="exchange"), body="Which rate? My card is 4111 1111 1111 1111"
    )
    hosted.plan(run.external_id, says(issue_type="top_up"))
    found = changed.triage("ticket", "replay", run.external_id, "--json").json()
    first, second = _sent(hosted, run.external_id)
    assert second == first
    assert "4111" not in str(second)
    assert found["request"] == "recorded"
    assert found["then"]["prompt"] == found["now"]["prompt"] == run.prompt
    assert (found["then"]["issue_type"], found["now"]["issue_type"]) == ("exchange", "top_up")
    assert "issue_type" in found["differs"]
    assert hosted.place.run(run.external_id) == run, "nothing was written"


def test_with_a_prompt_the_request_is_made_anew(hosted: Hosted, changed: Place) -> None:
    run = hosted.triaged(says(issue_type="exchange"))
    found = changed.triage(
        "ticket", "replay", run.external_id, "--prompt", "classify", "--json"
    ).json()
    first, second = _sent(hosted, run.external_id)
    assert second["messages"][0]["content"].startswith("Today all is different.")
    assert not first["messages"][0]["content"].startswith("Today all is different.")
    assert found["request"] == "rendered"
    assert found["now"]["prompt"] != run.prompt


def test_an_answer_of_another_shape_is_shown_its_error_as_then(hosted: Hosted) -> None:
    run = hosted.triaged(says(issue_type="exchange"))
    hosted.plan(run.external_id, answers("no JSON"), says(issue_type="exchange"))
    hosted.place.triage("ticket", "replay", run.external_id, "--json")
    first, again, corrected = _sent(hosted, run.external_id)
    assert again == first
    assert corrected["messages"][: len(first["messages"])] == first["messages"]
    assert corrected["messages"][-2]["content"] == "no JSON"


def test_people_read_the_request_turn_by_turn(hosted: Hosted) -> None:
    run = hosted.triaged(says(issue_type="exchange"))
    shown = hosted.place.ask("ticket", "show", run.external_id).out
    assert "[system]\nYou route one customer-support ticket." in shown
    assert "[user]\n=====DATA" in shown
