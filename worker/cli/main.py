"""The way in: reads the words, runs the command, turns what went wrong into an exit code."""

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from importlib import import_module

from worker.cli.exit_codes import ExitCode
from worker.cli.grammar import grammar
from worker.cli.screen import Screen


def main(words: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    words = sys.argv[1:] if words is None else words
    asked, unknown = grammar().parse_known_args(words)
    if unknown:
        asked.refuse(f"unrecognized arguments: {' '.join(unknown)}")
    if not all(map(_is_text, words)):
        print("triage: the command line is not UTF-8", file=sys.stderr)
        return ExitCode.USAGE
    _quieten()
    module, _, name = asked.handler.partition(":")
    try:
        with redirect_stdout(Screen(sys.stdout)):
            return int(getattr(import_module(module), name)(asked))
    except KeyboardInterrupt:
        return ExitCode.FAILED
    except BrokenPipeError:
        if sys.stderr:
            sys.stderr.close()  # whoever read us has seen enough
        return ExitCode.DONE
    except Exception as error:
        told = explain(error)
        if told is None:
            raise
        code, text = told
        print(f"triage: {text}", file=Screen(sys.stderr))
        return code


def _is_text(word: str) -> bool:
    """A shell hands over bytes that are no text as half surrogate pairs."""
    return word.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in word)


def _quieten() -> None:
    """A command says in words what happened; log lines are for the fleet's own processes."""
    import logging

    logging.getLogger().addHandler(logging.NullHandler())


def explain(error: Exception) -> tuple[ExitCode, str] | None:
    """Exit code and words for what an operator can mend; None for a bug."""
    from config.errors import ConfigError
    from tasks.errors import HelpdeskDown, LedgerDown, Misconfigured, OperatorError, TriageError
    from worker.refusals import RefusedToStart

    match error:
        case RefusedToStart() | ConfigError():
            return ExitCode.REFUSED, str(error)
        case OperatorError():
            return ExitCode.USAGE, str(error)
        case LedgerDown():
            return ExitCode.FAILED, f"{error}\nCheck TRIAGE_LEDGER_URL and that its database runs."
        case HelpdeskDown() | Misconfigured():
            told = "`triage connect rt` (or roundup) says what is wrong with a helpdesk"
            return ExitCode.FAILED, f"{error}\n{told}"
        case TriageError():
            return ExitCode.FAILED, str(error)
        case _:
            return None


if __name__ == "__main__":
    sys.exit(main())
