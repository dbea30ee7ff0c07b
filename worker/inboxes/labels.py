"""What people decided about a ticket, as its line says it. Only reports ever read this."""

import json
from collections.abc import Mapping


def labels_of(raw: bytes) -> tuple[str, Mapping[str, str]] | None:
    """The ticket's id, and field -> value; None where the line is no ticket or says nothing."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    match found:
        case {"id": str(name) | int(name), "labels": {**labels}}:
            said = {str(field): value for field, value in labels.items() if isinstance(value, str)}
            return (str(name).strip(), said) if said else None
        case _:
            return None
