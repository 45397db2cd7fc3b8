"""What `migrate` brings over, and from what."""
