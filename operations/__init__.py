"""Commands around a deployed stack: what the Makefile calls as ``python -m operations COMMAND``."""
