"""Carries suspects where they can do no harm: runs that some process had when it died."""
