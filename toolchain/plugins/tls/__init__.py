"""The stand-in for the official `tls` provider 5.6.2: keys, certificate requests and certificates that live in the
state.

Source of its behaviour: pulumi-tls 5.6.2 over terraform-provider-tls 4, run with the official plugin. The cryptography
is the `cryptography` package's; it is loaded when something is made, not when the plugin starts.
"""
