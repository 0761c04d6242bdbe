import cluster from "node:cluster";

if (cluster.isPrimary) {
  for (let count = 0; count < 3; count += 1) cluster.fork();
} else {
  await import("./app.mjs");
}
