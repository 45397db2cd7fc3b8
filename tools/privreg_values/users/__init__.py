"""Users: their names, passwords, roles, and where files keep them."""
