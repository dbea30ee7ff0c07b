"""Which variable an operator is told to mend."""

from config.environment import Environment
from worker.serving import whose_key


def test_who_named_a_model_without_a_key_is_told_where_the_key_belongs() -> None:
    """A server of one's own may need none; one that says 401 does."""
    named = Environment.read({"TRIAGE_MODEL": "openai/mine", "TRIAGE_MODEL_PRICE": "1,2"})
    assert whose_key("openai/mine", named) == "TRIAGE_MODEL_API_KEY"
    assert whose_key("openai/a-judge", named) == "none"
