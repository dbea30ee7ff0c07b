"""A model provider to be tried against: real HTTP, scripted and seeded faults, a log to judge by.

It imports nothing of the fleet's that is heavy, and starts in a fraction of a second.
"""
