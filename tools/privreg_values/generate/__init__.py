"""What `gen` makes."""
