"""What all rungs share."""

from hypothesis import settings

# The same examples every time, nothing written into the clone, no clock: machines differ in speed.
settings.register_profile("repeatable", derandomize=True, database=None, deadline=None, max_examples=50)
settings.load_profile("repeatable")
