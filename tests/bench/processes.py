"""What processes cost: CPU, memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TICKS = 100.0
"""Clock ticks a second in /proc, USER_HZ, on every Linux that this runs on."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """CPU seconds (user and system, reaped children too) and proportional memory in MB."""

    cpu_seconds: float
    pss_mb: float

    def since(self, earlier: "Cost") -> "Cost":
        """What was spent since; memory as it is now."""
        return Cost(cpu_seconds=self.cpu_seconds - earlier.cpu_seconds, pss_mb=self.pss_mb)


def cost(pids: Sequence[int]) -> Cost:
    """Of these processes together."""
    return Cost(cpu_seconds=sum(map(_cpu, pids)), pss_mb=sum(map(_pss, pids)))


def family(pid: int) -> list[int]:
    """The process and all that descend from it."""
    children: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        children += [int(child) for child in (task / "children").read_text().split()]
    return [pid, *(one for child in children for one in family(child))]


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


def _pss(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except PermissionError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
