"""Prompts are files with a name and a version; the version is the hash of what they say."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from config.errors import ConfigError

SHIPPED = Path(__file__).parent / "prompts"
REQUIRED = ("classify", "summarise", "compress")
FENCE = "$fence"


@dataclass(frozen=True, kw_only=True, slots=True)
class Prompt:
    """The instructions of one task type. `$name` in `text` is filled in when it is rendered."""

    name: str
    text: str

    @property
    def version(self) -> str:
        """Name and hash, for example `classify-3f2a9c01d4e5`: the same text, the same version."""
        return f"{self.name}-{hashlib.sha256(self.text.encode()).hexdigest()[:12]}"


def read_prompt(name: str, overlay: Path | None) -> Prompt:
    """Our prompt `name`, or the operator's `prompts/NAME.md` in its place.

    Raises ConfigError when neither exists, the file is empty, or it leaves out where the fence
    goes: the ticket's text would then go to the model as instructions.
    """
    theirs = overlay / "prompts" / f"{name}.md" if overlay else None
    path = theirs if theirs and theirs.is_file() else SHIPPED / f"{name}.md"
    if not path.is_file():
        message = f"prompt {name!r} is missing: {path} does not exist"
        raise ConfigError(message)
    text = path.read_text(encoding="utf-8").strip()
    if not text:
        message = f"prompt {name!r} is empty: {path}"
        raise ConfigError(message)
    if FENCE not in text:
        message = f"prompt {name!r} never says {FENCE}, which marks the ticket as data: {path}"
        raise ConfigError(message)
    return Prompt(name=name, text=text)
