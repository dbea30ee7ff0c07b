"""A decision: the values to write, and for each what else it could have been and why."""

from tasks.ticket import Value

WHY = "why"
"""In place of a field's name: what a person says about their decision."""


class Choice(Value):
    """One field's value, the runner-up, and the rule that chose."""

    field: str
    chosen: str
    runner_up: str | None
    rule: str


class Escalation(Value):
    """A criterion met, in the customer's own words; empty where only a person says so."""

    criterion: str
    quote: str


class Decision(Value):
    """Everything that `write` may write, and nothing else."""

    issue_type: str
    priority: int
    queue: str
    escalation: Escalation | None
    draft: str | None
    choices: tuple[Choice, ...]
    suggested: tuple[str, ...] = ()  # fields that a note suggests, and nobody sets
    left_out: tuple[str, ...] = ()  # fields that are left alone
    by: str | None = None  # the person who decided, where no machine did

    def told(self, field: str, chosen: str, rule: str) -> "Decision":
        """The same with one more line on how it came about."""
        line = Choice(field=field, chosen=chosen, runner_up=None, rule=rule)
        return self.model_copy(update={"choices": (*self.choices, line)})

    def to_set(self) -> dict[str, str]:
        """Of `fields`, those that are set by themselves."""
        held = {*self.suggested, *self.left_out}
        return {name: value for name, value in self.fields().items() if name not in held}

    def fields(self) -> dict[str, str]:
        """Field name to value, as the helpdesk shall hold them."""
        values = {
            "issue_type": self.issue_type,
            "priority": str(self.priority),
            "queue": self.queue,
        }
        return values | ({"escalated": self.escalation.criterion} if self.escalation else {})
