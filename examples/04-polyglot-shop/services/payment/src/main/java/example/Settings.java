package example;

import java.util.Arrays;
import java.util.List;

/** What the environment says. */
final class Settings {
  static final String NAME = text("OTEL_SERVICE_NAME", "payment");
  static final int PORT = Integer.parseInt(text("PORT", "8080"));
  static final String HEALTH_PATH = text("TRACING_HEALTH_PATH", "/healthz");

  private Settings() {}

  static String text(String variable, String otherwise) {
    String value = System.getenv(variable);
    return value == null || value.isEmpty() ? otherwise : value;
  }

  static List<String> split(String value) {
    return Arrays.stream(value.split(","))
        .map(String::trim)
        .filter(part -> !part.isEmpty())
        .toList();
  }
}
