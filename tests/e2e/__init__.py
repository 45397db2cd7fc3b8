"""The installed chart on a real cluster.

A package, so that its API server or cluster ends with the last of its tests.
"""
