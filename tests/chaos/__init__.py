"""A seeded nemesis over a real fleet: `make chaos SEED=7 MINUTES=15 LEDGER=postgres`."""
