"""The port of what was learnt about models from what people said of their answers."""

from collections.abc import Mapping
from typing import Protocol

from tasks.confidence import Calibration


class Measures(Protocol):
    """Knows how sure answers of a model are.

    Promise: by field (`issue_type`, `priority`); a field of which too few answers were checked is
    left out. What it says may be a minute old. Never raises: what cannot be read is not known.
    """

    async def of(self, model: str) -> Mapping[str, Calibration]: ...


class NothingMeasured:
    """Implements Measures where nobody has said anything."""

    async def of(self, model: str) -> Mapping[str, Calibration]:  # noqa: ARG002 - the port's
        """No field."""
        return {}
