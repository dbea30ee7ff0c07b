"""Chance that is none: the same seed draws the same, on every machine and in any order."""

import hashlib

SIXTY_FOUR = 2**64


def drawn(*parts: object) -> float:
    """A number in [0, 1) that depends on the parts alone."""
    said = "\x1f".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.blake2b(said, digest_size=8).digest()) / SIXTY_FOUR
