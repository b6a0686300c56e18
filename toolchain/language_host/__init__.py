"""The Pulumi language host for Python: what the engine asks to run programs, policy packs and component packages.

Stands in for the official `pulumi-language-python`, which no Go module that is served contains. The service is
`pulumi/language.proto` of the `pulumi` wheel; what its calls have to do is documented there.
"""
