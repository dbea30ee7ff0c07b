"""The version that every process of a fleet reports."""

VERSION = "0.1.0"
