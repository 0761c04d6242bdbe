const express = require("express");
const pino = require("pino");

const log = pino();
const app = express();
app.get("/healthz", (request, response) => response.send("ok"));
app.get("/things/:thing", (request, response) => {
  log.info("shown");
  response.send(request.params.thing);
});
app.listen(Number(process.env.PORT), "127.0.0.1");
