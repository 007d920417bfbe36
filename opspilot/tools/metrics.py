"""What a metric shows: the investigation's own question, asked again for any window."""

from pydantic import Field, field_validator

from opspilot.domain.evidence import MetricDetail, MetricRequest
from opspilot.domain.signals import SIGNALS, query_of, signals_of
from opspilot.engine.questions import Question
from opspilot.errors import InputError
from opspilot.tools.arguments import About, resource_named, span_of
from opspilot.tools.filed import file, told
from opspilot.tools.tool import Context, Outcome, Tool

_NAMES = [signal.name for group in SIGNALS.values() for signal in group]


class MetricArguments(About):
    """One signal of one resource in one window."""

    signal: str = Field(
        description="Which metric, by its published name; the prefix tells the kind of resource.",
        json_schema_extra={"enum": list(_NAMES)},
    )

    @field_validator("signal")
    @classmethod
    def _published(cls, value: str) -> str:
        if value not in _NAMES:
            raise ValueError(f"no such signal; allowed are {', '.join(_NAMES)}")
        return value


def _run(given: MetricArguments, context: Context) -> Outcome:
    resource = resource_named(given.resource, context)
    signal = next((one for one in signals_of(resource) if one.name == given.signal), None)
    if signal is None:
        allowed = ", ".join(one.name for one in signals_of(resource)) or "none"
        raise InputError(f"{resource.name} is a {resource.kind}; its signals are {allowed}")
    span = span_of(given.window, context)
    question = Question(
        key=f"metric:{signal.name}:{resource.arn}",
        title=f"{signal.title} of {resource.name}",
        resource=resource,
        request=MetricRequest(metric=query_of(signal, resource)),
    )
    item = file(question, span, context)
    detail = item.detail
    if not isinstance(detail, MetricDetail):
        return told(item, span, {})
    wanted = (
        "anomalous", "direction", "unit", "statistic", "baseline_value", "incident_value",
        "peak_value", "peak_at", "onset", "onset_uncertainty_seconds", "effect_size",
        "total_baseline", "total_incident", "points",
    )  # fmt: skip
    figures = detail.model_dump(mode="json", include=set(wanted))
    return told(item, span, figures, found=detail.points > 0)


METRIC_FINDINGS = Tool(
    name="metric_findings",
    title="Metric findings",
    description=(
        "What one metric of one resource shows in a window, against the time before it: whether it "
        "stands out, since when, by how much, from which level to which. Computed by code from "
        "CloudWatch and filed as evidence; cite the evidence_id."
    ),
    arguments=MetricArguments,
    run=_run,
)
