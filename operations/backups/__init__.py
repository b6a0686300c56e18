"""Backups of a stack: made at once, listed, put back, and what a rebuild needs. See docs/backups.md."""
