"""Runs the scenarios of tests/contract/events against the Python event bus."""
