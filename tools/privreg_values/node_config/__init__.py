"""What a node's container runtime is told about the registry: one module a family of runtimes."""
