"""E-mail as customers send it: what of it is their message, and what a machine sent."""
