"""``python -m portus_policies COMMAND``: see ``--help``."""

import sys

from .check import main

sys.exit(main())
