/**
 * Tracing of this service, whether it is ES modules, CommonJS or TypeScript:
 *
 *     node --import ./tracing.mjs server.mjs     (or server.cjs, server.ts, dist/server.js)
 *
 * Load it so, before everything else: what was loaded before it makes no spans. Start Node.js itself, not through npm,
 * so that signals reach it. Everything is read from the environment: see otel.env. In your code, from
 * "@opentelemetry/api":
 *
 *     const tracer = trace.getTracer("orders");
 *     await tracer.startActiveSpan("load order", async (span) => {
 *       try {
 *         span.setAttribute("order.id", id);
 *         span.addEvent("order.found");
 *         return await load(id);
 *       } catch (error) {
 *         span.recordException(error);
 *         span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
 *         throw error;
 *       } finally {
 *         span.end();
 *       }
 *     });
 *
 *     // in your handler of errors: the active span is that of the request
 *     trace.getActiveSpan()?.recordException(error);
 *
 *     // baggage, read and set; it goes along in every request, also to others: no secrets
 *     propagation.getActiveBaggage()?.getEntry("customer.tier")?.value;
 *     const baggage = (propagation.getActiveBaggage() ?? propagation.createBaggage()).setEntry("tier", { value: "gold" });
 *     context.with(propagation.setBaggage(context.active(), baggage), () => …);
 *
 *     // by hand: into the headers of a message, of a request, or of what a worker thread is sent, and out of them
 *     propagation.inject(context.active(), headers);
 *     context.with(propagation.extract(ROOT_CONTEXT, headers), () => …);
 *
 *     // timers, promises and streams keep the context; give it to an emitter's or a pool's callback by
 *     context.bind(context.active(), callback);
 */
import cluster from "node:cluster";
import { once } from "node:events";
import { register } from "node:module";
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { DiagLogLevel, diag, propagation } from "@opentelemetry/api";
import {
  CompositePropagator,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
  getNumberFromEnv,
  getStringFromEnv,
  getStringListFromEnv,
} from "@opentelemetry/core";
import { OTLPTraceExporter as GrpcExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as HttpExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import {
  ExpressInstrumentation,
  ExpressLayerType,
} from "@opentelemetry/instrumentation-express";
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { PinoInstrumentation } from "@opentelemetry/instrumentation-pino";
import { UndiciInstrumentation } from "@opentelemetry/instrumentation-undici";
import { B3InjectEncoding, B3Propagator } from "@opentelemetry/propagator-b3";
import { JaegerPropagator } from "@opentelemetry/propagator-jaeger";
import { NodeSDK } from "@opentelemetry/sdk-node";
import {
  BatchSpanProcessor,
  ParentBasedSampler,
} from "@opentelemetry/sdk-trace";
import { RemoteSampler } from "./remote-sampler.mjs";

const HEALTH_PATH = process.env.TRACING_HEALTH_PATH || "/healthz";

/** @type {NodeSDK} */
let sdk;

/** Starts it; a test gives its own exporter. */
export function startTracing(given) {
  // The default would put the command line and the name of the user on every span.
  process.env.OTEL_NODE_RESOURCE_DETECTORS ??= "env,host,serviceinstance";
  process.env.OTEL_METRICS_EXPORTER ??= "none";
  process.env.OTEL_LOGS_EXPORTER ??= "none";
  if (!process.env.OTEL_LOG_LEVEL) {
    diag.setLogger(logger(), DiagLogLevel.WARN);
  }
  // CommonJS is instrumented by itself; ES modules need this hook.
  register("@opentelemetry/instrumentation/hook.mjs", import.meta.url);
  const exporter = given ?? newExporter();
  sdk = new NodeSDK({
    sampler: newSampler(),
    spanProcessors: exporter ? [baggageCopier(), batches(exporter)] : [],
    textMapPropagator: newPropagator(),
    instrumentations: [
      new HttpInstrumentation({
        ignoreIncomingRequestHook: (request) =>
          request.url.split("?", 1)[0] === HEALTH_PATH,
      }),
      new ExpressInstrumentation({
        // The route comes onto the span of the request; a span for each layer would only be in the way.
        ignoreLayersType: Object.values(ExpressLayerType),
      }),
      new UndiciInstrumentation(),
      new PinoInstrumentation({ disableLogSending: true }),
    ],
  });
  sdk.start();
  endWithTheProcess();
}

function newExporter() {
  const name = process.env.OTEL_TRACES_EXPORTER || "otlp";
  if (name === "none") return undefined;
  if (name !== "otlp") {
    diag.error(`OTEL_TRACES_EXPORTER=${name} is not known here: otlp is used`);
  }
  const protocol =
    process.env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ||
    process.env.OTEL_EXPORTER_OTLP_PROTOCOL;
  return protocol === "grpc" ? new GrpcExporter() : new HttpExporter();
}

function batches(exporter) {
  return new BatchSpanProcessor({
    exporter,
    maxQueueSize: getNumberFromEnv("OTEL_BSP_MAX_QUEUE_SIZE"),
    maxExportBatchSize: getNumberFromEnv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE"),
    scheduledDelayMillis: getNumberFromEnv("OTEL_BSP_SCHEDULE_DELAY"),
    exportTimeoutMillis: getNumberFromEnv("OTEL_BSP_EXPORT_TIMEOUT"),
  });
}

/** Copies the named baggage, and no other, onto every span. */
function baggageCopier() {
  const keys = getStringListFromEnv("TRACING_BAGGAGE_KEYS") ?? [];
  const nothing = () => Promise.resolve();
  return {
    onStart(span, parent) {
      const baggage = propagation.getBaggage(parent);
      for (const key of baggage ? keys : []) {
        const entry = baggage.getEntry(key);
        if (entry) span.setAttribute(key, entry.value);
      }
    },
    onEnd() {},
    forceFlush: nothing,
    shutdown: nothing,
  };
}

/** The SDK reads all samplers but the remote one from the environment. */
function newSampler() {
  if (process.env.OTEL_TRACES_SAMPLER !== "parentbased_jaeger_remote") {
    return undefined;
  }
  const options = new URLSearchParams(
    getStringListFromEnv("OTEL_TRACES_SAMPLER_ARG")?.join("&"),
  );
  return new ParentBasedSampler({
    root: new RemoteSampler({
      endpoint: options.get("endpoint") ?? "http://localhost:5778",
      service: getStringFromEnv("OTEL_SERVICE_NAME") ?? "unknown_service",
      pollingMilliseconds: Number(options.get("pollingIntervalMs") ?? 60_000),
      initialRate: Number(options.get("initialSamplingRate") ?? 0.001),
    }),
  });
}

/** The SDK has no propagator of Jaeger any more: it comes from the older line, which is all that it is used for. */
function newPropagator() {
  const names = getStringListFromEnv("OTEL_PROPAGATORS") ?? [];
  if (!names.includes("jaeger")) return undefined;
  const known = {
    tracecontext: () => new W3CTraceContextPropagator(),
    baggage: () => new W3CBaggagePropagator(),
    b3: () => new B3Propagator(),
    b3multi: () =>
      new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER }),
    jaeger: () => new JaegerPropagator(),
  };
  for (const name of names.filter((each) => !known[each])) {
    diag.error(`OTEL_PROPAGATORS: ${name} is not known here`);
  }
  const propagators = names.flatMap((name) => known[name]?.() ?? []);
  return new CompositePropagator({ propagators });
}

