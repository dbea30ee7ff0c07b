"""What the nemesis does to providers, and to the money that they are paid with."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from tasks.accounts import FLEET, day_of
from tasks.errors import LedgerDown
from tests.chaos.arena import Arena
from tests.chaos.plan import PROVIDERS as WAYS
from tests.chaos.plan import Kind, Strike
from tests.chaos.provider import PROVIDERS
from tests.chaos.strikes_on_processes import Told
from tests.chaos.weather import Lean, Spell

if TYPE_CHECKING:
    from tests.chaos.nemesis import Nemesis

WHOM: tuple[tuple[str, ...], ...] = (*((name,) for name in PROVIDERS), PROVIDERS)
"""One of them is stood in for by the other; both are waited for."""

PROFILES: Mapping[Kind, tuple[str, ...]] = {
    Kind.PROVIDER_DOWN: ("error_500", "error_502", "error_503", "error_529", "error_408"),
    Kind.PROVIDER_REFUSES: ("refused",),
    Kind.PROVIDER_FAILS: ("error_500:0.8", "error_503:0.4,reset:0.4"),
    Kind.PROVIDER_FALTERS: ("error_500:0.05", "error_503:0.03,reset:0.02"),
    Kind.PROVIDER_HANGS: ("hang", "slow_drip"),
    Kind.PROVIDER_BREAKS: ("reset", "reset_mid_body", "cut"),
    Kind.PROVIDER_BUSY: ("rate_1", "rate_date", "rate_nonsense", "rate_bare", "rate_60:0.02"),
    Kind.PROVIDER_REFUSES_KEY: (
        "error_401",
        "error_402",
        "error_403",
        "error_404",
        "insufficient_quota",
    ),
    Kind.PROVIDER_GARBLES: (
        "words:0.05,wrong_shape:0.05,empty:0.05",
        "page:0.05,no_choices:0.05,no_content:0.05",
        "truncated:0.05,words_around:0.05,huge:0.05",
    ),
    Kind.PROVIDER_STRAYS: ("off_list:0.05,off_band:0.05,unproven:0.05",),
    Kind.PROVIDER_SLOW: ("slow_2", "usage_missing", "other_model"),
}
CALLS = 20
"""So many more may be made while money is short."""


def spell(nemesis: "Nemesis", strike: Strike) -> Told:
    """Bad weather, unless there is some already."""
    whom = WHOM[strike.victim % len(WHOM)]
    if any(one.until > time.time() for one in nemesis.weather.spells):
        return None
    ways = PROFILES[strike.kind]
    profile = ways[strike.victim // len(WHOM) % len(ways)]
    found = Spell(
        kind=strike.kind,
        providers=whom,
        profile=profile,
        at=time.time(),
        seconds=strike.down,
    )
    nemesis.spoils(found)
    return {"who": ",".join(whom), "profile": profile}


def money_short(nemesis: "Nemesis", strike: Strike) -> Told:
    """As an operator does who has seen the bill; a little later there is money again."""
    assert isinstance(nemesis.arena, Arena)
    ledger, at = nemesis.arena.place.shop.ledger, time.time()
    said = partial(ledger.set_cap, FLEET, by="nemesis", why="a storm")
    try:
        [account] = [one for one in ledger.accounts(day_of(at)) if one.scope == FLEET]
        dearest = max(ledger.dearest().values(), default=0)
        if not dearest or account.said:
            return None
        cap = account.spent + account.reserved + CALLS * dearest
        said(cap, at=at)
    except LedgerDown:
        return None

    def comes_back() -> None:
        try:
            said(None, at=time.time())
        except LedgerDown:
            nemesis.after(1.0, comes_back)
        else:
            nemesis.weather.leans.append(Lean(at=at, until=time.time(), cap=cap))

    nemesis.after(strike.down, comes_back)
    return {"cap": cap, "spent": account.spent, "reserved": account.reserved}


STRIKES: dict[Kind, Callable[["Nemesis", Strike], Told]] = {
    **dict.fromkeys(WAYS, spell),
    Kind.MONEY_SHORT: money_short,
}
