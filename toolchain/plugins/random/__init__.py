"""The stand-in for the official `random` provider 4.21.4: random values that live in the state and nowhere else.

Source of its behaviour: pulumi-random 4.21.4 over terraform-provider-random 3.9, run with the official plugin.
"""
