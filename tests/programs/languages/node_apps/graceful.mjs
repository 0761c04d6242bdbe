// A service that ends by itself at SIGTERM, when the last request is answered.
import express from "express";

const app = express();
app.get("/healthz", (request, response) => response.send("ok"));
app.get("/things/:thing", (request, response) => {
  console.log("asked");
  setTimeout(() => response.send(request.params.thing), 1000);
});
const server = app.listen(Number(process.env.PORT), "127.0.0.1");
process.on("SIGTERM", () => server.close());
