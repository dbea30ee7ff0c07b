"""Which values no person has chosen, after all that a ticket has been through."""

import pytest

from tasks.desk import Past
from tasks.images import images, pre_image
from tasks.ports.ledger import Intent
from tasks.run import RunId
from tests.twins.ticket import a_ticket

TICKET = a_ticket(fields={"queue": "inbox"})


def wrote(
    key: str, before: str | None, wanted: str, outcome: str | None = "applied", seq: int = 1
) -> Intent:
    return Intent(
        key=f"{key}:queue",
        run=RunId("R-1"),
        target="queue",
        before=before,
        wanted=wanted,
        outcome=outcome,
        seq=seq,
    )


def queue(
    *,
    earlier: tuple[Intent, ...] = (),
    own: tuple[Intent, ...] = (),
    handed: tuple[Intent, ...] = (),
) -> tuple[str | None, ...]:
    past = Past(key="tf-1", earlier=earlier, own=own, handed=handed)
    return images(TICKET, past)["queue"]


def test_what_was_read_is_nobodys() -> None:
    assert queue() == ("inbox",)
    assert images(TICKET, Past(key="tf-1"))["priority"] == (None,)


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [("applied", ("cards",)), (None, ("inbox", "cards")), ("kept", ("inbox",))],
)
def test_what_an_older_revision_wrote_is_ours(
    outcome: str | None, expected: tuple[str, ...]
) -> None:
    assert queue(earlier=(wrote("tf-0", "inbox", "cards", outcome),)) == expected


def test_what_people_were_given_by_us_is_no_persons_choice() -> None:
    assert queue(handed=(wrote("ho-1", "inbox", "triage"),)) == ("triage",)
    assert queue(handed=(wrote("ho-1", "inbox", "triage", None),)) == ("inbox", "triage")
    assert queue(handed=(wrote("ho-1", "inbox", "triage", "kept"),)) == ("inbox",)


def test_of_the_runs_own_writes_the_later_one_counts() -> None:
    """Handed over before it was written; or dead in the middle of writing, and handed over then."""
    ours = wrote("tf-1", "triage", "cards", seq=9)
    assert queue(own=(ours,), handed=(wrote("ho-1", "inbox", "triage", seq=4),)) == ("triage",)
    ours = wrote("tf-1", "inbox", "cards", seq=4)
    assert queue(own=(ours,), handed=(wrote("ho-1", "cards", "triage", seq=9),)) == ("triage",)


def test_what_was_put_back_for_a_person_is_theirs() -> None:
    """Its key is ours, its value is not."""
    kept, back = wrote("tf-0", "inbox", "cards", "kept"), wrote("tf-0-back", "cards", "vip", seq=2)
    assert queue(earlier=(kept, back)) == ("inbox",)
    assert queue(own=(kept, back)) == ("inbox",)


def test_a_pre_image_is_what_no_person_has_chosen() -> None:
    assert pre_image("b", ("a", "b")) == "b"
    assert pre_image("a person's", ("a", "b")) == "a"
