# The commands of this repository. `make` alone lists them; operations/ and toolchain/ do the work.
# GNU make 3.81 (macOS) is enough.
STACK ?=
ARGS ?=
GO ?= $(CURDIR)/toolchain/go
export GO ALL
# Words of the caller's stay words: make expands no $(shell …) in them, and recipes find them in their environment, where
# no shell reads them as text. ARGS alone is text for the shell.
as_it_is = $(if $(filter undefined,$(origin $1)),,$(eval override $1 := $$(value $1))$(eval export $1))
$(foreach name,STACK ALLOW_DATA_LOSS PROVIDERS PORTUS SHOW_SECRETS CLUSTER NODES,$(call as_it_is,$(name)))
# What make says of folders must not stand among the outputs.
MAKEFLAGS += --no-print-directory

# Each recipe is one shell that first takes the tools into itself; a failure of theirs ends it.
tools      = tools=$$(toolchain/env) && eval "$$tools"
test_tools = tools=$$(toolchain/env --test) && eval "$$tools"
operation  = @$(tools) && exec python -m operations $@ $(if $(STACK),"--stack=$$STACK") $(if $(ARGS),-- $(ARGS))
# Before the tests, as their time limits are not made for minutes of building; without root no cluster starts.
programs   = toolchain/provider kubernetes && { test "$$(id -u)" != 0 || lab/cluster/cluster build --cert-manager; }
# Tests that need it are left out where it cannot be had.
browser    = { toolchain/program chromium || echo 'test: the documentation is not opened in a browser' >&2; }
# The tests on Docker, those on Kubernetes, and the others beside them (tests/conftest.py).
beside     = --numprocesses 3 --dist loadscope --no-loadscope-reorder --durations 30
run_tests  = @$(test_tools) && toolchain/docker && lab/images/build >&2 && $(programs) && $(browser) && exec env -u STACK -u ARGS -u MAKEFLAGS -u MAKELEVEL python -m pytest tests $(beside)
sources    = components operations toolchain lab tests __main__.py $(wildcard policies benchmarks examples docs/*.py)

.PHONY: help up preview down repair status diagram outputs images-list images-load backup backups drill restore recovery-kit collect-garbage timer monitoring trust untrust images cluster cluster-down test soak lint docs bench clean-tools

help: ## this list
	@echo 'usage: make COMMAND [STACK=name] [ARGS="…"] [PROVIDERS=folder] [PORTUS=image] [SHOW_SECRETS=1] [ALLOW_DATA_LOSS=names]'
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' Makefile | awk -F'|' '{ printf "  %-15s %s\n", $$1, $$2 }'
	@echo
	@echo '  STACK         stacks/Pulumi.STACK.yaml; default dev where the official tools can be had, else local'
	@echo '  ARGS          more arguments for pulumi, for example ARGS=--diff (up, preview, down), or for pytest (test)'
	@echo '  PROVIDERS     official, or a folder with provider plugins to use instead of the default ones'
	@echo '  SHOW_SECRETS  1: outputs shows secrets'
	@echo '  ALL           1: test runs the suites about the lab too that passed on this machine and did not change since'
	@echo '  PORTUS        an image of Portus that test uses in the stand-in’s place, for example opensuse/portus:2.4.3'
	@echo '  ALLOW_DATA_LOSS  names of volumes, claims, credentials, keys that this very preview may delete or replace'
	@echo '  CLUSTER       which test cluster, default "default"; NODES: how many nodes it has, default 1'

up: ## deploy the stack, or change it to what its file says; goes on after an interrupt
	$(operation)
preview: ## show what up would do, judged by the policy pack; refuses to lose data
	$(operation)
down: ## remove the stack and everything of it; refuses when its data is protected
	$(operation)
repair: ## put right what an interrupted up left; up calls it by itself
	$(operation)
status: ## how the stack is: roles, certificates, last smoke check, drift; ARGS=--json, ARGS="--metrics FILE"
	$(operation)
diagram: ## draw the stack as SVG; ARGS="--changes --output FILE"
	$(operation)
outputs: ## print the stack's outputs as JSON
	$(operation)
images-list: ## print the images that the stack needs, one a line
	$(operation)
images-load: ## load ARGS=FILE, of docker save, on the stack's Docker hosts, and say which images they still lack
	$(operation)
backup: ## make a backup now, and wait until it is whole
	$(operation)
backups: ## list the backups that there are
	$(operation)
drill: ## try now whether the newest backup can be put back, and touch nothing of the stack
	$(operation)
restore: ## put a backup back, by default the newest; ARGS="--snapshot ID --kit FILE"
	$(operation)
recovery-kit: ## write what a rebuild needs when all else is gone, encrypted; ARGS="--output FILE --recipient KEY"
	$(operation)
collect-garbage: ## give back the space of deleted images, while pulls go on; ARGS="--dry-run --untagged"
	$(operation)
timer: ## have up run by a schedule, by systemd, cron or CI; ARGS="--metrics FILE --install"
	$(operation)
monitoring: ## write Prometheus’ alert rules and Grafana’s dashboard to ARGS=FOLDER
	$(operation)
trust: ## let this machine's docker trust the stack's CA and find its host names (root)
	$(operation)
untrust: ## take back what trust did (root)
	$(operation)

images: ## build the lab's images that are missing
	@$(tools) && exec lab/images/build
cluster: ## start a Kubernetes for tests, or what is missing of it, and print its KUBECONFIG (root)
	@$(tools) && toolchain/provider kubernetes && toolchain/docker && lab/images/build >&2 && exec lab/cluster/cluster up
cluster-down: ## remove that Kubernetes and everything of it (root)
	@$(tools) && exec lab/cluster/cluster down
test: ## run the tests that this machine can run, and name those left out; ALL=1: also what passed unchanged
	$(run_tests) -m 'not soak' $(ARGS)
soak: ## run what test leaves out: long faults, interrupts and load, before a release or after a large change
	$(run_tests) -m soak $(ARGS)
lint: ## ruff and mypy --strict
	@$(test_tools) && ruff check $(sources) && exec mypy $(patsubst policies,policies/portus_policies,$(sources))
docs: ## build the documentation as a site in site/
	@$(test_tools) && exec python -m mkdocs build --strict
bench: ## measure beside the peers, and write table and plot to benchmarks/; half an hour (root)
	@$(test_tools) && toolchain/provider kubernetes && toolchain/docker && toolchain/program docker-compose && lab/images/build >&2 && exec python -m benchmarks
clean-tools: ## remove the tool folder; stacks stay
	@toolchain/clean
