package tracing;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import io.opentelemetry.sdk.trace.samplers.SamplingResult;
import java.util.List;

/** Drops the server spans of one path, whoever asks; all else is as the sampler below it says. */
final class HealthPathSampler implements Sampler {
  private static final AttributeKey<String> URL_PATH = AttributeKey.stringKey("url.path");

  private final Sampler sampler;
  private final String path;

  HealthPathSampler(Sampler sampler, String path) {
    this.sampler = sampler;
    this.path = path;
  }

  @Override
  public SamplingResult shouldSample(
      Context parent,
      String traceId,
      String name,
      SpanKind kind,
      Attributes attributes,
      List<LinkData> links) {
    if (kind == SpanKind.SERVER && path.equals(attributes.get(URL_PATH))) {
      return SamplingResult.drop();
    }
    return sampler.shouldSample(parent, traceId, name, kind, attributes, links);
  }

  @Override
  public String getDescription() {
    return "HealthPathSampler{" + path + "," + sampler.getDescription() + "}";
  }
}
