"""A desk of one's own, proposed from what people have decided so far."""
