"""Ledgers: SQLite as the embedded default, PostgreSQL in production, one schema for both."""
