"""What a source says as values of ours: what does not fit is refused, and nothing is guessed."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import get_args
from uuid import UUID

from config.facts import Theirs
from config.tiers import CustomerTier

LONGEST = 200  # characters of an id or a listed value
LONGEST_PROSE = 20_000  # of a title or a summary
SHOWN_PROSE = 500  # of these, what is kept
MOST_MONEY = Decimal(10) ** 12
MOST_LISTED = 10_000
YEARS = range(1900, 2201)
MILLI = 1_000


class Unfit(Exception):
    """What is wrong with a value, in words that follow a field's name; holds nothing of it."""


def text(found: object, theirs: Theirs) -> str:
    """An id or a listed value."""
    said = _said(_mapped(found, theirs))
    if not said:
        raise Unfit("is empty")
    if len(said) > LONGEST:
        message = f"has more than {LONGEST} characters"
        raise Unfit(message)
    return said


def prose(found: object, theirs: Theirs) -> str:
    """What somebody wrote; the end of a long one is left out."""
    said = _said(_mapped(found, theirs))
    if len(said) > LONGEST_PROSE:
        message = f"has more than {LONGEST_PROSE} characters"
        raise Unfit(message)
    return said if len(said) <= SHOWN_PROSE else f"{said[:SHOWN_PROSE]}…"


def tier(found: object, theirs: Theirs) -> str:
    """One of our customer tiers."""
    said, known = text(found, theirs), get_args(CustomerTier)
    if said not in known:
        message = f"is none of {', '.join(known)}: say in `values` which of theirs is which"
        raise Unfit(message)
    return said


def names(found: object, theirs: Theirs) -> tuple[str, ...]:
    """A list, or a text with commas; what one of theirs is called with us may be several."""
    listed = found.split(",") if isinstance(found, str) else found
    if not isinstance(listed, list | tuple):
        raise Unfit("is no list")
    if len(listed) > MOST_LISTED:
        message = f"has more than {MOST_LISTED} entries"
        raise Unfit(message)
    parts = [one.strip() if isinstance(one, str) else one for one in listed]
    ours = [str(_said(_mapped(one, theirs))) for one in parts if one != ""]
    return tuple(dict.fromkeys(name.strip() for one in ours for name in one.split(",")))


def amount(found: object, theirs: Theirs) -> Decimal:
    """Money, of which whoever paid whom is said by the kind of event."""
    if isinstance(found, bool) or not isinstance(found, int | float | Decimal | str):
        raise Unfit("is no number")
    try:
        money = Decimal(str(found).strip())
    except (InvalidOperation, ValueError) as error:
        raise Unfit("is no number") from error
    if not money.is_finite():
        raise Unfit("is no number")
    if abs(money) >= MOST_MONEY:
        raise Unfit("is more money than there is")
    if money < 0 and not theirs.absolute:
        raise Unfit("is negative: say `absolute = true` where their sign means nothing")
    return abs(money) / theirs.divide_by


def moment(found: object, theirs: Theirs) -> datetime:
    """A moment; without a zone it is UTC, and a day is its beginning."""
    match found:
        case datetime():
            said = found
        case date():
            said = datetime(found.year, found.month, found.day, tzinfo=UTC)
        case str():
            said = _parsed(found.strip(), theirs.format)
        case int() | float() | Decimal() if not isinstance(found, bool):
            said = _counted(found, theirs.format)
        case _:
            raise Unfit("is no date")
    try:
        zoned = said.replace(tzinfo=UTC) if said.tzinfo is None else said.astimezone(UTC)
    except (OverflowError, ValueError) as error:
        raise Unfit("is a date that cannot be") from error
    if zoned.year not in YEARS:
        raise Unfit("is a date that cannot be")
    return zoned


def day(found: object, theirs: Theirs) -> date:
    """A day; of a moment, where it is written with one, the day that stands in it."""
    if isinstance(found, datetime):
        found = found.date()
    if isinstance(found, date):
        moment(found, theirs)
        return found
    if isinstance(found, str):
        said = _parsed(found.strip(), theirs.format)
        moment(said, theirs)
        return said.date()
    return moment(found, theirs).date()


def _parsed(said: str, written: str) -> datetime:
    if written.startswith("epoch"):
        raise Unfit("is no number of seconds")
    try:
        if written == "iso":
            return datetime.fromisoformat(said)
        return datetime.strptime(said, written)  # noqa: DTZ007 - a zone is added where there is none
    except ValueError as error:
        message = f"is no date as {written}: say in `format` how theirs are written"
        raise Unfit(message) from error


def _counted(found: float | Decimal, written: str) -> datetime:
    if not written.startswith("epoch"):
        message = f"is a number, and no date as {written}"
        raise Unfit(message)
    try:
        seconds = float(found) / (MILLI if written == "epoch_ms" else 1)
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise Unfit("is a date that cannot be") from error


def _said(found: object) -> str:
    """A text, or what is written as one; no truth value, for which nobody has a name."""
    is_whole = isinstance(found, Decimal) and found.as_tuple().exponent == 0
    if isinstance(found, bool) or not (isinstance(found, str | int | UUID) or is_whole):
        raise Unfit("is no text")
    said = str(found).strip()
    if "\0" in said:
        raise Unfit("holds what no text holds")
    try:
        said.encode()
    except UnicodeEncodeError as error:  # half of a character, which JSON can hold
        raise Unfit("holds what no text holds") from error
    return said


def _mapped(found: object, theirs: Theirs) -> object:
    """As config has it called; JSON's truth values by their JSON names."""
    if not theirs.values or not isinstance(found, str | int | UUID):
        return found
    said = str(found).lower() if isinstance(found, bool) else str(found).strip()
    return theirs.values.get(said, found)


Convert = Callable[[object, Theirs], object]

CONVERT: Mapping[str, Convert] = {
    "customer_id": text,
    "plan": text,
    "tier": tier,
    "since": day,
    "renewal_at": day,
    "id": text,
    "at": moment,
    "kind": text,
    "amount": amount,
    "currency": text,
    "status": text,
    "title": prose,
    "issue_types": names,
    "opened_at": moment,
    "closed_at": moment,
    "customers": names,
    "channel": text,
    "summary": prose,
    "outcome": text,
}
"""By our names; one name means the same in each fact."""
