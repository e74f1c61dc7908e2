"""What a pool exports to OpenTelemetry, kept in memory."""

from collections.abc import Iterator
from contextlib import contextmanager

from attrs import define
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader, NumberDataPoint
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Sampler

from belvo_async.contrib.opentelemetry import OpenTelemetryObserver


@define
class Telemetry:
    """What one pool exports, in memory."""

    tracing: TracerProvider
    metering: MeterProvider
    exporter: InMemorySpanExporter
    reader: InMemoryMetricReader

    def observe(self) -> OpenTelemetryObserver:
        return OpenTelemetryObserver(tracer_provider=self.tracing, meter_provider=self.metering)

    def list_spans(self) -> dict[str, ReadableSpan]:
        return {span.name: span for span in self.exporter.get_finished_spans()}

    def write(self) -> str:
        """Return all that is exported, as text."""
        spans = "\n".join(span.to_json() for span in self.exporter.get_finished_spans())
        data = self.reader.get_metrics_data()
        return spans if data is None else f"{spans}\n{data.to_json()}"

    def read_points(self, name: str) -> list[NumberDataPoint | HistogramDataPoint]:
        data = self.reader.get_metrics_data()
        assert data is not None
        return [
            point
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
            if isinstance(point, NumberDataPoint | HistogramDataPoint)
        ]

    def count(self, name: str) -> dict[tuple[object, ...], float]:
        """Return each value of a metric, or the number of measurements, by its attributes' values."""
        return {
            tuple((point.attributes or {}).values()): point.value
            if isinstance(point, NumberDataPoint)
            else point.count
            for point in self.read_points(name)
        }


@contextmanager
def open_telemetry(sampler: Sampler = ALWAYS_ON) -> Iterator[Telemetry]:
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    tracing, metering = TracerProvider(sampler), MeterProvider([reader])
    tracing.add_span_processor(SimpleSpanProcessor(exporter))
    yield Telemetry(tracing, metering, exporter, reader)
    tracing.shutdown()
    metering.shutdown()
