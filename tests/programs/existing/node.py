"""Koa with a router, pg, ioredis and kafkajs; winston with a trace_id of its own; its own way to end."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from programs.existing import Existing, run
from programs.languages.node import node

PACKAGES = {
    "@koa/router": "13.1.1",
    "ioredis": "5.7.0",
    "kafkajs": "2.2.4",
    "koa": "2.16.4",
    "pg": "8.16.3",
    "winston": "3.17.0",
}
MANIFEST = {
    "name": "orders",
    "version": "2.3.0",
    "private": True,
    "type": "module",
    "scripts": {"start": "node src/server.js"},
    "dependencies": PACKAGES,
}

SERVER = """\
import Router from "@koa/router";
import Redis from "ioredis";
import { Kafka, logLevel } from "kafkajs";
import Koa from "koa";
import pg from "pg";
import winston from "winston";

const format = winston.format.combine(winston.format.splat(), winston.format.json());
const log = winston.createLogger({ format, transports: [new winston.transports.Console()] });
const database = new pg.Pool({ connectionString: process.env.DATABASE, max: 1 });
const cache = new Redis(Number(process.env.REDIS_PORT));
const kafka = new Kafka({ clientId: "orders", brokers: [process.env.BROKER], logLevel: logLevel.NOTHING });
const producer = kafka.producer({ allowAutoTopicCreation: false });
const consumer = kafka.consumer({ groupId: process.env.GROUP, sessionTimeout: 6000 });

const router = new Router({ prefix: "/v1" });
router.get("/orders/:id", async (ctx) => {
  const order = Number(ctx.params.id);
  const { rows } = await database.query("SELECT $1::int + 1 AS rows", [order]);
  const seen = await cache.set(`order:${order}`, "seen");
  const price = await fetch(process.env.PRICES_URL);
  await producer.send({ topic: process.env.TOPIC, messages: [{ value: JSON.stringify({ order }) }] });
  log.info("order read", { trace_id: ctx.get("x-correlation-id"), order });
  ctx.body = { order, rows: rows[0].rows, seen: seen === "OK", price: price.status };
});

const app = new Koa();
app.use(async (ctx, next) => {
  if (ctx.path === "/healthz") ctx.body = "ok";
  else await next();
});
app.use(router.routes());

await producer.connect();
await consumer.connect();
await consumer.subscribe({ topic: process.env.TOPIC, fromBeginning: true });
await consumer.run({
  eachMessage: async ({ message }) => {
    const { order } = JSON.parse(message.value.toString());
    await cache.set(`reserved:${order}`, "1");
    log.info("reserved", { trace_id: "worker", order });
  },
});
const server = app.listen(Number(process.env.PORT), "127.0.0.1");
process.on("SIGTERM", () => {
  server.close(() => {
    log.info("ended in its own way");
    process.exit(0);
  });
});
"""


def prepare(folder: Path, cache: Path) -> Mapping[str, str]:
    """`npm ci`, of the lock file that the team has."""
    program = node(cache)
    variables = {"PATH": f"{program.parent}:{os.environ['PATH']}"}
    lock = cache / "node-existing-lock.json"
    if lock.exists() and json.loads(lock.read_text())["packages"][""]["dependencies"] == PACKAGES:
        (folder / "package-lock.json").write_bytes(lock.read_bytes())
        run("npm ci --no-audit --no-fund --ignore-scripts --prefer-offline", folder, variables)
    else:
        run("npm install --no-audit --no-fund --ignore-scripts", folder, variables)
        lock.write_bytes((folder / "package-lock.json").read_bytes())
    return variables


def versions(folder: Path, variables: Mapping[str, str]) -> Mapping[str, str]:
    """What the lock file says."""
    del variables
    locked = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    return {name: each["version"] for name, each in locked.items() if name}


SERVICE = Existing(
    language="node",
    said={"libraries": ["koa", "pg", "ioredis", "kafkajs"]},
    files={"package.json": json.dumps(MANIFEST, indent=2) + "\n", "src/server.js": SERVER},
    edits=(),
    prepare=prepare,
    versions=versions,
    commands={"orders": ["node", "src/server.js"]},
    adopted={"orders": ["node", "--import", "./tracing.mjs", "src/server.js"]},
    route="GET /v1/orders/:id",
    spans=((3, "pg.query:SELECT"), (3, "set"), (3, "GET"), (4, "send"), (5, "process")),
    tools=("npm", "node"),
    needs=("redis", "postgres", "kafka"),
)
