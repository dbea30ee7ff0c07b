"""The fleet's secret key: from the environment, or made once and kept under TRIAGE_HOME."""

import base64
import contextlib
import hashlib
import os
import secrets
from pathlib import Path

from worker.refusals import RefusedToStart

SHORTEST = 16


def secret_key(configured: str | None, kept: Path) -> bytes:
    """32 bytes from TRIAGE_SECRET_KEY, else from the file `kept`, which is made when it is missing.

    The file is readable by its owner alone. Two processes that make it at once agree on one.
    Raises RefusedToStart when the key is too short to protect anything.
    """
    if configured is not None:
        return _hashed(configured.encode("utf-8", "surrogateescape"), "TRIAGE_SECRET_KEY")
    if not kept.exists():
        _make(kept)
    return _hashed(kept.read_bytes().strip(), str(kept))


def _hashed(key: bytes, place: str) -> bytes:
    if len(key) < SHORTEST:
        raise RefusedToStart(
            f"{place} has fewer than {SHORTEST} characters",
            remedy="set a longer one; `openssl rand -base64 32` makes one",
        )
    return hashlib.sha256(key).digest()


def _make(kept: Path) -> None:
    """Written aside and linked into place, so that nobody ever reads half a key.

    Durable when it returns: what is sealed under a key that a power cut takes away is lost.
    """
    aside = kept.with_name(f"{kept.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(secrets.token_bytes(32)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(aside, kept)
    aside.unlink()
    folder = os.open(kept.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
