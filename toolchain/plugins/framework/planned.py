"""A resource that is planned: one function from state and inputs to the planned state decides preview, diff, create and
update.

That is how the official random and tls plugins work (`pkg/pf/tfbridge/provider_diff.go` of pulumi-terraform-bridge
3.137 over `PlanResourceChange` of terraform-plugin-framework 1.19), so their visible habits follow: inputs are stored
as given, unknown ones are ignored, defaults appear in outputs only, a null output is absent, the diff names top-level
properties and carries no detail.
"""

import json
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from toolchain.plugins.framework.attributes import Finding, Input, configuration, findings
from toolchain.plugins.framework.resource import (
    CheckFailure,
    CheckRequest,
    CheckResult,
    Created,
    CreateRequest,
    Diff,
    DiffRequest,
    ProviderError,
    ReadRequest,
    ReadResult,
    Request,
    Resource,
    UpdateRequest,
)
from toolchain.plugins.framework.values import UNKNOWN, Properties, Secret, Value

IMPORT_UNSUPPORTED = "Resource Import Not Implemented: This resource does not support import."


@dataclass
class Plan:
    """The planned state, and what would be replaced for reasons other than a changed input."""

    state: Properties
    replaces: set[str] = field(default_factory=set)


class PlannedResource(Resource):
    """Subclasses declare `inputs` and `computed` (output names besides inputs, `id` among them) and generate values.

    `schema_version` is written to the state's `__meta` when it is not 0. `keeps_computed` False: every change makes all
    computed outputs unknown.
    """

    inputs: ClassVar[Mapping[str, Input]]
    computed: ClassVar[tuple[str, ...]]
    secret_outputs: ClassVar[frozenset[str]] = frozenset()
    schema_version: ClassVar[int] = 0
    keeps_computed: ClassVar[bool] = True

    @abstractmethod
    def generate(self, planned: Properties, request: Request) -> Properties:
        """Make the computed values, `id` among them. Raises `ProviderError` with a readable cause."""

    def validate(self, config: Properties) -> Iterable[Finding]:
        """Judge inputs together."""
        return ()

    def modify_plan(self, plan: Plan, prior: Properties | None, config: Properties) -> None:
        """Adjust a plan. `prior` is None for a new resource."""

    def import_state(self, resource_id: str) -> Properties:
        """The state for an identity. Raises `ProviderError` when it is malformed or the type cannot be imported."""
        raise ProviderError(IMPORT_UNSUPPORTED)

    def refresh_state(self, state: Properties) -> Properties:
        """What a look at the resource changes in its state: nothing, unless a subclass knows better."""
        return state

    def upgrade_state(self, state: Properties) -> Properties:
        """Complete a state that an older version wrote."""
        return state

    def check(self, request: CheckRequest) -> CheckResult:
        config = self._checked_configuration(request.news)
        failures = [_missing(name, spec) for name, spec in self.inputs.items() if spec.required and name not in config]
        found = [*findings(self.inputs, config), *self.validate(config)]
        failures += [_failure(finding, request.name) for finding in found]
        return CheckResult(self._marked(request.news), failures)

    def diff(self, request: DiffRequest) -> Diff:
        prior = self._prior(request.olds)
        plan = self._plan(prior, _ignoring(request.ignore_changes, request.olds, request.news))
        changed = {name for name in self._names() if plan.state.get(name) != prior.get(name)}
        replaces = {name for name in changed & self.inputs.keys() if self._replaces(name, prior, plan)}
        replaces |= plan.replaces & changed
        return Diff(changed=bool(changed), replaces=tuple(sorted(replaces)), diffs=tuple(sorted(changed)))

    def create(self, request: CreateRequest) -> Created:
        plan = self._plan(None, request.inputs)
        if request.preview:
            return Created("", self._outputs(plan.state))
        known: Properties = {name: value for name, value in plan.state.items() if value is not UNKNOWN}
        state = known | self.generate(known, request)
        return Created(_id(state), self._stored(state))

    def read(self, request: ReadRequest) -> ReadResult | None:
        if request.outputs:
            state = self.refresh_state(self._prior(request.outputs))
            present = {name: value for name, value in request.inputs.items() if self._survives(name, state)}
            inputs = {name: state.get(name, value) for name, value in present.items()}
            return ReadResult(request.id, self._stored(state), self._marked(inputs))
        state = self.import_state(request.id)
        inputs = {name: state[name] for name in self.inputs if state.get(name) not in (None, *_ZEROES)}
        return ReadResult(_id(state), self._stored(state), self._marked(inputs))

    def update(self, request: UpdateRequest) -> Properties:
        plan = self._plan(self._prior(request.olds), _ignoring(request.ignore_changes, request.olds, request.news))
        return self._outputs(plan.state) if request.preview else self._stored(plan.state)

    def _checked_configuration(self, news: Properties) -> Properties:
        try:
            return configuration(self.inputs, news)
        except ProviderError as error:
            raise ProviderError(f"cannot encode resource inputs to call ValidateResourceConfig: {error}") from error

    def _survives(self, name: str, state: Properties) -> bool:
        """A refresh drops inputs that the state holds as null; keys that are no inputs stay."""
        return name not in self.inputs or state.get(name) is not None

    def _names(self) -> tuple[str, ...]:
        return (*self.inputs, *self.computed)

    def _prior(self, outputs: Properties) -> Properties:
        known = {name: outputs[name] for name in self.computed if outputs.get(name) is not None}
        return self.upgrade_state(configuration(self.inputs, outputs) | known)

    def _plan(self, prior: Properties | None, inputs: Properties) -> Plan:
        config = configuration(self.inputs, inputs)
        state: Properties = {}
        for name, spec in self.inputs.items():
            kept = (UNKNOWN if prior is None else prior.get(name)) if spec.computed else spec.default
            state[name] = config.get(name, kept)
        unchanged = prior is not None and all(state[name] == prior.get(name) for name in self.inputs)
        for name in self.computed:
            keeps = self.keeps_computed or unchanged
            state[name] = prior.get(name) if prior is not None and keeps else UNKNOWN
        plan = Plan(state)
        self.modify_plan(plan, prior, config)
        return plan

    def _replaces(self, name: str, prior: Properties, plan: Plan) -> bool:
        return self.inputs[name].replaces(prior.get(name), plan.state.get(name))

    def _stored(self, state: Properties) -> Properties:
        outputs = self._outputs(state)
        if self.schema_version:
            outputs["__meta"] = json.dumps({"schema_version": str(self.schema_version)}, separators=(",", ":"))
        return outputs

    def _outputs(self, state: Properties) -> Properties:
        present: Properties = {name: value for name in self._names() if (value := state.get(name)) is not None}
        unknown: Properties = {name: UNKNOWN for name, value in present.items() if value is UNKNOWN}
        return self._marked(present) | unknown

    def _marked(self, values: Properties) -> Properties:
        return {name: Secret(value) if self._is_secret(name, value) else value for name, value in values.items()}

    def _is_secret(self, name: str, value: Value) -> bool:
        declared = name in self.secret_outputs or (name in self.inputs and self.inputs[name].secret)
        return declared and value is not None


_ZEROES: tuple[Value, ...] = (0, False, "")


def _id(state: Properties) -> str:
    resource_id = state["id"]
    if not isinstance(resource_id, str):
        raise TypeError("a generated id is a string")
    return resource_id


def _missing(name: str, spec: Input) -> CheckFailure:
    return CheckFailure("", f"Missing required property '{name}': {spec.description}")


def _failure(finding: Finding, resource: str) -> CheckFailure:
    return CheckFailure("", f"{finding.summary}. {finding.detail}. Examine values at '{resource}.{finding.path}'.")


def _ignoring(ignored: Iterable[str], olds: Properties, news: Properties) -> Properties:
    """`news` with the state's values of the ignored properties. Paths into a property are the engine's business: it has
    restored the old input.
    """
    kept = {name: olds[name] for name in ignored if olds.get(name) is not None}
    return {name: value for name, value in news.items() if name not in ignored} | kept
