package example;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.baggage.Baggage;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Scope;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.ResourceAccessException;
import org.springframework.web.client.RestClient;

@RestController
class Endpoints {
  private static final Logger log = LoggerFactory.getLogger(Endpoints.class);

  private final Tracer tracer;
  private final Work work;
  private final RestClient client;

  Endpoints(OpenTelemetry telemetry, RestClient.Builder builder) {
    tracer = telemetry.getTracer("example");
    work = new Work(telemetry);
    client = builder.defaultStatusHandler(status -> true, (request, response) -> {}).build();
  }

  @GetMapping("${TRACING_HEALTH_PATH:/healthz}")
  String health() {
    return "ok";
  }

  @GetMapping("/")
  ResponseEntity<Map<String, Object>> root(
      @RequestHeader(name = Callees.PATH_HEADER, defaultValue = "") String cameBy) {
    Map<String, Integer> statuses = Callees.call(this::status, cameBy);
    log.info("callees answered {}", statuses);
    return ResponseEntity.status(Callees.allAnswered(statuses) ? 200 : 502)
        .body(Map.of("service", Settings.NAME, "calls", statuses));
  }

  @GetMapping("/items/{id}")
  Map<String, String> item(@PathVariable String id) {
    Span span = tracer.spanBuilder("find item").setAttribute("item.id", id).startSpan();
    try (Scope scope = span.makeCurrent()) {
      log.info("item {}", id);
      span.addEvent("item.found", Attributes.of(AttributeKey.stringKey("item.id"), id));
      return Map.of("id", id);
    } finally {
      span.end();
    }
  }

  @GetMapping("/slow")
  String slow() throws InterruptedException {
    Span span = tracer.spanBuilder("wait").startSpan();
    try (Scope scope = span.makeCurrent()) {
      log.info("waiting");
      Thread.sleep(1500);
      return "done";
    } finally {
      span.end();
    }
  }

  @GetMapping("/error")
  String error() {
    Span span = tracer.spanBuilder("try").startSpan();
    try (Scope scope = span.makeCurrent()) {
      log.warn("about to fail");
      throw new IllegalStateException("this always fails");
    } catch (IllegalStateException exception) {
      span.recordException(exception);
      span.setStatus(StatusCode.ERROR, exception.getMessage());
      throw exception;
    } finally {
      span.end();
    }
  }

  @GetMapping("/work")
  ResponseEntity<String> work() {
    work.send();
    return ResponseEntity.accepted().body("sent");
  }

  @GetMapping("/baggage")
  Map<String, String> baggage() {
    Map<String, String> entries = new LinkedHashMap<>();
    Baggage.current().forEach((key, entry) -> entries.put(key, entry.getValue()));
    log.info("{} baggage entries", entries.size());
    return entries;
  }

  private int status(String url, String path) {
    try {
      return client
          .get()
          .uri(url)
          .header(Callees.PATH_HEADER, path)
          .retrieve()
          .toBodilessEntity()
          .getStatusCode()
          .value();
    } catch (ResourceAccessException nobody) {
      log.warn("{} did not answer: {}", url, nobody.getMessage());
      return 0;
    }
  }
}
