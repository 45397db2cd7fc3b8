"""What the chart renders, and what a real API server says of it.

A package, so that its API server or cluster ends with the last of its tests.
"""
