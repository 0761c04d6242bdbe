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
 *
 *     // after SIGTERM or SIGINT, process.exit() waits until spans are sent; to end without a signal, from "./tracing.mjs"
 *     await stopTracing();
 *     process.exit();
 *
 * Lines of pino, winston and bunyan have trace_id and span_id within a span; those of console have none.
 * Packages `@opentelemetry/instrumentation-…` that your package.json names are switched on too, such as that of pg.
 */
import cluster from "node:cluster";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire, findPackageJSON, register } from "node:module";
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import {
  DiagLogLevel,
  context,
  diag,
  propagation,
  trace,
} from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  CompositePropagator,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
  diagLogLevelFromString,
  getNumberFromEnv,
  getStringFromEnv,
  getStringListFromEnv,
} from "@opentelemetry/core";
import { OTLPTraceExporter as HttpExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { registerInstrumentations } from "@opentelemetry/instrumentation";
import { BunyanInstrumentation } from "@opentelemetry/instrumentation-bunyan";
import {
  ExpressInstrumentation,
  ExpressLayerType,
} from "@opentelemetry/instrumentation-express";
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { PinoInstrumentation } from "@opentelemetry/instrumentation-pino";
import { UndiciInstrumentation } from "@opentelemetry/instrumentation-undici";
import { WinstonInstrumentation } from "@opentelemetry/instrumentation-winston";
import { B3InjectEncoding, B3Propagator } from "@opentelemetry/propagator-b3";
import {
  defaultResource,
  detectResources,
  hostDetector,
  osDetector,
  processDetector,
  resourceAttributesEnvDetector,
  serviceInstanceIdDetector,
  serviceNameEnvDetector,
} from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ConsoleSpanExporter,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { RemoteSampler } from "./remote-sampler.mjs";

const HEALTH_PATH = process.env.TRACING_HEALTH_PATH || "/healthz";

/** @type {TracerProvider | undefined} */
let sdk;

/** Starts it; a test gives its own exporter. */
export function startTracing(given) {
  const level = diagLogLevelFromString(getStringFromEnv("OTEL_LOG_LEVEL"));
  diag.setLogger(logger(), level ?? DiagLogLevel.WARN);
  // CommonJS is instrumented by itself; ES modules need this hook.
  register("@opentelemetry/instrumentation/hook.mjs", import.meta.url);
  context.setGlobalContextManager(
    new AsyncLocalStorageContextManager().enable(),
  );
  propagation.setGlobalPropagator(newPropagator());
  const exporters = given ? [given] : newExporters();
  if (exporters.length > 0) {
    sdk = new TracerProvider({
      resource: newResource(),
      sampler: newSampler(),
      spanLimits: newLimits(),
      spanProcessors: [baggageCopier(), ...exporters.map(batches)],
    });
    trace.setGlobalTracerProvider(sdk);
  }
  registerInstrumentations({ instrumentations: newInstrumentations() });
  endWithTheProcess();
}

function newInstrumentations() {
  return [
    new HttpInstrumentation({
      ignoreIncomingRequestHook: (request) =>
        request.url.split("?", 1)[0] === HEALTH_PATH,
    }),
    new ExpressInstrumentation({
      // The route comes onto the span of the request; a span for each layer would only be in the way.
      ignoreLayersType: Object.values(ExpressLayerType),
    }),
    new UndiciInstrumentation(),
    // These put the ids into the lines of a logger; its lines go where they went.
    new BunyanInstrumentation({ disableLogSending: true }),
    new PinoInstrumentation({ disableLogSending: true }),
    new WinstonInstrumentation({ disableLogSending: true }),
    ...otherInstrumentations(),
  ];
}

/** Those of the packages `@opentelemetry/instrumentation-…` that package.json names besides. */
function otherInstrumentations() {
  const known = /-(bunyan|express|http|pino|undici|winston)$/;
  const require = createRequire(import.meta.url);
  const manifest = findPackageJSON(import.meta.url);
  const { dependencies = {} } = manifest
    ? JSON.parse(readFileSync(manifest, "utf8"))
    : {};
  return Object.keys(dependencies)
    .filter((name) => /^@opentelemetry\/instrumentation-/.test(name))
    .filter((name) => !known.test(name))
    .flatMap((name) => Object.entries(require(name)))
    .filter(([name]) => /^\w+Instrumentation$/.test(name))
    .map(([, Instrumentation]) => new Instrumentation());
}

/** By default without the command line and the name of the user, which the detector `process` knows. */
function newResource() {
  const known = {
    env: [resourceAttributesEnvDetector, serviceNameEnvDetector],
    host: [hostDetector],
    os: [osDetector],
    process: [processDetector],
    serviceinstance: [serviceInstanceIdDetector],
  };
  const named = getStringListFromEnv("OTEL_NODE_RESOURCE_DETECTORS");
  const names = named ?? ["host", "serviceinstance", "env"];
  const detectors = names.flatMap((name) => known[name] ?? []);
  return defaultResource().merge(detectResources({ detectors }));
}

function newExporters() {
  const names = getStringListFromEnv("OTEL_TRACES_EXPORTER") ?? [];
  if (names.includes("none")) return [];
  const exporters = names.includes("console")
    ? [new ConsoleSpanExporter()]
    : [];
  const others = names.filter((name) => name !== "console");
  for (const name of others.filter((name) => name !== "otlp")) {
    diag.error(`OTEL_TRACES_EXPORTER=${name} is not known here: otlp is used`);
  }
  if (others.length > 0 || names.length === 0)
    exporters.push(newOtlpExporter());
  return exporters;
}

function newOtlpExporter() {
  const protocol =
    getStringFromEnv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") ??
    getStringFromEnv("OTEL_EXPORTER_OTLP_PROTOCOL") ??
    "http/protobuf";
  if (protocol !== "http/protobuf") {
    diag.error(
      `OTEL_EXPORTER_OTLP_PROTOCOL=${protocol} is not installed here: http/protobuf is used`,
    );
  }
  return new HttpExporter();
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

/** Limits of a span, where the environment has any. */
function newLimits() {
  const limit = (name) =>
    getNumberFromEnv(`OTEL_SPAN_${name}`) ?? getNumberFromEnv(`OTEL_${name}`);
  return {
    attributeCountLimit: limit("ATTRIBUTE_COUNT_LIMIT"),
    attributeValueLengthLimit: limit("ATTRIBUTE_VALUE_LENGTH_LIMIT"),
    eventCountLimit: limit("EVENT_COUNT_LIMIT"),
    linkCountLimit: limit("LINK_COUNT_LIMIT"),
  };
}

function newSampler() {
  const name =
    getStringFromEnv("OTEL_TRACES_SAMPLER") ?? "parentbased_always_on";
  const samplers = {
    always_on: () => new AlwaysOnSampler(),
    always_off: () => new AlwaysOffSampler(),
    traceidratio: () =>
      new TraceIdRatioBasedSampler(
        getNumberFromEnv("OTEL_TRACES_SAMPLER_ARG") ?? 1,
      ),
    jaeger_remote: remoteSampler,
  };
  const root = samplers[name.replace(/^parentbased_/, "")];
  if (!root) {
    diag.error(`OTEL_TRACES_SAMPLER=${name} is not known here: all are kept`);
    return undefined;
  }
  return name.startsWith("parentbased_")
    ? new ParentBasedSampler({ root: root() })
    : root();
}

function remoteSampler() {
  const options = new URLSearchParams(
    getStringListFromEnv("OTEL_TRACES_SAMPLER_ARG")?.join("&"),
  );
  return new RemoteSampler({
    endpoint: options.get("endpoint") ?? "http://localhost:5778",
    service: getStringFromEnv("OTEL_SERVICE_NAME") ?? "unknown_service",
    pollingMilliseconds: Number(options.get("pollingIntervalMs") ?? 60_000),
    initialRate: Number(options.get("initialSamplingRate") ?? 0.001),
  });
}

/** As OTEL_PROPAGATORS says, of those that are installed. */
function newPropagator() {
  const names = getStringListFromEnv("OTEL_PROPAGATORS") ?? [
    "tracecontext",
    "baggage",
  ];
  const known = {
    none: () => [],
    tracecontext: () => new W3CTraceContextPropagator(),
    baggage: () => new W3CBaggagePropagator(),
    b3: () => new B3Propagator(),
    b3multi: () =>
      new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER }),
  };
  for (const name of names.filter((each) => !known[each])) {
    diag.error(`OTEL_PROPAGATORS: ${name} is not installed here`);
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

const exit = process.exit.bind(process);
let ended;
let sent = false;
let signalled = false;

/** Sends what is left, for 5 seconds at most: await it before your own `process.exit()`. */
export function stopTracing() {
  ended ??= Promise.race([sdk?.shutdown(), late()])
    .catch(report)
    .finally(() => (sent = true));
  return ended;
}

function report(error) {
  diag.error("spans are lost at the end", error);
}

async function late() {
  await sleep(4_500, undefined, { ref: false });
  throw new Error("the exporter takes too long");
}

/**
 * A listener takes from a signal what it did by itself, so this one ends the process. Where the service listens too,
 * it has the word: what is there is sent at once, the rest when it is done, and it is ended after 25 seconds when it
 * is not.
 */
async function onSignal(signal) {
  if (signalled) return; // a group gets it from its primary too, and at a terminal
  signalled = true;
  if (process.listenerCount(signal) > 1) {
    trace.getTracerProvider().getDelegate().forceFlush?.().catch(report);
    await sleep(25_000, undefined, { ref: false });
  } else if (cluster.isPrimary) {
    await Promise.race([
      Promise.all(Object.values(cluster.workers ?? {}).map(endWorker)),
      sleep(6_000, undefined, { ref: false }),
    ]);
  }
  await stopTracing();
  exit(128 + constants.signals[signal]);
}

/** What many a listener ends with, `server.close(() => process.exit(0))`, would lose the last seconds. */
function exitWhenSent(code) {
  if (sent || !signalled) exit(code);
  stopTracing().then(() => exit(code));
}

/** A worker dies with its primary, so it is given the time to send. */
function endWorker(worker) {
  worker.process.kill("SIGTERM");
  return once(worker, "exit");
}

function endWithTheProcess() {
  process.once("beforeExit", async () => {
    await stopTracing();
    exit(); // an exporter that still tries would keep it
  });
  process.exit = exitWhenSent;
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
}

if (!/^true$/i.test(process.env.OTEL_SDK_DISABLED ?? "")) startTracing();
