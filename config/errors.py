"""What is wrong with a configuration, said so that the operator can mend it."""


class ConfigError(Exception):
    """The configuration cannot be used; the message names the file, the key and the remedy."""
