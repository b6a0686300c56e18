"""Security rules for PortusStack and for whatever is deployed beside it: docs in the pack's README."""
