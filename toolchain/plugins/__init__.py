"""Provider plugins in Python that stand in for the official ones where those cannot be downloaded."""
