"""What stands before every request: breakers, limits, the retry budget."""
