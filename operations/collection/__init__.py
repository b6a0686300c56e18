"""Gives back the space of deleted images while people go on pulling. See docs/operations.md, "Give back space"."""
