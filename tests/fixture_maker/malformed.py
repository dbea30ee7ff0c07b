"""Ten lines that are no tickets, each wrong in another way that real feeds are wrong in."""

import json

LONG_BYTES = 70_000
"""Above the limit of 64 KiB that config has as it ships."""

PASTED = "2026-11-16 08:14:02 the app says: card payment failed, please try again later. "


def malformed() -> list[bytes]:
    """The lines, in the order of their numbers."""
    return [
        _whole(1, body="My card payment was declined and I do not know why.")[:-60],  # cut off
        _without(2, "id"),
        _whole(3, body=(PASTED * (LONG_BYTES // len(PASTED) + 1))[:LONG_BYTES]),
        _whole(4, body="Where is my card?\x00 I ordered it two weeks ago."),
        _whole(5, body="Still no top-up \ud83d please help"),  # half of an emoji
        _whole(6, created_at="9999-12-31T23:30:00-05:00"),  # no date any more when in UTC
        json.dumps(["MALFORMED-07", "Where is my transfer?", "It left my account."]).encode(),
        _whole(8, subject="", body=" \n "),
        _whole(9, requester="somebody@example.com"),
        _whole(10, body="I was charged £20 twice.", encoding="latin-1"),  # not UTF-8
    ]


def _ticket(number: int) -> dict[str, object]:
    return {
        "id": f"MALFORMED-{number:02}",
        "subject": f"MALFORMED-{number:02}",
        "body": "Could you please look into this?",
        "channel": "email",
        "requester": {"email": "malformed@example.com", "name": "Mal Formed"},
        "created_at": "2026-11-17T12:00:00Z",
    }


def _whole(number: int, *, encoding: str = "", **changes: object) -> bytes:
    """ASCII with escapes where no encoding is named, which is how a lone surrogate gets through."""
    text = json.dumps(_ticket(number) | changes, ensure_ascii=not encoding)
    return text.encode(encoding or "ascii")


def _without(number: int, key: str) -> bytes:
    left = {name: value for name, value in _ticket(number).items() if name != key}
    return json.dumps(left).encode()
