"""Looks for what breaks a module: sequences of events, each finding with its smallest case."""
