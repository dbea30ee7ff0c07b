"""The protocols of providers, one file each."""
