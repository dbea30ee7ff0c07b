"""`triage ticket replay ID`: asks again about the recorded input, and shows the difference."""

import argparse

from worker.cli.exit_codes import ExitCode
from worker.cli.output import dollars, print_json, print_table
from worker.cli.shop import newest, the_shop
from worker.operating.replay import Replay, replay_run


def replay(asked: argparse.Namespace) -> ExitCode:
    """Writes nothing, anywhere."""
    with the_shop() as shop:
        run = newest(shop, asked.ticket)
        found = replay_run(shop, run, prompt=asked.prompt, model=asked.model)
    if asked.json:
        print_json(found.as_json())
        return ExitCode.DONE
    _print(found)
    return ExitCode.DONE


def _print(found: Replay) -> None:
    print(
        f"{found.ticket}: {found.before_model} ({found.before_prompt}) "
        f"-> {found.model} ({found.prompt})"
    )
    names = sorted({*found.before, *found.after})
    print_table(
        ["field", "then", "now", ""],
        [
            (name, found.before.get(name), found.after.get(name), "differs" * found.differs(name))
            for name in names
        ],
    )
    print(
        f"the {found.request} request; {found.result}; cost {dollars(found.micro_usd)}; "
        "nothing was written"
    )
