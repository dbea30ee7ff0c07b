"""Numbers as people read them."""

from worker.operating.moments import age

NOTHING = "\N{EN DASH}"


def count(number: int) -> str:
    """A whole number: 12,480."""
    return f"{number:,}"


def rate(per_minute: float) -> str:
    """A rate, with a decimal where it is small: 4.2, 128."""
    return f"{per_minute:,.1f}" if 0 < per_minute < 10 else f"{per_minute:,.0f}"  # noqa: PLR2004


def share(part: float | None) -> str:
    """A part of one in percent: 14.2 %; a dash where there is no whole."""
    if part is None:
        return NOTHING
    return "< 0.1 %" if 0 < part < 0.001 else f"{100 * part:.1f} %"  # noqa: PLR2004


def span(seconds: float | None) -> str:
    """How long something took: 840 ms, 2.4 s, 7 min; a dash where nothing did."""
    if seconds is None:
        return NOTHING
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 60 else age(seconds)  # noqa: PLR2004


def until(at: float | None, now: float) -> str:
    """How far off a moment is: in 12 s, now; a dash where there is none."""
    if at is None:
        return NOTHING
    return "now" if at <= now else f"in {age(at - now)}"


def usd(micro_usd: int) -> str:
    """Millionths of a dollar, to the cent; below ten cents to the hundredth of one."""
    dollars = micro_usd / 1e6
    return f"${dollars:,.4f}" if 0 < dollars < 0.1 else f"${dollars:,.2f}"  # noqa: PLR2004