/** What tracing itself has to say, a line of JSON each: an exporter that fails, a name that is not known. */
function logger() {
  const write =
    (level) =>
    (message, ...details) =>
      console.error(
        JSON.stringify({ level, source: "tracing", message, details }, plain),
      );
  return {
    error: write("error"),
    warn: write("warn"),
    info: write("info"),
    debug: write("debug"),
    verbose: write("debug"),
  };
}

function plain(key, value) {
  return value instanceof Error ? String(value) : value;
}

let ended;
let signalled = false;

/** Sends what is left, for 5 seconds at most: await it before your own `process.exit()`. */
export function stopTracing() {
  ended ??= Promise.race([sdk.shutdown(), late()]).catch((error) =>
    diag.error("spans are lost at the end", error),
  );
  return ended;
}

async function late() {
  await sleep(5_000, undefined, { ref: false });
  throw new Error("the exporter takes too long");
}

/**
 * A listener takes from a signal what it did by itself, so this one ends the process. Where the service listens too,
 * it has the word: what is left is sent when it is done, and it is ended after 25 seconds when it is not.
 */
async function onSignal(signal) {
  if (signalled) return; // a group gets it from its primary too, and at a terminal
  signalled = true;
  if (process.listenerCount(signal) > 1) {
    await sleep(25_000, undefined, { ref: false });
  } else if (cluster.isPrimary) {
    await Promise.race([
      Promise.all(Object.values(cluster.workers ?? {}).map(endWorker)),
      sleep(6_000, undefined, { ref: false }),
    ]);
  }
  await stopTracing();
  process.exit(128 + constants.signals[signal]);
}

/** A worker dies with its primary, so it is given the time to send. */
function endWorker(worker) {
  worker.process.kill("SIGTERM");
  return once(worker, "exit");
}

function endWithTheProcess() {
  process.once("beforeExit", async () => {
    await stopTracing();
    process.exit(); // an exporter that still tries would keep it
  });
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
}

if (!/^true$/i.test(process.env.OTEL_SDK_DISABLED ?? "")) startTracing();
