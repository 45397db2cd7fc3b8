"""What goes wrong in the bench, to be told in one line."""


class BenchError(Exception):
    """The bench cannot measure; the text says why."""
