/** Tests of tracing.mjs with spans in memory: `npm test`. */
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { SpanKind, SpanStatusCode, context, trace } from "@opentelemetry/api";
import { suppressTracing } from "@opentelemetry/core";
import { InMemorySpanExporter } from "@opentelemetry/sdk-trace";

Object.assign(process.env, {
  OTEL_SDK_DISABLED: "true", // it starts below, with an exporter of the test
  OTEL_TRACES_SAMPLER: "parentbased_always_on",
  OTEL_BSP_SCHEDULE_DELAY: "10",
  TRACING_BAGGAGE_KEYS: "customer.tier",
  TRACING_HEALTH_PATH: "/healthz",
});
const { startTracing } = await import("./tracing.mjs");
delete process.env.OTEL_SDK_DISABLED;
const spans = new InMemorySpanExporter();
startTracing(spans);

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const lines = [];
const { default: pino } = await import("pino");
const log = pino({}, { write: (line) => lines.push(JSON.parse(line)) });

const { default: express } = await import("express");
const app = express();
app.get("/healthz", (request, response) => response.send("ok"));
app.get("/things/:thing", (request, response) => {
  log.info("shown");
  response.send(request.params.thing);
});
app.get("/broken", () => {
  throw new Error("broken");
});
app.use((error, request, response, next) => {
  trace.getActiveSpan()?.recordException(error);
  if (response.headersSent) next(error);
  else response.sendStatus(500);
});
const server = app.listen(0, "127.0.0.1");
await new Promise((resolve) => server.once("listening", resolve));
const base = `http://127.0.0.1:${server.address().port}`;
after(() => server.close());

const headers = {
  traceparent: `00-${TRACE}-b7ad6b7169203331-01`,
  baggage: "customer.tier=gold,secret=yes",
};

/** The span of the server that a request made; the request itself makes none, so that its headers stay. */
async function get(path) {
  const answer = await context.with(suppressTracing(context.active()), () =>
    fetch(`${base}${path}`, { headers }),
  );
  await answer.text();
  await new Promise((resolve) => setTimeout(resolve, 100));
  return spans.getFinishedSpans().find(({ kind }) => kind === SpanKind.SERVER);
}

beforeEach(() => {
  spans.reset();
  lines.length = 0;
});

test("a request makes a span with its route, in the trace that came in", async () => {
  const span = await get("/things/red?secret=1");
  assert.equal(span.name, "GET /things/:thing");
  assert.equal(span.spanContext().traceId, TRACE);
  assert.equal(span.attributes["http.route"], "/things/:thing");
  assert.equal(span.attributes["customer.tier"], "gold");
  assert.equal(span.attributes.secret, undefined);
});

test("a health check makes none", async () => {
  assert.equal(await get("/healthz"), undefined);
});

test("an exception is on the span of its request", async () => {
  const span = await get("/broken");
  assert.equal(span.status.code, SpanStatusCode.ERROR);
  assert.deepEqual(
    span.events.map(({ name, attributes }) => [
      name,
      attributes["exception.message"],
    ]),
    [["exception", "broken"]],
  );
});

test("a line of the log names its trace", async () => {
  const span = await get("/things/red");
  assert.equal(lines[0].trace_id, span.spanContext().traceId);
  assert.equal(lines[0].span_id, span.spanContext().spanId);
});
