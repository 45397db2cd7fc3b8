"""What `migrate` reads: one module a kind of source."""
