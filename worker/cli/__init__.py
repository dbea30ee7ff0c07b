"""The command line: a command is a noun and a verb, reads by default, changes only with --yes."""
