"""The night in question at full size: a fleet of four processes, and a provider that misbehaves."""
