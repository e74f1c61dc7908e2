"""An OpenTelemetry collector on loopback, that keeps each byte it is sent."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from attrs import Factory, define
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

_SIGNALS: Final = ("/v1/traces", "/v1/metrics")


@define
class Collector:
    """What was sent to each path."""

    url: str
    received: dict[str, bytes] = Factory(lambda: dict.fromkeys(_SIGNALS, b""))

    def open_tracing(self) -> TracerProvider:
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"{self.url}/v1/traces")))
        return provider

    def open_metering(self) -> MeterProvider:
        exporter = OTLPMetricExporter(f"{self.url}/v1/metrics")
        return MeterProvider([PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)])


@contextmanager
def collect() -> Iterator[Collector]:
    """Serve a collector in a thread: exporters send from threads of their own, and wait for the answer."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            collector.received[self.path] += str(self.headers).encode() + body
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - the base's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector = Collector(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()
