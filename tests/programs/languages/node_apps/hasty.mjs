// A service that ends itself, and says so to tracing first.
import express from "express";
import { stopTracing } from "./tracing.mjs";

const app = express();
app.get("/healthz", (request, response) => response.send("ok"));
app.get("/things/:thing", (request, response) => {
  response.send(request.params.thing);
});
app.get("/stop", async () => {
  await stopTracing();
  process.exit(3);
});
app.listen(Number(process.env.PORT), "127.0.0.1");
