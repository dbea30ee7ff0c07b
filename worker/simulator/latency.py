"""How long a model takes: a number, a range, or a median with a tail."""

import math
import re
from dataclasses import dataclass
from statistics import NormalDist

from tasks.errors import OperatorError

NUMBER = r"(\d+(?:\.\d+)?)"
CONSTANT = re.compile(rf"{NUMBER}s?")
RANGE = re.compile(rf"{NUMBER}-{NUMBER}s?")
TAIL = re.compile(rf"p50={NUMBER},p99={NUMBER}")
NORMAL = NormalDist()
AT_99 = NORMAL.inv_cdf(0.99)
LEAST = 1e-9
"""Neither end of (0, 1) has a place on the normal curve."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Latency:
    """Seconds. Evenly from `low` to `high`, or where there is a `sigma` lognormal around `low`."""

    low: float = 0.0
    high: float = 0.0
    sigma: float = 0.0

    @classmethod
    def parse(cls, spec: str) -> "Latency":
        """Of `0.5`, `0.2-0.8` or `p50=0.8,p99=4`. Raises OperatorError."""
        if found := CONSTANT.fullmatch(spec):
            return cls(low=float(found[1]), high=float(found[1]))
        if (found := RANGE.fullmatch(spec)) and float(found[1]) <= float(found[2]):
            return cls(low=float(found[1]), high=float(found[2]))
        if (found := TAIL.fullmatch(spec)) and 0 < float(found[1]) <= float(found[2]):
            median, tail = float(found[1]), float(found[2])
            return cls(low=median, sigma=math.log(tail / median) / AT_99)
        message = f"{spec!r} is no latency: say 0.5, 0.2-0.8 or p50=0.8,p99=4 (seconds)"
        raise OperatorError(message)

    def seconds(self, drawn: float) -> float:
        """For a number drawn from [0, 1)."""
        if self.sigma:
            place = min(max(drawn, LEAST), 1 - LEAST)
            return self.low * math.exp(self.sigma * NORMAL.inv_cdf(place))
        return self.low + drawn * (self.high - self.low)
