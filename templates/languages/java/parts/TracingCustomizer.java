package tracing;

import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporterBuilder;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporterBuilder;
import io.opentelemetry.sdk.autoconfigure.spi.AutoConfigurationCustomizer;
import io.opentelemetry.sdk.autoconfigure.spi.AutoConfigurationCustomizerProvider;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * What no standard variable does: no spans for health checks, none lost at SIGTERM, and a plus in a
 * token stays one.
 */
public final class TracingCustomizer implements AutoConfigurationCustomizerProvider {
  private static final Map<String, String> DEFAULTS =
      Map.of(
          "otel.service.name", {{ service.name | literal }},
          "otel.exporter.otlp.protocol", "http/protobuf",
          "otel.exporter.otlp.timeout", "5000",
          "otel.metrics.exporter", "none",
          "otel.logs.exporter", "none");

  @Override
  public void customize(AutoConfigurationCustomizer customizer) {
    String healthPath = System.getenv().getOrDefault("TRACING_HEALTH_PATH", "/healthz");
    String headers = System.getenv().getOrDefault("OTEL_EXPORTER_OTLP_HEADERS", "");
    customizer
        .addPropertiesSupplier(() -> DEFAULTS)
        .addSamplerCustomizer((sampler, config) -> new HealthPathSampler(sampler, healthPath))
        .addSpanExporterCustomizer((exporter, config) -> withHeaders(exporter, headers))
        .addSpanProcessorCustomizer((processor, config) -> new PatientProcessor(processor));
  }

  /** The SDK decodes headers as forms are decoded, where a plus means a space. */
  private static SpanExporter withHeaders(SpanExporter exporter, String headers) {
    if (headers.contains("+") && exporter instanceof OtlpHttpSpanExporter) {
      OtlpHttpSpanExporterBuilder http = ((OtlpHttpSpanExporter) exporter).toBuilder();
      decoded(headers).forEach(http::addHeader);
      return http.build();
    }
    if (headers.contains("+") && exporter instanceof OtlpGrpcSpanExporter) {
      OtlpGrpcSpanExporterBuilder grpc = ((OtlpGrpcSpanExporter) exporter).toBuilder();
      decoded(headers).forEach(grpc::addHeader);
      return grpc.build();
    }
    return exporter;
  }

  static Map<String, String> decoded(String headers) {
    Map<String, String> found = new HashMap<>();
    for (String header : headers.split(",")) {
      String[] parts = header.split("=", 2);
      if (parts.length == 2) {
        String value = parts[1].trim().replace("+", "%2B");
        found.put(parts[0].trim(), URLDecoder.decode(value, StandardCharsets.UTF_8));
      }
    }
    return found;
  }
}
