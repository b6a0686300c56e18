"""Installs what `pulumi` needs into the tool folder and tells a shell how to use it (the command `toolchain/env`).

Runs on the machine's own Python (>= 3.10) and on its standard library alone, because it is what makes the environment
in which anything else can be installed.
"""
