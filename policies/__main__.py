"""What the engine starts: the pack, which serves until it is ended. Nothing may be printed before its port is."""

from portus_policies.pack import serve

serve()
