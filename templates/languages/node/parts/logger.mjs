/** What tracing itself has to say, a line of JSON each: an exporter that fails, a name that is not known. */
function logger() {
  const write =
    (level) =>
    (message, ...details) =>
      console.error(
        JSON.stringify({ level, source: "tracing", message, details }, plain),
      );
  return {
    error: write("error"),
    warn: write("warn"),
    info: write("info"),
    debug: write("debug"),
    verbose: write("debug"),
  };
}

function plain(key, value) {
  return value instanceof Error ? String(value) : value;
}
