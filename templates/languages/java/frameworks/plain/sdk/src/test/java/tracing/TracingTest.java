package tracing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.testing.junit5.OpenTelemetryExtension;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class TracingTest {
  @RegisterExtension
  static final OpenTelemetryExtension TELEMETRY = OpenTelemetryExtension.create();

  private HttpServer server;

  @BeforeEach
  void start() throws Exception {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server
        .createContext("/items/", exchange -> exchange.sendResponseHeaders(500, -1))
        .getFilters()
        .add(Tracing.filter("/items/{id}"));
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  @Test
  void aRequestIsOneTraceOnBothSides() throws Exception {
    URI url = URI.create("http://localhost:%d/items/7".formatted(server.getAddress().getPort()));
    Tracing.send(
        HttpClient.newHttpClient(), HttpRequest.newBuilder(url), BodyHandlers.discarding());

    // The server's span may end after the answer came.
    SpanData inside = await(SpanKind.SERVER);
    SpanData outside = await(SpanKind.CLIENT);
    assertEquals("GET /items/{id}", inside.getName());
    assertEquals(outside.getSpanId(), inside.getParentSpanId());
    assertEquals(StatusCode.ERROR, inside.getStatus().getStatusCode());
    assertEquals(StatusCode.ERROR, outside.getStatus().getStatusCode());
  }

  private static SpanData await(SpanKind kind) throws InterruptedException {
    for (int attempt = 0; attempt < 100; attempt++) {
      for (SpanData span : TELEMETRY.getSpans()) {
        if (span.getKind() == kind) {
          return span;
        }
      }
      Thread.sleep(20);
    }
    throw new AssertionError("no span of kind " + kind);
  }
}
