"""What may be said on the command line, read from the grammar itself."""

import argparse
import re
from collections.abc import Iterator, Mapping

from worker.cli.grammar import grammar

PIECE = re.compile(r"\[[^\]]+\]|--[\w-]+ [A-Z]+|\S+")


def commands() -> Mapping[str, argparse.ArgumentParser]:
    """`triage dead list` -> its parser, for every command."""
    return dict(_under("triage", grammar()))


def nouns() -> list[tuple[str, str]]:
    """What `triage --help` lists: each word with its sentence."""
    [verbs] = _verbs(grammar())
    return [(choice.dest, choice.help or "") for choice in verbs._get_subactions()]  # noqa: SLF001 - argparse has no other way


def usage(parser: argparse.ArgumentParser) -> list[str]:
    """The pieces of a usage line: `ID`, `[ID …]`, `[--yes]`, `[--cause CAUSE]`, `--why WHY`."""
    return [
        _piece(action)
        for action in parser._actions  # noqa: SLF001 - as above
        if not isinstance(action, argparse._HelpAction | argparse._SubParsersAction)  # noqa: SLF001 - as above
    ]


def pieces(text: str) -> tuple[str, list[str]]:
    """A usage line as the docs have it: the command, and its pieces."""
    found = PIECE.findall(text)
    words = [piece for piece in found if re.fullmatch("[a-z]+(-[a-z]+)*", piece)]
    return " ".join(words), [piece for piece in found if piece not in words]


def strangers(words: list[str]) -> list[str]:
    """What in these words after `triage` the grammar does not know; the rest may be anything."""
    path, parser = "triage", grammar()
    for place, word in enumerate(words):
        known = dict(_under(path, parser, deep=False))
        if not known or (word.startswith("--") and parser.get_default("handler")):
            options = {name for action in parser._actions for name in action.option_strings}  # noqa: SLF001 - as above
            said = {word.partition("=")[0] for word in words[place:] if word.startswith("--")}
            return sorted(said - options)
        if word.startswith("--") and path == "triage":
            return [] if word == "--help" else [word]
        path = f"{path} {word}"
        if path not in known:
            return [path]
        parser = known[path]
    return []


def _under(
    path: str, parser: argparse.ArgumentParser, *, deep: bool = True
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    inner = [
        (f"{path} {name}", found)
        for verbs in _verbs(parser)
        for name, found in verbs.choices.items()
    ]
    for name, found in inner:
        if not (deep and _verbs(found)):
            yield name, found
            continue
        if found.get_default("handler"):  # it may be said without a verb
            yield name, found
        yield from _under(name, found)


def _verbs(
    parser: argparse.ArgumentParser,
) -> "list[argparse._SubParsersAction[argparse.ArgumentParser]]":
    return [
        action
        for action in parser._actions  # noqa: SLF001 - as above
        if isinstance(action, argparse._SubParsersAction)  # noqa: SLF001 - as above
    ]


def _piece(action: argparse.Action) -> str:
    if not action.option_strings:
        name = str(action.metavar)
        return {"?": f"[{name}]", "*": f"[{name} …]", None: name}[action.nargs]  # type: ignore[index]
    [option] = action.option_strings
    takes = "" if action.nargs == 0 else f" {action.metavar or action.dest.upper()}"
    return f"{option}{takes}" if action.required else f"[{option}{takes}]"
