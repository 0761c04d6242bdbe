package example;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.context.propagation.TextMapPropagator;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Context carried by hand: in the headers of a message, and into a thread of one's own. */
final class Work {
  private static final Logger log = LoggerFactory.getLogger(Work.class);

  private final Tracer tracer;
  private final TextMapPropagator propagator;
  // Messages are nothing but their headers here.
  private final BlockingQueue<Map<String, String>> queue = new LinkedBlockingQueue<>(1000);
  // Runs a task in the context of who handed it over, not in that of the thread it gets.
  private final ExecutorService pool =
      Context.taskWrapping(Executors.newSingleThreadExecutor(Work::daemon));

  Work(OpenTelemetry telemetry) {
    tracer = telemetry.getTracer("example");
    propagator = telemetry.getPropagators().getTextMapPropagator();
    daemon(this::processAll).start();
  }

  void send() {
    Span span = tracer.spanBuilder("send work").setSpanKind(SpanKind.PRODUCER).startSpan();
    try (Scope scope = span.makeCurrent()) {
      Map<String, String> headers = new HashMap<>();
      propagator.inject(Context.current(), headers, Map::put);
      queue.add(headers);
      log.info("work sent");
    } finally {
      span.end();
    }
  }

  private void processAll() {
    try {
      while (true) {
        process(queue.take());
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void process(Map<String, String> headers) {
    Context sender = propagator.extract(Context.root(), headers, new Headers());
    Span span =
        tracer
            .spanBuilder("process work")
            .setSpanKind(SpanKind.CONSUMER)
            .setParent(sender)
            .startSpan();
    try (Scope scope = sender.with(span).makeCurrent()) {
      log.info("work taken");
      pool.execute(this::finish);
    } finally {
      span.end();
    }
  }

  private void finish() {
    Span span = tracer.spanBuilder("finish work").startSpan();
    try (Scope scope = span.makeCurrent()) {
      log.info("work finished");
    } finally {
      span.end();
    }
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "work");
    thread.setDaemon(true);
    return thread;
  }

  private static final class Headers implements TextMapGetter<Map<String, String>> {
    // Deprecated since 1.68 of the API, abstract before.
    @SuppressWarnings("deprecation")
    @Override
    public Iterable<String> keys(Map<String, String> headers) {
      return headers.keySet();
    }

    @Override
    public String get(Map<String, String> headers, String key) {
      return headers == null ? null : headers.get(key);
    }
  }
}
