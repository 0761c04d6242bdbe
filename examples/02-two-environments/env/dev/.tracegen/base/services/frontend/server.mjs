/** The example service. */
import { promisify } from "node:util";
import { trace } from "@opentelemetry/api";
import express from "express";
import * as work from "./work.mjs";

const app = express();

app.get(work.HEALTH_PATH, (request, response) => {
  response.send("ok");
});
app.get("/", async (request, response) => {
  const { status, body } = await work.callAll(request.headers);
  response.status(status).json(body);
});
app.get("/items/:id", async (request, response) => {
  response.json(await work.findItem(request.params.id));
});
app.get("/slow", async (request, response) => {
  response.json(await work.beSlow());
});
app.get("/error", async (request, response) => {
  response.json(await work.fail());
});
app.get("/work", async (request, response) => {
  response.status(202).json(await work.sendWork());
});
app.get("/baggage", (request, response) => {
  response.json(work.readBaggage());
});
// Express takes a handler for errors by its four arguments. The active span is that of the request.
app.use((error, request, response, next) => {
  trace.getActiveSpan()?.recordException(error);
  work.log.error({ err: error }, "request failed");
  if (response.headersSent) next(error);
  else response.status(500).json({ error: error.message });
});

const server = app.listen(work.PORT, (error) => {
  if (error) throw error;
  work.log.info("listening");
});
work.start(promisify(server.close.bind(server)));
