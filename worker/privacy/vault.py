"""Keeps personal text unreadable: a key per requester, each sealed under the fleet's secret."""

import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tasks.ports.ledger import Sealed, SealedKey
from tasks.run import RunId

NONCE = 12
DAY = 86_400.0


class Unreadable(Exception):
    """A text cannot be opened: it was sealed under another secret, or it was damaged."""


class Vault:
    """Seals and opens texts with AES-256-GCM; run and name are bound to each as associated data.

    Thread-safe. Nothing here talks to a store.
    """

    def __init__(self, secret: bytes, *, keep_days: int) -> None:
        self._seal_key = AESGCM(hmac.digest(secret, b"triage-fleet keys", "sha256"))
        self._name_key = hmac.digest(secret, b"triage-fleet requesters", "sha256")
        self._lot_key = hmac.digest(secret, b"triage-fleet lots", "sha256")
        self.keep_seconds = keep_days * DAY
        self._opened = lru_cache(maxsize=10_000)(self._open_key)

    def requester(self, email: str) -> str:
        """Who it is in the ledger: the same for the same address, but not the address."""
        address = email.strip().lower().encode("utf-8", "surrogatepass")
        return hmac.digest(self._name_key, address, "sha256").hex()[:32]

    def lot(self, name: str) -> float:
        """A number from 0 to below 1 that is always the same, and nobody without the secret knows.

        Of any name it is as good as drawn: it depends on nothing else.
        """
        drawn = hmac.digest(self._lot_key, name.encode("utf-8", "surrogatepass"), "sha256")
        return int.from_bytes(drawn[:6]) / 2**48

    def new_key(self, requester: str) -> SealedKey:
        """A fresh key for that requester, sealed."""
        return SealedKey(
            requester=requester,
            cipher=self._lock(self._seal_key, AESGCM.generate_key(256), requester.encode()),
        )

    def fits(self, key: SealedKey) -> bool:
        """Whether it was sealed under this secret."""
        try:
            self._opened(key)
        except Unreadable:
            return False
        return True

    def seal(self, text: str, *, run: RunId, name: str, key: SealedKey, at: float) -> Sealed:
        """`text` under the requester's key; any text, half surrogate pairs too."""
        return self.seal_bytes(
            text.encode("utf-8", "surrogatepass"), run=run, name=name, key=key, at=at
        )

    def seal_bytes(self, raw: bytes, *, run: RunId, name: str, key: SealedKey, at: float) -> Sealed:
        """`raw` under the requester's key."""
        return Sealed(
            run=run,
            name=name,
            requester=key.requester,
            cipher=self._lock(self._opened(key), raw, _bound(run, name)),
            expires_at=at + self.keep_seconds,
        )

    def open(self, sealed: Sealed, key: SealedKey) -> str:
        """The text. Raises Unreadable, also where raw bytes were sealed that are no text."""
        try:
            return self.open_bytes(sealed, key).decode("utf-8", "surrogatepass")
        except UnicodeDecodeError as error:
            message = "what was sealed is no text"
            raise Unreadable(message) from error

    def open_bytes(self, sealed: Sealed, key: SealedKey) -> bytes:
        """The bytes. Raises Unreadable."""
        return _unlock(self._opened(key), sealed.cipher, _bound(sealed.run, sealed.name))

    def _open_key(self, key: SealedKey) -> AESGCM:
        return AESGCM(_unlock(self._seal_key, key.cipher, key.requester.encode()))

    def _lock(self, key: AESGCM, raw: bytes, bound: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + key.encrypt(nonce, raw, bound)


def _bound(run: RunId, name: str) -> bytes:
    """What a text is bound to; no other run and name give the same bytes."""
    return f"{len(run)} {run}/{name}".encode()


def _unlock(key: AESGCM, cipher: bytes, bound: bytes) -> bytes:
    try:
        return key.decrypt(cipher[:NONCE], cipher[NONCE:], bound)
    except (InvalidTag, ValueError) as error:  # ValueError: too little is left of it
        message = "a text cannot be opened: is TRIAGE_SECRET_KEY the one it was sealed under?"
        raise Unreadable(message) from error


def digest(raw: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(raw).hexdigest()
