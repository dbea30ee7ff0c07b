"""Time, scaled: what takes half an hour in earnest takes three minutes in a rehearsal."""

from dataclasses import dataclass

GUARDS = """
[breaker]
window_seconds = {window}
open_seconds = {open}
most_open_seconds = {most}
ramp_seconds = {ramp}
credential_seconds = {credential}
[caps]
fleet = {cap}
economy = {cap}
standard = {cap}
premium = {cap}
"""
POLICY = "[retry]\nbase_seconds = {base}\ncap_seconds = {retry}\npark_seconds = {park}\n"
SETTINGS = "[reaper]\nsweep_seconds = {sweep}\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How many times faster than in earnest. Figures of counts stay as they are."""

    times: float = 10.0
    cap_usd: float = 1_000_000.0

    def scaled(self, seconds: float) -> float:
        """What takes so long in earnest."""
        return seconds / self.times

    @property
    def minute(self) -> float:
        """Of this pace, in seconds."""
        return self.scaled(60)

    @property
    def guards(self) -> str:
        """config/defaults/guards.toml at this pace; no caps unless somebody wants one."""
        return GUARDS.format(
            window=self.scaled(30),
            open=self.scaled(5),
            most=self.scaled(60),
            ramp=self.scaled(10),
            credential=self.scaled(20),
            cap=self.cap_usd,
        )

    @property
    def policy(self) -> str:
        """config/defaults/policy.toml at this pace."""
        return POLICY.format(base=self.scaled(2), retry=self.scaled(60), park=self.scaled(120))

    @property
    def settings(self) -> str:
        """config/defaults/settings.toml at this pace; the sweep is not slowed down below 0.1 s."""
        return SETTINGS.format(sweep=max(0.1, self.scaled(1)))
