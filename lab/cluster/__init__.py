"""A real Kubernetes for tests, beside other clusters and Docker: built from Go modules, run in Linux namespaces."""
