"""Tells why Pods cannot pull: facts are collected, then diagnosed, then reported."""
