import express from "express";
import pino from "pino";

type Thing = { thing: string };

const log = pino();
const app = express();
app.get("/healthz", (request, response) => response.send("ok"));
app.get("/things/:thing", (request, response) => {
  const { thing } = request.params as Thing;
  log.info("shown");
  response.send(thing);
});
const port: number = Number(process.env.PORT);
app.listen(port, "127.0.0.1");
