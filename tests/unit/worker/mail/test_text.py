"""Mails as people's programs write them; fixtures/mail has each with what a person would read."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.acceptance.fleet import ROOT
from tests.unit.worker.mail.parts import parts_of
from worker.mail.parts import HTML, PLAIN, Part
from worker.mail.text import Said, readable

MAILS = sorted((ROOT / "fixtures" / "mail").glob("*.eml"))


def listed(said: Said) -> str:
    names = f"\n\n[attached: {', '.join(said.attachments)}]" if said.attachments else ""
    return f"{said.text}{names}".strip()


@pytest.mark.parametrize("mail", MAILS, ids=lambda mail: mail.stem)
def test_a_mail_becomes_what_a_person_would_call_the_message(mail: Path) -> None:
    subject, parts = parts_of(mail.read_bytes())
    assert listed(readable(parts, subject=subject)) == mail.with_suffix(".txt").read_text().strip()


def test_what_is_split_off_is_kept() -> None:
    whole = "The blue one.\n\nOn 2 Nov 2026, Support wrote:\n> Which?"
    said = readable([Part(content_type=PLAIN, text=whole)])
    assert said == Said(text="The blue one.", quoted=whole)


def test_alternatives_say_it_once_and_all_else_is_said() -> None:
    """A picture in the middle makes two texts of one; a list adds its own to a page."""
    said = readable(
        [
            Part(content_type=PLAIN, text="Above.", alternative="a"),
            Part(content_type=HTML, text="<p>Above!</p>", alternative="a"),
            Part(content_type="image/png", text="", filename="card.png"),
            Part(content_type=HTML, text="<p>Below.</p>"),
            Part(content_type=PLAIN, text="Below."),
        ]
    )
    assert said == Said(text="Above.\n\nBelow.", attachments=("card.png",))


def test_what_is_said_of_sending_is_the_message() -> None:
    """Programs sign in the last line, and with their own name."""
    for text in (
        "Sent from my iPhone\nwas my last order.",
        "Sent from my account to my savings.",
        "Sent from the mobile app to my brother.",
        "Get back to me by mail.",
    ):
        assert readable([Part(content_type=PLAIN, text=text)]).text == text


@pytest.mark.parametrize(
    "line",
    [
        "Sent from my Samsung Galaxy smartphone.",
        "Sent from Outlook for iOS<https://aka.ms/o0ukef>",
        "Get Outlook for Android",
        "Sent from Yahoo Mail for iPhone",
        "Sent with [Proton Mail](https://proton.me/mail/home) secure email.",
        "Von meinem iPhone gesendet",
        "Gesendet mit der GMX Mail App",
        "Envoyé de mon iPhone",
        "Enviado desde mi iPhone",
        "Inviato da iPhone",
        "Verzonden vanaf mijn iPad",
    ],
)
def test_what_a_program_says_of_sending_is_not(line: str) -> None:
    assert readable([Part(content_type=PLAIN, text=f"Still waiting!\n\n{line}")]).text == (
        "Still waiting!"
    )


def test_a_message_that_is_all_history_is_the_message() -> None:
    whole = "> Which card is it?\n> And when?"
    assert readable([Part(content_type=PLAIN, text=whole)]).text == whole


@given(
    st.lists(
        st.builds(
            Part,
            content_type=st.sampled_from([PLAIN, HTML, "image/png", ""]),
            text=st.text(),
            filename=st.sampled_from(["", "a.txt"]),
        )
    ),
    st.text(),
)
def test_any_parts_give_some_text(parts: list[Part], subject: str) -> None:
    assert isinstance(readable(parts, subject=subject).text, str)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        "Am 1. schrieb " * 7_000,
        "> a\n" * 25_000,
        "On Mon, x\n" * 10_000,
        "From: a\nTo: b\n" * 8_000,
        f"{'(' * 900}:\n" * 110,
        f"{'<a@b 1:00' * 90}:\n" * 110,
        "a\n\nsent from mail" + " mail" * 20_000,
    ],
    ids=["one-line", "quotes", "introductions", "headers", "brackets", "addresses", "program"],
)
def test_a_hundred_kilobytes_of_malice_take_no_time(text: str) -> None:
    """The patterns that find quotes take the square of a line's length, and of their number."""
    assert readable([Part(content_type=PLAIN, text=text)]).text


def test_a_long_line_above_a_quote_is_whole() -> None:
    long = "a word " * 400
    whole = f"{long}\n\nOn 2 Nov 2026, Support wrote:\n> Which?"
    assert readable([Part(content_type=PLAIN, text=whole)]).text == long.strip()
