"""The vault: what it sealed, nobody else opens, nor takes for something else."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.ports.ledger import SealedKey
from tasks.run import RunId
from tests.twins.clock import NOON
from worker.privacy.vault import DAY, Unreadable, Vault, digest

RUN = RunId("R-1")
VAULT = Vault(b"the fleet's secret key, 32 bytes", keep_days=90)
KEY = VAULT.new_key("ada")

any_text = st.text(alphabet=st.characters(categories=None))
"""Every character there is: NUL, halves of surrogate pairs, what is not assigned."""


@given(any_text)
def test_any_text_comes_back_as_it_was(text: str) -> None:
    sealed = VAULT.seal(text, run=RUN, name="ticket", key=KEY, at=NOON)
    assert VAULT.open(sealed, KEY) == text


@given(st.binary())
def test_any_bytes_come_back_as_they_were(raw: bytes) -> None:
    sealed = VAULT.seal_bytes(raw, run=RUN, name="raw", key=KEY, at=NOON)
    assert VAULT.open_bytes(sealed, KEY) == raw


def test_the_text_is_not_in_what_is_kept() -> None:
    sealed = VAULT.seal("my card was stolen", run=RUN, name="ticket", key=KEY, at=NOON)
    assert b"card" not in sealed.cipher
    assert (sealed.run, sealed.name, sealed.requester) == (RUN, "ticket", "ada")
    assert sealed.expires_at == NOON + 90 * DAY


def test_the_same_text_is_never_sealed_the_same() -> None:
    both = [VAULT.seal("hello", run=RUN, name="ticket", key=KEY, at=NOON) for _ in range(2)]
    assert both[0].cipher != both[1].cipher


@pytest.mark.parametrize("other", [{"run": RunId("R-2")}, {"name": "facts.3"}])
def test_a_text_is_bound_to_its_run_and_its_name(other: dict[str, str]) -> None:
    sealed = VAULT.seal("hello", run=RUN, name="ticket", key=KEY, at=NOON)
    with pytest.raises(Unreadable):
        VAULT.open(replace(sealed, **other), KEY)  # type: ignore[arg-type]


def test_run_and_name_cannot_be_shifted_into_each_other() -> None:
    sealed = VAULT.seal("hello", run=RunId("R-1"), name="a/b", key=KEY, at=NOON)
    with pytest.raises(Unreadable):
        VAULT.open(replace(sealed, run=RunId("R-1/a"), name="b"), KEY)


def test_a_key_is_bound_to_its_requester() -> None:
    sealed = VAULT.seal("hello", run=RUN, name="ticket", key=KEY, at=NOON)
    for key in (VAULT.new_key("ada"), VAULT.new_key("bob"), replace(KEY, requester="bob")):
        with pytest.raises(Unreadable):
            VAULT.open(sealed, key)


def test_another_secret_opens_nothing() -> None:
    sealed = VAULT.seal("hello", run=RUN, name="ticket", key=KEY, at=NOON)
    other = Vault(b"another secret key that is as long", keep_days=90)
    with pytest.raises(Unreadable, match="TRIAGE_SECRET_KEY"):
        other.open(sealed, KEY)
    same = Vault(b"the fleet's secret key, 32 bytes", keep_days=1)
    assert same.open(sealed, KEY) == "hello"


def test_every_damage_is_noticed() -> None:
    sealed = VAULT.seal("hello", run=RUN, name="ticket", key=KEY, at=NOON)
    for place in range(len(sealed.cipher)):
        flipped = bytearray(sealed.cipher)
        flipped[place] ^= 1
        with pytest.raises(Unreadable):
            VAULT.open(replace(sealed, cipher=bytes(flipped)), KEY)
    for length in range(len(sealed.cipher)):
        with pytest.raises(Unreadable):
            VAULT.open(replace(sealed, cipher=sealed.cipher[:length]), KEY)
    with pytest.raises(Unreadable):
        VAULT.open(sealed, SealedKey(requester="ada", cipher=KEY.cipher[:-1]))


def test_bytes_that_are_no_text_are_not_opened_as_one() -> None:
    sealed = VAULT.seal_bytes(b"\xff\xfe", run=RUN, name="raw", key=KEY, at=NOON)
    with pytest.raises(Unreadable, match="no text"):
        VAULT.open(sealed, KEY)


def test_a_requester_is_known_by_the_address_however_it_is_written() -> None:
    names = {VAULT.requester(email) for email in ("Ada@Example.com", " ada@example.com\n")}
    assert len(names) == 1
    assert names == {
        Vault(b"the fleet's secret key, 32 bytes", keep_days=1).requester("ada@example.com")
    }
    assert VAULT.requester("bob@example.com") not in names


def test_a_requester_cannot_be_guessed_without_the_secret() -> None:
    name = VAULT.requester("ada@example.com")
    assert "ada" not in name
    assert len(name) == 32
    assert name != Vault(b"another secret key that is as long", keep_days=1).requester(
        "ada@example.com"
    )


@given(any_text)
def test_any_address_gives_a_name(email: str) -> None:
    assert VAULT.requester(email) == VAULT.requester(email)


def test_a_digest_is_sha_256() -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert digest(b"") == empty
