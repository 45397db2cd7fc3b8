"""What the commands do: they call the domain and print what came of it.

Each is imported by the command line only when it runs.
"""
