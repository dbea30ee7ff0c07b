"""What there is to take back is read from the chain of writes to each field."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errands.taking_back import Left, Step, batch_of, recall_key, take_back
from tasks.ports.ledger import Intent, Wrote
from tasks.run import RunId

BAD, GOOD = "bad", "good"
TICKET = "abcdef0123456789"


def wrote(
    revision: int,
    before: str | None,
    wanted: str | None,
    outcome: str | None = "applied",
    *,
    target: str = "queue",
    batch: str | None = None,
) -> Wrote:
    known = recall_key(batch, TICKET) if batch else f"tf-{revision}"
    intent = Intent(
        key=f"{known}:{target}",
        run=RunId(f"R-{revision}"),
        target=target,
        before=before,
        wanted=wanted,
        outcome=outcome,
    )
    return Wrote(revision=revision, intent=intent)


def taken(chain: Iterable[Wrote], *bad: int, batch: str | None = None) -> Step | Left | None:
    """What taking back these revisions comes to for the one field of the chain."""
    chain = list(chain)
    meant = {
        one.intent.key for one in chain if one.revision in bad and batch_of(one.intent) == batch
    }
    found = take_back(reversed(chain), meant)  # in whatever order they are brought
    both: list[Step | Left] = [*found.steps, *found.left]
    return both[0] if both else None


def restored(chain: Iterable[Wrote], *bad: int, batch: str | None = None) -> object:
    found = taken(chain, *bad, batch=batch)
    assert isinstance(found, Step), found
    return found.held, found.to


def left(chain: Iterable[Wrote], *bad: int) -> str:
    found = taken(chain, *bad)
    assert isinstance(found, Left), found
    return found.why


def test_what_was_there_before_is_put_back() -> None:
    assert restored([wrote(1, "inbox", "fraud")], 1) == ("fraud", "inbox")
    assert restored([wrote(1, None, "fraud")], 1) == ("fraud", None)


def test_of_a_ticket_written_twice_what_was_there_before_the_first() -> None:
    assert restored([wrote(1, "inbox", "a"), wrote(2, "a", "b")], 1, 2) == ("b", "inbox")


def test_what_another_version_wrote_stands() -> None:
    """Before what is meant: it is put back. After it: it is left."""
    twice = [wrote(1, "inbox", "a"), wrote(2, "a", "b")]
    assert restored(twice, 2) == ("b", "a")
    assert left(twice, 1) == "revision 2 says what it holds now"
    sandwich = [*twice, wrote(3, "b", "c")]
    assert restored(sandwich, 1, 3) == ("c", "b")


def test_what_another_version_would_have_written_too_stands() -> None:
    assert left([wrote(1, "inbox", "a"), wrote(2, "a", "a", "already")], 1)


def test_a_persons_value_is_nobodys_to_restore() -> None:
    assert left([wrote(1, "inbox", "a", "kept")], 1) == "a person's value was kept"
    assert left([wrote(1, "inbox", "a"), wrote(2, "a", "b", "kept")], 1, 2)


def test_what_was_put_back_for_a_person_is_theirs() -> None:
    """Ours had overwritten it, and it was restored under a key of ours."""
    back = wrote(1, "a", "vip")
    back = replace(back, intent=replace(back.intent, key="tf-1-back:queue", seq=2))
    chain = [wrote(1, "inbox", "a", "kept"), back]
    assert left(chain, 1) == "a person's value was kept"
    undecided = [wrote(1, "inbox", "a"), back]
    assert left(undecided, 1) == "a person's value was kept"


def test_what_it_held_already_was_not_written() -> None:
    assert left([wrote(1, "a", "a", "already")], 1) == "it held that before"
    assert restored([wrote(1, "x", "a"), wrote(2, "a", "a", "already")], 1, 2) == ("a", "x")


def test_what_may_have_been_written_is_looked_for() -> None:
    step = taken([wrote(1, "inbox", "a", None)], 1)
    assert isinstance(step, Step)
    assert not step.sure


def test_what_a_closed_ticket_did_not_take_does_not_count() -> None:
    assert taken([wrote(1, "inbox", "a", "gone")], 1) is None


def test_what_was_taken_back_is_not_taken_back_again() -> None:
    once = [wrote(1, "inbox", "a"), wrote(1, "a", "inbox", batch="B1")]
    assert left(once, 1) == "recall B1 has been here"


def test_a_recall_can_be_undone_and_that_too() -> None:
    once = [wrote(1, "inbox", "a"), wrote(1, "a", "inbox", batch="B1")]
    assert restored(once, 1, batch="B1") == ("inbox", "a")
    undone = [*once, wrote(1, "inbox", "a", batch="B2")]
    assert restored(undone, 1, batch="B2") == ("a", "inbox")
    assert isinstance(taken(undone, 1, batch="B1"), Left)


def test_every_note_is_declared_void_for_itself() -> None:
    """A later note does not replace an earlier one."""
    notes = [wrote(n, None, None, target="note:draft") for n in (1, 2)]
    found = take_back(notes, {"tf-1:note:draft", "tf-2:note:draft"})
    assert [(step.target, step.stands) for step in found.steps] == [
        ("note:draft@1", False),
        ("note:draft@2", False),
    ]
    again = [*notes, wrote(1, None, None, target="note:draft@1", batch="B1")]
    found = take_back(again, {notes[0].intent.key})
    assert not found.steps
    void = recall_key("B1", TICKET) + ":note:draft@1"
    [step] = take_back(again, {void}).steps
    assert step.stands


revisions = st.lists(
    st.tuples(st.sampled_from("abc"), st.booleans(), st.booleans()), min_size=1, max_size=6
)


@given(revisions)
def test_it_is_as_if_the_last_bad_ones_had_never_been(story: list[tuple[str, bool, bool]]) -> None:
    """`story`: what each revision wants, whether it is bad, whether a person edits before it."""
    held: str | None = "inbox"
    ours, honest, chain = True, held, []
    for number, (wanted, bad, edited) in enumerate(story, 1):
        if edited:
            held, ours = f"person-{number}", False
        if not ours:
            chain.append(wrote(number, "?", wanted, "kept"))
            continue
        outcome = "already" if held == wanted else "applied"
        chain.append(wrote(number, held, wanted, outcome))
        held = wanted
        honest = honest if bad else wanted
    bad_ones = [number for number, (_, bad, _) in enumerate(story, 1) if bad]
    found = taken(chain, *bad_ones)
    if isinstance(found, Step):
        assert ours
        assert (found.held, found.to) == (held, honest)
    elif ours and bad_ones and story[-1][1]:
        assert honest == held


@pytest.mark.parametrize("batch", ["20261121-215901-3fa2", "B"])
def test_a_key_says_its_recall(batch: str) -> None:
    assert batch_of(wrote(1, None, "a", batch=batch).intent) == batch
    assert batch_of(wrote(1, None, "a").intent) is None
