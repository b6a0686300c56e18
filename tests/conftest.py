"""What all rungs share."""

import os
import tempfile

# Hypothesis would keep a folder in the clone; this one goes when Python ends.
_STORAGE = tempfile.TemporaryDirectory(prefix="hypothesis-")
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", _STORAGE.name)

from hypothesis import settings  # noqa: E402 - reads the variable when it is imported

# The same examples every time, and no clock: machines differ in speed.
settings.register_profile("repeatable", derandomize=True, database=None, deadline=None, max_examples=50)
settings.load_profile("repeatable")
