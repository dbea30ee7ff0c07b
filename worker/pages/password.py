"""The password of Flower's pages: from the environment, or made once and kept under TRIAGE_HOME."""

import os
import secrets
from pathlib import Path

from config.environment import Environment
from worker.home import Home
from worker.refusals import RefusedToStart

USER = "triage"
FILE = "flower.password"

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is mistaken for another on a phone
GROUPS, GROUP = 4, 4  # 79 bits
SHORTEST = 8


def password(environment: Environment, home: Home) -> tuple[str, bool]:
    """The password, and whether it was made just now: then whoever starts the fleet prints it.

    From TRIAGE_FLOWER_PASSWORD, else from the file `flower.password` of the home, which its owner
    alone may read. Two processes that make it at once agree on one. Raises RefusedToStart where
    the configured one is too short to protect anything, or cannot be sent by every browser.
    """
    given = environment.flower_password
    if given is not None:
        if len(given) < SHORTEST or not (given.isascii() and given.isprintable()):
            raise RefusedToStart(
                f"TRIAGE_FLOWER_PASSWORD is not {SHORTEST} or more plain ASCII characters.",
                remedy="Set another one, or unset it and one is made.",
            )
        return given, False
    kept = home.root / FILE
    made = not kept.exists() and _make(kept)
    return kept.read_text().strip(), made


def _make(kept: Path) -> bool:
    """Written aside and linked into place, so that nobody ever reads half of it."""
    groups = ("".join(secrets.choice(LETTERS) for _ in range(GROUP)) for _ in range(GROUPS))
    aside = kept.with_name(f"{kept.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("-".join(groups) + "\n")
    try:
        os.link(aside, kept)
    except FileExistsError:
        return False
    finally:
        aside.unlink()
    return True
