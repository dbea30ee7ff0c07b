"""Tells what somebody wrote from what they were answering."""

import re
from collections.abc import Mapping, Sequence

import quotequail

SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)
"""The separator of RFC 3676, 4.3; many programs lose its blank."""

SENT_FROM = re.compile(
    r"(?=.*(iphone|ipad|galaxy|samsung|android|pixel|huawei|xiaomi|blackberry|phone|tablet|handy"
    r"|mobile?|mail|outlook))"
    r"(sent from (my|outlook|yahoo|mail|aol)|sent (with|via)|get outlook|von mein\S*"
    r"|gesendet (von|mit)|envoyé (de|depuis|avec)|télécharge[rz] outlook|obtenez outlook"
    r"|enviado (desde|do)|inviato da|verzonden (vanaf|met))\b.*",
    re.IGNORECASE,
)
"""The last line of whoever has not switched it off. "Sent from my account" is none."""

SENT_FROM_CHARACTERS = 100

FORWARDED = re.compile(
    r"^[->* ]*(begin )?(forwarded message|weitergeleitete nachricht|message transféré)",
    re.IGNORECASE | re.MULTILINE,
)
HEADER_COLON = re.compile(r"^(\w+)\u00a0:", re.MULTILINE)
"""As French programs write it: `De :`, with a blank that is none to whoever looks for one."""

ADDRESS = re.compile(r"[<(][^\s<>()@]+@[^\s<>()@]+[>)]")
TIME = re.compile(r"\d[:.]\d\d")
DIRECTIONS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
ENDS = (":", "\uff1a")
INTRODUCTION_CHARACTERS = 300
INTRODUCED = "On that day, somebody wrote:"
"""An introduction that quotequail knows, in the place of one in a language that it does not."""

LINES = 5_000
LINE_CHARACTERS = 1_000
"""What is longer is no letter; a machine wrote it, or somebody who means harm."""

TOKEN = re.compile("\x00\\d+\x00")


def own(body: str) -> str:
    """What is above or below the history, without the signature; empty where all is history.

    Whoever answers between what they quote is read with it: without the questions nobody would
    understand the answers.
    """
    lines = body.split("\n")
    if len(lines) > LINES:
        return body
    # Its patterns take the square of a line's length. No line that introduces a quote is so long.
    held = {f"\x00{n}\x00": line for n, line in enumerate(lines) if len(line) > LINE_CHARACTERS}
    tokens = {line: token for token, line in held.items()}
    short = _introduced([tokens.get(line, line) for line in lines])
    found = quotequail.unwrap(HEADER_COLON.sub(r"\1 :", "\n".join(short)))
    if found is None or _is_between(found.get("text_bottom", "")):
        return _unsigned(body)
    if found["type"] == "forward" and FORWARDED.search(body):
        return body
    return "\n\n".join(
        _restored(text, held).strip()
        for place in ("text_top", "text_bottom")
        if (text := _unsigned(found.get(place, "")))
    )


def _introduced(lines: Sequence[str]) -> list[str]:
    """The same, with an introduction that is understood, whatever language the first one is in.

    Programs name address and time in it in every language, and end it with a colon.
    """
    for number, line in enumerate(lines):
        for first in (number, max(0, number - 1)):  # it may have been wrapped
            if _introduces(DIRECTIONS.sub("", " ".join(lines[first : number + 1]))):
                return [*lines[:first], INTRODUCED, *lines[number + 1 :]]
        if line.startswith(">"):
            break
    return [*lines]


def _introduces(line: str) -> bool:
    return (
        not line.startswith(">")
        and len(line) <= INTRODUCTION_CHARACTERS
        and line.rstrip().endswith(ENDS)
        and ADDRESS.search(line) is not None
        and TIME.search(line) is not None
    )


def _is_between(text: str) -> bool:
    """Whether this goes on with both quotes and words of its own."""
    quoted = {line.startswith(">") for line in text.split("\n") if line.strip()}
    return len(quoted) > 1


def _restored(text: str, held: Mapping[str, str]) -> str:
    return TOKEN.sub(lambda found: held.get(found[0], found[0]), text) if held else text


def _unsigned(text: str) -> str:
    letter = SIGNATURE.split(text, maxsplit=1)[0].strip()
    above, _, last = letter.rpartition("\n")
    is_a_programs = len(last) <= SENT_FROM_CHARACTERS and SENT_FROM.fullmatch(last.strip())
    return above.strip() if is_a_programs else letter
