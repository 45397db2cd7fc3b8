"""The cluster, through the programs that its user already has: helm and kubectl."""
