"""TOML files of ours with the operator's laid over them."""

import tomllib
from pathlib import Path

from config.errors import ConfigError

DEFAULTS = Path(__file__).parent / "defaults"


def layered(name: str, overlay: Path | None) -> dict[str, object]:
    """Our `name`, with the file of that name in `overlay` laid over it key by key.

    Tables are merged, everything else (lists too) is replaced. A table whose overlay says
    `replace = true` is taken whole, so that a shipped entry can be left out.
    Raises ConfigError when a file is not TOML or cannot be read.
    """
    return _merge(_read(DEFAULTS / name), own(name, overlay))


def own(name: str, overlay: Path | None) -> dict[str, object]:
    """What the operator's file of that name says; nothing where there is none."""
    theirs = overlay / name if overlay else None
    return _read(theirs) if theirs and theirs.is_file() else {}


def _read(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{path} is not valid TOML: {error}"
        raise ConfigError(message) from error
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise ConfigError(message) from error


def _merge(ours: dict[str, object], theirs: dict[str, object]) -> dict[str, object]:
    if theirs.get("replace") is True:
        return {key: value for key, value in theirs.items() if key != "replace"}
    merged = dict(ours)
    for key, value in theirs.items():
        old = merged.get(key)
        merged[key] = (
            _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
        )
    return merged
