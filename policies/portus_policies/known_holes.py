"""The security holes of Portus' releases, by the names of the patches that close them (docs/security.md)."""

from __future__ import annotations

SECURITY: dict[str, tuple[int, int]] = {
    "widened_scopes": (0, 5),
    "foreign_tokens": (4, 5),
    "disabled_users": (3, 5),
    "token_subject": (0, 5),
    "private_stars": (0, 5),
    "private_pages": (3, 5),
    "webhook_secret": (0, 5),
    "own_users": (0, 5),
    "oauth_identity": (3, 5),
}
"""Patch → the first and the last minor release of Portus 2 that has its hole."""
