"""Helpdesks that keep the promise of tasks.ports.helpdesk."""
