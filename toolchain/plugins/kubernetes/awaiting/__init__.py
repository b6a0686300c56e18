"""Waiting until an object is what was asked for: one module for each kind that has its own idea of it."""
