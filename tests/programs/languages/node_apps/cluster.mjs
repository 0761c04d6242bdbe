import cluster from "node:cluster";

const WORKERS = 3;

if (cluster.isPrimary) {
  let listening = 0;
  cluster.on("listening", () => {
    listening += 1;
    if (listening === WORKERS) console.log("all workers listen");
  });
  for (let count = 0; count < WORKERS; count += 1) cluster.fork();
} else {
  await import("./app.mjs");
}
