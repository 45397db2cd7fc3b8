"""The live registry, and what a client of it needs to know."""
