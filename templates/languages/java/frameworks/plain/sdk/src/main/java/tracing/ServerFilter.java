package tracing;

import com.sun.net.httpserver.Filter;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsExchange;
import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;

/** Continues the caller's trace with a span of the request. */
final class ServerFilter extends Filter {
  private final String route;

  ServerFilter(String route) {
    this.route = route;
  }

  @Override
  public void doFilter(HttpExchange exchange, Chain chain) throws IOException {
    Context caller =
        GlobalOpenTelemetry.getPropagators()
            .getTextMapPropagator()
            .extract(Context.root(), exchange, new Headers());
    Span span = start(exchange, caller);
    try (Scope scope = caller.with(span).makeCurrent()) {
      chain.doFilter(exchange);
    } catch (IOException | RuntimeException exception) {
      Tracing.recordError(exception);
      throw exception;
    } finally {
      // -1 while no answer has begun.
      if (exchange.getResponseCode() > 0) {
        Tracing.recordStatus(span, exchange.getResponseCode(), 500);
      }
      span.end();
    }
  }

  private Span start(HttpExchange exchange, Context caller) {
    SpanBuilder builder =
        Tracing.tracer()
            .spanBuilder(exchange.getRequestMethod() + " " + route)
            .setSpanKind(SpanKind.SERVER)
            .setParent(caller)
            .setAttribute("http.request.method", exchange.getRequestMethod())
            .setAttribute("http.route", route)
            .setAttribute("url.scheme", exchange instanceof HttpsExchange ? "https" : "http")
            .setAttribute("url.path", exchange.getRequestURI().getRawPath())
            .setAttribute("server.port", exchange.getLocalAddress().getPort())
            .setAttribute(
                "client.address", exchange.getRemoteAddress().getAddress().getHostAddress());
    if (exchange.getRequestURI().getRawQuery() != null) {
      builder.setAttribute("url.query", exchange.getRequestURI().getRawQuery());
    }
    return builder.startSpan();
  }

  @Override
  public String description() {
    return "tracing";
  }

  private static final class Headers implements TextMapGetter<HttpExchange> {
    @Override
    public Iterable<String> keys(HttpExchange exchange) {
      return exchange.getRequestHeaders().keySet();
    }

    @Override
    public String get(HttpExchange exchange, String name) {
      return exchange == null ? null : exchange.getRequestHeaders().getFirst(name);
    }

    @Override
    public Iterator<String> getAll(HttpExchange exchange, String name) {
      return exchange.getRequestHeaders().getOrDefault(name, List.of()).iterator();
    }
  }
}
