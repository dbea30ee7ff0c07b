"""What a call of a model may cost at most, and what it has cost. Millionths of a US dollar."""

import json

from config.tiers import Price
from tasks.ports.model import Question, Reply

MESSAGE_TOKENS = 16
"""What a provider puts around each message: roles and separators; four in practice."""

CALL_TOKENS = 1_024
"""And around the whole: a schema is handed to some as a tool, with half a thousand tokens of words
of the provider's own."""


def most_tokens(question: Question) -> int:
    """The most tokens that asking it can come to, in and out."""
    return most_input_tokens(question) + question.max_output_tokens


def most_input_tokens(question: Question) -> int:
    """The most that its text can come to: no tokeniser makes more tokens than there are bytes."""
    texts = (*(message.content for message in question.messages), json.dumps(question.schema))
    said = sum(len(text.encode(errors="surrogatepass")) for text in texts)
    return said + MESSAGE_TOKENS * len(question.messages) + CALL_TOKENS


def bound(question: Question, price: Price) -> int:
    """The most that asking it once can cost, rounded up; 0 for a model that costs nothing."""
    dearest = max(price.input, price.cached_input or price.input)
    return Price(input=dearest, output=price.output).micro_usd(
        input_tokens=most_input_tokens(question),
        cached_tokens=0,
        output_tokens=question.max_output_tokens,
    )


def cost_of(reply: Reply, price: Price, bound: int) -> int:
    """What an answer has cost; the bound where the provider does not say how long it was."""
    usage = reply.usage
    if not usage.reported:
        return bound
    return price.micro_usd(
        input_tokens=usage.input_tokens,
        cached_tokens=usage.cached_tokens,
        output_tokens=usage.output_tokens,
    )


def cost_of_failure(error: BaseException, bound: int) -> int:
    """What a call without an answer has cost: the bound, unless it is known to be nothing."""
    return 0 if getattr(error, "unbilled", False) else bound
