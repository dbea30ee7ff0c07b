"""The broker: hints that work is due, on a Redis that may lose them."""
