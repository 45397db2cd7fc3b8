"""Credentials and validated values files for the privreg chart."""

__version__ = "0.1.0"
