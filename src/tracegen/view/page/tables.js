// Latency and errors as tables, and findings.

import { ask, count, element, empty, link, named, percent, rate, table, time } from "./dom.js";

const HEADS = [["requests", "number"], ["rate", "number"], ["errors", "number"], ["p50", "number"], ["p95", "number"], ["p99", "number"], ["slowest", "number"]];

function cells(each) {
  const errors = each.errors ? element("a", { class: "error", href: link(`trace/${each.broken}`) }, percent(each)) : "0 %";
  return [[count(each.count), "number"], [rate(each.rate), "number"], [errors, "number"], [time(each.p50), "number"], [time(each.p95), "number"],
    [time(each.p99), "number"], [element("a", { href: link(`trace/${each.slowest}`) }, time(each.longest)), "number"]];
}

export async function showServices({ selection }) {
  const found = await ask("operations", selection);
  if (!found.services.length) return { title: "Latency", content: empty("No such span is held.") };
  const slowest = (list) => [...list].sort((a, b) => b.p95 - a.p95).slice(0, 200);
  const content = element("div", {},
    element("section", { class: "panel" }, element("h2", {}, "Services"),
      table(["service", ...HEADS], slowest(found.services).map((each) => [[named(each.service), "name"], ...cells(each)]))),
    element("section", { class: "panel" }, element("h2", {}, "Dependencies"), found.edges.length
      ? table(["caller", "callee", ...HEADS], slowest(found.edges).map((each) => [[named(each.caller), "name"], [named(each.callee) + (each.kind === "call" ? "" : ` (${each.kind})`), "name"], ...cells(each)]))
      : element("p", { class: "quiet" }, "No service called another.")),
    element("section", { class: "panel" }, element("h2", {}, "Operations"),
      table(["service", "operation", ...HEADS], slowest(found.operations).map((each) => [[named(each.service), "name"], [each.name, "name"], ...cells(each)]))));
  return { title: "Latency", content };
}

export async function showErrors({ selection }) {
  const found = await ask("errors", selection);
  if (!found.length) return { title: "Errors", content: empty("No span has the status error.") };
  const rows = found.slice(0, 300).map((each) => [[named(each.service), "name"], [each.name, "name"], each.code || "(nothing said)",
    [count(each.count), "number"], element("a", { href: link(`trace/${each.trace}`) }, "example")]);
  return { title: "Errors", content: element("section", { class: "panel" }, element("h2", {}, "Spans that failed, by status"),
    table(["service", "operation", "status", ["spans", "number"], "trace"], rows)) };
}

export async function showFindings() {
  const found = await ask("findings");
  if (!found.length) return { title: "Findings", content: empty("No findings.") };
  const rows = found.map((each) => [element("span", { class: `tag ${each.severity}` }, each.severity), element("code", {}, each.code),
    element("div", {}, each.message, each.hint ? element("div", { class: "quiet" }, each.hint) : ""),
    each.trace ? element("a", { href: link(`trace/${each.trace}`) }, "trace") : ""]);
  return { title: "Findings", content: element("section", { class: "panel" }, table(["", "id", "what", "evidence"], rows)) };
}
