"""The delivery of pull Secrets in a cluster of a thousand namespaces, beside a program that polls."""
