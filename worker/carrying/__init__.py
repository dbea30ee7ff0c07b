"""Carries tickets through the pipeline: claimed, worked on, committed, passed on."""
