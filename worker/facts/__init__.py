"""Sources of customer facts that keep the promise of tasks.ports.facts."""
