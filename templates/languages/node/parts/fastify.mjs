/** Fastify tells of each instance that is made: no package is needed to give its routes and errors to the spans. */
function traceFastify({ fastify }) {
  fastify.addHook("onRequest", async (request) => {
    const server = getRPCMetadata(context.active());
    if (server) server.route = request.routeOptions.url;
  });
  fastify.addHook("onError", async (request, reply, error) => {
    getRPCMetadata(context.active())?.span.recordException(error);
  });
}
