/** The health check of the container: exits 0 when the service answers. */
const { PORT = "8080", TRACING_HEALTH_PATH = "/healthz" } = process.env;
const url = `http://127.0.0.1:${PORT}${TRACING_HEALTH_PATH}`;
const answer = await fetch(url, { signal: AbortSignal.timeout(4_000) });
process.exitCode = answer.ok ? 0 : 1;
