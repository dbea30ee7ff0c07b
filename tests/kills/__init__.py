"""Real worker processes, killed at named points."""
