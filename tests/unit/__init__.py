"""The CLI and the programs in the chart, each by itself.

A package, so that its API server or cluster ends with the last of its tests.
"""
