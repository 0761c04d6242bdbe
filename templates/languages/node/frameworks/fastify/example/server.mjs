/** The example service. */
import Fastify from "fastify";
import * as work from "./work.mjs";

const app = Fastify({ loggerInstance: work.log });

app.get(work.HEALTH_PATH, async () => "ok");
app.get("/", async (request, reply) => {
  const { status, body } = await work.callAll(request.headers);
  return reply.code(status).send(body);
});
app.get("/items/:id", async (request) => work.findItem(request.params.id));
app.get("/slow", async () => work.beSlow());
app.get("/error", async () => work.fail());
app.get("/work", async (request, reply) =>
  reply.code(202).send(await work.sendWork()),
);
app.get("/baggage", async () => work.readBaggage());

await app.listen({ port: work.PORT, host: "0.0.0.0" });
work.start(() => app.close());
