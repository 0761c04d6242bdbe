package tracing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TracingCustomizerTest {
  private final InMemorySpanExporter exporter = InMemorySpanExporter.create();
  private final SdkTracerProvider provider =
      SdkTracerProvider.builder()
          .setSampler(new HealthPathSampler(Sampler.alwaysOn(), "/healthz"))
          .addSpanProcessor(new PatientProcessor(SimpleSpanProcessor.create(exporter)))
          .build();

  @Test
  void healthChecksMakeNoSpans() {
    server("/healthz").end();
    server("/items/1").end();
    assertEquals(1, exporter.getFinishedSpanItems().size());
    assertEquals("GET /items/1", exporter.getFinishedSpanItems().get(0).getName());
  }

  @Test
  void requestsUnderWayEndBeforeTracingDoes() throws InterruptedException {
    Span request = server("/slow");
    Thread stop = new Thread(provider::close);
    stop.start();
    stop.join(600);
    assertTrue(stop.isAlive(), "closed before the request ended");
    request.end();
    stop.join(3000);
    assertFalse(stop.isAlive(), "still open after the request ended");
  }

  @Test
  void aPlusIsAPlus() {
    assertEquals(
        Map.of("authorization", "Bearer a+b/c==", "x", "d+e"),
        TracingCustomizer.decoded("authorization=Bearer%20a+b/c==, x = d%2Be"));
  }

  private Span server(String path) {
    return provider
        .get("test")
        .spanBuilder("GET " + path)
        .setSpanKind(SpanKind.SERVER)
        .setAttribute("url.path", path)
        .startSpan();
  }
}
