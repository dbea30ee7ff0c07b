"""What the stages need of the world. Each port is a Protocol whose docstring is the promise."""
