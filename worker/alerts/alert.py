"""Something that needs somebody, said so that it may be sent anywhere: no word of any ticket."""

from dataclasses import dataclass
from datetime import UTC, datetime

from config.alerts import AlertKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """What holds now. `name` is what it is about: two looks at the same trouble give the same.

    `since` is when it was first seen, in epoch seconds; None where nobody has kept it yet.
    """

    kind: AlertKind
    name: str
    text: str
    since: float | None = None

    def __str__(self) -> str:
        """With its heading in the runbook, by which people search for it."""
        return f"{self.kind}: {self.text}"

    def as_json(self, runbook: str) -> dict[str, object]:
        """As docs/interface.md promises it; `runbook` is where that page lies."""
        return {
            "kind": str(self.kind),
            "name": self.name,
            "text": self.text,
            "since": iso(self.since),
            "runbook": f"{runbook}#{self.kind.anchor}",
        }


def iso(at: float | None) -> str | None:
    """Epoch seconds as ISO 8601 in UTC."""
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
