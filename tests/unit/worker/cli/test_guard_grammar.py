"""The shell knows the guards without what takes long to import."""

from config import guards
from worker.cli import guard_grammar


def test_the_guards_are_those_of_the_configuration() -> None:
    assert guard_grammar.GUARDS == guards.GUARDS
