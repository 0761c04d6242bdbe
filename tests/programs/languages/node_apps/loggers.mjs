// The usual loggers, each with a line of its own format.
import { createRequire } from "node:module";
import express from "express";
import pino from "pino";
import winston from "winston";

const bunyan = createRequire(import.meta.url)("bunyan").createLogger({
  name: "api",
});
const byWinston = winston.createLogger({
  transports: [new winston.transports.Console()],
});
const byPino = pino();
const app = express();
app.get("/healthz", (request, response) => response.send("ok"));
app.get("/things/:thing", (request, response) => {
  bunyan.info("by bunyan");
  byPino.info("by pino");
  byWinston.info("by winston");
  response.send(request.params.thing);
});
app.listen(Number(process.env.PORT), "127.0.0.1");
