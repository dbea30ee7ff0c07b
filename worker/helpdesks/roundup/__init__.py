"""Roundup, spoken to by its REST interface."""
