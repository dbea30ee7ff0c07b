"""Inboxes that keep the promise of tasks.ports.inbox."""
