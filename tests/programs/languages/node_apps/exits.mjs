// What many a service does at SIGTERM: it ends itself as soon as the last request is answered.
import express from "express";

const app = express();
app.get("/healthz", (request, response) => response.send("ok"));
app.get("/things/:thing", (request, response) => {
  response.send(request.params.thing);
});
const server = app.listen(Number(process.env.PORT), "127.0.0.1");
process.on("SIGTERM", () => {
  server.closeIdleConnections();
  server.close(() => process.exit(0));
});
