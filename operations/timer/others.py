"""The same jobs for who has no systemd: crontab(5), and schedules of CI."""

import shlex
from argparse import Namespace

from ..stack import Stack
from .jobs import JOBS, Caller

_CRON = """\
# For `crontab -e`. Output is mailed, or lost where no mail goes out. A run that meets another `up` fails, and the next
# one comes at its time.
# {file}: variables with secrets, one NAME=VALUE a line, readable by its owner only; it need not be there.
"""
_GITHUB = """\
# .github/workflows/portus-stack-up.yaml: GitHub runs it from the default branch, by UTC, sometimes later.
# Variable: PULUMI_BACKEND_URL. Secrets of the environment `deploy`: PULUMI_CONFIG_PASSPHRASE, and what backend and
# providers need.
name: portus-stack up {stack}
on:
  schedule:
    - cron: "{cron}"
  workflow_dispatch:

permissions:
  contents: read

concurrency: # one after the other; a person's `up` elsewhere holds the lock, and this one fails
  group: portus-stack-{stack}
  cancel-in-progress: false

jobs:
  up:
    runs-on: ubuntu-24.04
    environment: deploy
    env:
      BACKEND_URL: ${{{{ vars.PULUMI_BACKEND_URL }}}}
      PULUMI_CONFIG_PASSPHRASE: ${{{{ secrets.PULUMI_CONFIG_PASSPHRASE }}}}
    steps:
      - uses: actions/checkout@v4
        with:
          persist-credentials: false
{tools}      - run: |
{script}
"""
_GITLAB = """\
# For .gitlab-ci.yml; make a pipeline schedule with the interval pattern `{cron}`. Variables, masked and protected:
# BACKEND_URL, PULUMI_CONFIG_PASSPHRASE, and what backend and providers need.
portus-stack-up:
  image: {image}
  rules:
    - if: $CI_PIPELINE_SOURCE == "schedule"
  resource_group: portus-stack-{stack} # one after the other
  script:
    - |
{script}
"""
_IN_A_CLONE = """\
eval "$(toolchain/env)"
export PULUMI_BACKEND_URL="$BACKEND_URL" # instead of the folder on this machine that toolchain/env chose
unset PULUMI_CONFIG_PASSPHRASE_FILE
python -m operations preview --stack {stack}
python -m operations up --stack {stack}
"""
_ELSEWHERE = """\
export PULUMI_BACKEND_URL="$BACKEND_URL"
pip install --requirement requirements.txt 'pulumi_portus[operations]' # for a cluster: operations-kubernetes
portus-stack preview --stack {stack}
portus-stack up --stack {stack} -- --yes --skip-preview
"""


def crontab(caller: Caller, options: Namespace) -> str:
    """Lines for a crontab, for every job that was asked for."""
    variables = dict(caller.environment)
    if caller.passphrase_file:
        variables["PULUMI_CONFIG_PASSPHRASE_FILE"] = caller.passphrase_file
    lines = [f"{name}={value}" for name, value in sorted(variables.items())]
    file = shlex.quote(caller.environment_file)
    for job in JOBS:
        when = job.when(options)
        if when is not None:
            steps = " && ".join(shlex.join(caller.words(step)) for step in job.steps(options))
            command = f"[ ! -r {file} ] || {{ set -a; . {file}; }}; {steps}"
            lines.append(f"{when.cron} {_line(command)}")
    return _CRON.format(file=caller.environment_file) + "\n".join(lines) + "\n"


def _line(command: str) -> str:
    """cron makes line ends of what looks like a percent sign."""
    return command.replace("%", "\\%")


def github(stack: Stack, options: Namespace) -> str:
    """A workflow of GitHub Actions that runs `up`."""
    tools = "" if stack.project.clone else "      - uses: pulumi/actions@v6\n"
    return _GITHUB.format(stack=stack.name, cron=options.at.cron, tools=tools, script=_script(stack, 10))


def gitlab(stack: Stack, options: Namespace) -> str:
    """A job of GitLab CI that runs `up`."""
    image = "python:3.12-bookworm" if stack.project.clone else "pulumi/pulumi-python"
    return _GITLAB.format(stack=stack.name, cron=options.at.cron, image=image, script=_script(stack, 6))


def _script(stack: Stack, indent: int) -> str:
    text = (_IN_A_CLONE if stack.project.clone else _ELSEWHERE).format(stack=stack.name)
    return "\n".join(" " * indent + line for line in text.splitlines())
