"""Local container images that answer to the official images' contracts, built from Debian packages and Go modules."""
