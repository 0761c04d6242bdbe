/** What the example service does, whatever its framework: a piece for each thing to show. */
import { EventEmitter, on } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  context,
  propagation,
  trace,
} from "@opentelemetry/api";
import pino from "pino";

export const log = pino();
export const PORT = Number(process.env.PORT || 8080);
export const HEALTH_PATH = process.env.TRACING_HEALTH_PATH || "/healthz";

const NAME = process.env.OTEL_SERVICE_NAME || "example";
/** Names of the services that a request came through, so that a cycle of calls ends. */
const PATH_HEADER = "x-example-path";
const SLOW_MILLISECONDS = 1_500;

const tracer = trace.getTracer("example");
const messages = new EventEmitter();
const stopping = new AbortController();

/** Runs `action` in a span of its own, which an exception marks. */
export function inSpan(name, options, action) {
  return tracer.startActiveSpan(name, options, async (span) => {
    try {
      return await action(span);
    } catch (error) {
      span.recordException(error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Calls the callees, one after the other; the body and status of `/`. */
export async function callAll(headers) {
  const names = (headers[PATH_HEADER] ?? "").split(",").filter(Boolean);
  const calls = {};
  for (const variable of (process.env.EXAMPLE_CALLS ?? "").split(",")) {
    const name = variable
      .replace(/_URL$/, "")
      .toLowerCase()
      .replaceAll("_", "-");
    if (variable && !names.includes(name)) {
      calls[variable] = await call(process.env[variable], [...names, NAME]);
    }
  }
  log.info({ calls }, "called services");
  const failed = Object.values(calls).some((each) => each < 200 || each > 299);
  return { status: failed ? 502 : 200, body: { service: NAME, calls } };
}

/** The status of a callee; 0 when it cannot be reached. */
async function call(base, names) {
  try {
    const answer = await fetch(`${base}/`, {
      headers: { [PATH_HEADER]: names.join(",") },
      signal: AbortSignal.timeout(10_000),
    });
    await answer.arrayBuffer();
    return answer.status;
  } catch (error) {
    log.warn({ err: error }, "a callee cannot be reached");
    return 0;
  }
}

/** A span of its own, with an attribute and an event. */
export function findItem(id) {
  return inSpan("find item", {}, (span) => {
    span.setAttribute("item.id", id);
    span.addEvent("item.found", { "item.shelf": id.length });
    log.info("found an item");
    return { item: id };
  });
}

/** Time that is spent in a span of its own is seen where it is spent. */
export function beSlow() {
  return inSpan("wait", {}, async () => {
    await sleep(SLOW_MILLISECONDS);
    log.info("was slow");
    return { seconds: SLOW_MILLISECONDS / 1_000 };
  });
}

/** An exception that leaves a span is recorded on it; the framework makes it a 500. */
export function fail() {
  return inSpan("try", {}, () => {
    log.info("will fail");
    throw new Error("this always fails");
  });
}

/** The baggage that came in. */
export function readBaggage() {
  const entries = propagation.getActiveBaggage()?.getAllEntries() ?? [];
  log.info("read baggage");
  return Object.fromEntries(entries.map(([key, { value }]) => [key, value]));
}

/** A message carries the context in its headers, and baggage that is set for it. */
export function sendWork() {
  const baggage = (
    propagation.getActiveBaggage() ?? propagation.createBaggage()
  ).setEntry("work.size", { value: "small" });
  return context.with(propagation.setBaggage(context.active(), baggage), () =>
    inSpan("send work", { kind: SpanKind.PRODUCER }, () => {
      const headers = {};
      propagation.inject(context.active(), headers);
      messages.emit("message", { headers, body: "some work" });
      log.info("sent work");
      return { sent: true };
    }),
  );
}

/** The other side: what is done with a message belongs to the trace that it was sent in. */
async function takeWork() {
  const coming = on(messages, "message", { signal: stopping.signal });
  for await (const [{ headers, body }] of coming) {
    const sender = propagation.extract(ROOT_CONTEXT, headers);
    await context.with(sender, () =>
      inSpan("process work", { kind: SpanKind.CONSUMER }, () => finish(body)),
    );
  }
}

/** A task goes on in the context of whoever started it. */
async function finish(body) {
  await sleep(1);
  await inSpan("finish work", {}, () => log.info(`did ${body}`));
}

/** Starts what runs beside requests; `close` ends the server when the process is told to end. */
export function start(close) {
  takeWork().catch((error) => {
    if (error.name !== "AbortError") throw error;
  });
  const perSecond = Number(process.env.EXAMPLE_REQUESTS_PER_SECOND || 0);
  const base = `http://127.0.0.1:${PORT}`;
  const traffic =
    perSecond > 0 &&
    new Worker(new URL("traffic.mjs", import.meta.url), {
      execArgv: [], // without --import: a thread would load tracing too
      workerData: { base, perSecond },
    });
  process.once("SIGTERM", async () => {
    if (traffic) await traffic.terminate();
    await close();
    stopping.abort();
  });
}
