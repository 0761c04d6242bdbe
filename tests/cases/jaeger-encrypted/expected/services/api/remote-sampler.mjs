/**
 * The sampling strategies that Jaeger serves, for the spans that begin a trace: probabilistic, rate limiting and by
 * operation. https://www.jaegertracing.io/docs/latest/architecture/sampling/
 *
 * There is a package for it, @opentelemetry/sampler-jaeger-remote: it belongs to the older line of the SDK, knows no
 * rate limits, traces its own questions and keeps the process from ending.
 */
import { SpanKind, context, diag } from "@opentelemetry/api";
import { suppressTracing } from "@opentelemetry/core";
import {
  SamplingDecision,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace";

export class RemoteSampler {
  #root;
  #operations = [];
  #url;

  /** Samples at `initialRate` until the first answer; asks at once, then every `pollingMilliseconds`. */
  constructor({ endpoint, service, pollingMilliseconds, initialRate }) {
    this.#root = new TraceIdRatioBasedSampler(initialRate);
    this.#url = `${endpoint.replace(/\/$/, "")}/sampling?service=${encodeURIComponent(service)}`;
    // At once, but when the SDK has started: before, the question could not be kept out of the traces.
    setImmediate(() => this.#ask()).unref();
    setInterval(() => this.#ask(), pollingMilliseconds).unref();
  }

  shouldSample(parent, traceId, name, kind, attributes, links) {
    // The route of a request is not known when its span begins, but its path is.
    const operation =
      kind === SpanKind.SERVER && attributes["url.path"]
        ? `${attributes["http.request.method"]} ${attributes["url.path"]}`
        : name;
    const own = this.#operations.find(({ names }) => names.test(operation));
    const sampler = own?.sampler ?? this.#root;
    return sampler.shouldSample(parent, traceId, name, kind, attributes, links);
  }

  toString() {
    return `RemoteSampler{${this.#url}}`;
  }

  async #ask() {
    try {
      const signal = AbortSignal.timeout(5_000);
      const answer = await context.with(suppressTracing(context.active()), () =>
        fetch(this.#url, { signal }),
      );
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      this.#take(await answer.json());
    } catch (error) {
      diag.error("sampling strategies could not be fetched", error);
    }
  }

  #take({ operationSampling, probabilisticSampling, rateLimitingSampling }) {
    // What is zero may be left out.
    if (rateLimitingSampling && !operationSampling) {
      const limit = rateLimitingSampling.maxTracesPerSecond ?? 0;
      if (this.#root.limit !== limit) this.#root = new RateLimit(limit);
    } else {
      const said = operationSampling
        ? operationSampling.defaultSamplingProbability
        : probabilisticSampling?.samplingRate;
      this.#root = new TraceIdRatioBasedSampler(said ?? 0);
    }
    const strategies = operationSampling?.perOperationStrategies ?? [];
    this.#operations = strategies.map((each) => ({
      names: namesOf(each.operation),
      sampler: new TraceIdRatioBasedSampler(
        each.probabilisticSampling.samplingRate ?? 0,
      ),
    }));
  }
}

/** `GET /items/:id` and `GET /items/{id}` are the names of all requests for an item. */
function namesOf(operation) {
  const parts = operation
    .split(/:\w+|\{\w+\}/)
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("[^/]+")}$`);
}

/** A bucket that fills at `limit` a second, and holds what a second brings, one trace at least. */
class RateLimit {
  #left;
  #filled = performance.now();

  constructor(limit) {
    this.limit = limit;
    this.#left = Math.max(limit, 1);
  }

  shouldSample() {
    const now = performance.now();
    const come = ((now - this.#filled) / 1_000) * this.limit;
    this.#left = Math.min(this.#left + come, Math.max(this.limit, 1));
    this.#filled = now;
    if (this.#left < 1) return { decision: SamplingDecision.NOT_RECORD };
    this.#left -= 1;
    return { decision: SamplingDecision.RECORD_AND_SAMPLED };
  }

  toString() {
    return `RateLimit{${this.limit}}`;
  }
}
