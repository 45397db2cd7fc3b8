"""A real Kubernetes for the demo and the end-to-end tests; `python -m tests.cluster --help`."""
