"""Runs the checks of a registry in a Pod."""
