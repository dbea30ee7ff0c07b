"""Personal text: sealed under a key per requester."""
