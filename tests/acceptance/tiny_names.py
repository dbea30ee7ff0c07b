"""What the tiny worker writes on Redis, for the tests that read it."""

DONE = "test:done"
"""One entry for each message, in the order in which they were done."""

BEGUN = "test:begun"
"""How many tasks have begun."""

GO = "test:go"
"""Tasks of runs named "held…" wait for this key."""
