"""The release in the cluster: what it would be, what it is, and how it becomes that."""
