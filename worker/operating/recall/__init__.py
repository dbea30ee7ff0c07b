"""Takes back what was written by a prompt, a model, since a moment, or in a recall."""
