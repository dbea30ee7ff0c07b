"""The ways by which alerts leave: the log, a webhook, mail."""
