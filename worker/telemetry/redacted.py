"""What the fleet says of itself, without personal data, by the same code as a question to a model.

Nothing of a ticket is meant to get here; this is for what a library or an error quotes unasked.
"""

import re
from ipaddress import ip_address, ip_network
from typing import Any

from tasks.redaction.placeholders import restored
from tasks.redaction.redaction import Redaction

NAME = re.compile(r"[a-z_]+(?:\.[a-z_]+)*")
LONGEST_NAME = 40
"""Of an event, a logger or a state. Nine strings of ten in a log are one, and hold nothing."""

SCALAR = (str, bool, int, float)

OURS = tuple(
    map(
        ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "::1/128", "fc00::/7"),
    )
)
"""Networks of one's own (RFC 1918, RFC 4193), and the machine itself."""


def redacted(document: Any) -> Any:  # noqa: ANN401 - JSON of any shape
    """The same document without personal data; what JSON does not know stands as its text.

    Addresses within one's own network stay: they are the fleet's, and what to look for at night.
    """
    redaction = Redaction()
    hidden = _within(document, redaction)
    ours = {name: value for name, value in redaction.values.items() if _is_ours(value)}
    return _given_back(hidden, ours) if ours else hidden


def _within(found: Any, redaction: Redaction) -> Any:  # noqa: ANN401 - as above
    match found:
        case None | bool() | int() | float():
            return found
        case str():
            is_name = len(found) <= LONGEST_NAME and NAME.fullmatch(found)
            return found if is_name else redaction.redact(str(found))
        case dict():
            return {
                _within(key if key is None or isinstance(key, SCALAR) else str(key), redaction): (
                    _within(value, redaction)
                )
                for key, value in found.items()
            }
        case list() | tuple():
            return [_within(value, redaction) for value in found]
        case _:
            return redaction.redact(str(found))


def _is_ours(value: str) -> bool:
    try:
        address = ip_address(value)
    except ValueError:
        return False
    return any(address in network for network in OURS)


def _given_back(found: Any, values: dict[str, str]) -> Any:  # noqa: ANN401 - as above
    if isinstance(found, str):
        return restored(found, values)
    if isinstance(found, dict):
        return {key: _given_back(value, values) for key, value in found.items()}
    if isinstance(found, list):
        return [_given_back(value, values) for value in found]
    return found
