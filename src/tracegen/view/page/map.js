// The service map: places come from the server, lines and boxes are drawn here.

import { ask, count, dot, drawn, element, empty, link, named, pairs, percent, rate, table, time } from "./dom.js";

const BOX = { width: 168, height: 54 };
const STATES = {
  seen: "declared and seen", silent: "declared and silent", undeclared: "seen and undeclared", outside: "called, sends no spans",
};
let chosen = null; // what the panel tells of: a service's name, or an edge's caller and callee in a list

export async function showMap({ selection, state, main, said }) {
  const found = await ask("map", selection);
  if (!found.services.length) return { title: "Map", content: waiting(state) };
  const panel = element("aside", { class: "panel detail", "aria-live": "polite", "data-scroll": "map-panel" });
  const pick = (what) => {
    chosen = what;
    panel.replaceChildren(...told(found, said).filter(Boolean));
    if (what !== null && innerWidth <= 760) panel.scrollIntoView({ block: "nearest" });
    for (const each of box.querySelectorAll("[data-key]")) each.setAttribute("aria-pressed", String(each.dataset.key === keyOf(what)));
  };
  const box = element("div", { class: "map", "data-scroll": "map", role: "group", "aria-label": "Service map" }, picture(found, pick));
  const content = element("div", { class: "sides" },
    element("section", { class: "panel" }, box, legend(found)), panel);
  pick(chosen);
  return { title: "Map", content };
}

function waiting(state) {
  return empty(element("h2", {}, "No spans yet"), element("p", {}, "Send some: start a service with these variables, or end this and read from a backend with --from."),
    element("pre", {}, `OTEL_EXPORTER_OTLP_ENDPOINT=${state.http}`));
}

const keyOf = (what) => (Array.isArray(what) ? `edge ${JSON.stringify(what)}` : what === null ? "" : `service ${what}`);

function legend(found) {
  const words = found.declared ? STATES : { seen: "seen", outside: STATES.outside };
  return element("div", { class: "legend" }, Object.entries(words).map(([state, said]) => element("span", {}, element("i", { class: state }), said)));
}

// From left to right, or downwards: whichever is larger in the room that there is.
function placed(found) {
  const room = { x: innerWidth - (innerWidth > 760 ? 500 : 50), y: Math.max(300, innerHeight - 260) };
  const ways = [true, false].map((wide) => {
    const step = wide ? { x: BOX.width + 80, y: BOX.height + 26 } : { x: BOX.width + 18, y: BOX.height + 56 };
    const at = new Map(found.services.map((each) => [each.name, wide
      ? { x: each.layer * step.x, y: each.place * step.y }
      : { x: each.place * step.x, y: each.layer * step.y }]));
    const width = Math.max(...[...at.values()].map((each) => each.x)) + BOX.width + 50;
    const height = Math.max(...[...at.values()].map((each) => each.y)) + BOX.height + 50;
    return { wide, at, width, height, fits: Math.min(room.x / width, 1) * Math.min(room.y / height, 1), scale: Math.max(0.7, Math.min(1, room.x / width)) };
  });
  return ways[0].fits >= ways[1].fits ? ways[0] : ways[1];
}

function picture(found, pick) {
  const { wide, at, width, height, scale } = placed(found);
  const most = Math.max(1, ...found.edges.map((each) => (each.requests ? each.requests.rate : 0)));
  const lines = found.edges.map((each) => edge(each, at, wide, most, pick));
  const boxes = found.services.map((each) => service(each, at.get(each.name), pick));
  return drawn("svg", { width: width * scale, height: height * scale, viewBox: `-25 -25 ${width} ${height}` },
    drawn("defs", {}, drawn("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse", markerUnits: "userSpaceOnUse" },
      drawn("path", { d: "M0 0L8 4L0 8z" }))), lines.map((each) => each.line), boxes, lines.map((each) => each.label));
}

function acts(what, words, pick) {
  return {
    tabindex: 0, role: "button", "aria-label": words, "data-key": keyOf(what),
    onclick: () => pick(what),
    onkeydown: (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); pick(what); } },
  };
}

function service(each, { x, y }, pick) {
  const requests = each.requests;
  const small = requests ? `${rate(requests.rate)} · p95 ${time(requests.p95)}${requests.errors ? ` · ${percent(requests)}` : ""}` : STATES[each.state];
  const label = named(each.name).length > 22 ? `${named(each.name).slice(0, 21)}…` : named(each.name);
  return drawn("g", { class: `node ${each.state}${requests && requests.errors ? " failing" : ""}`, transform: `translate(${x} ${y})`,
    ...acts(each.name, `${named(each.name)}: ${STATES[each.state]}, ${small}`, pick) },
    drawn("title", {}, named(each.name)),
    drawn("rect", { width: BOX.width, height: BOX.height, rx: 9 }),
    drawn("text", { x: BOX.width / 2, y: 23, "text-anchor": "middle" }, label),
    drawn("text", { x: BOX.width / 2, y: 41, "text-anchor": "middle", class: "small" }, small));
}

function edge(each, at, wide, most, pick) {
  const [from, to] = [at.get(each.caller), at.get(each.callee)];
  const path = each.caller === each.callee ? loop(from) : curve(from, to, wide);
  const requests = each.requests;
  const words = `${named(each.caller)} calls ${named(each.callee)}: ${STATES[each.state]}${requests ? `, ${rate(requests.rate)}, ${percent(requests)} errors` : ""}`;
  const group = drawn("g", { class: `edge ${each.state}${requests && requests.errors ? " failing" : ""}`, ...acts([each.caller, each.callee], words, pick) },
    drawn("title", {}, words),
    drawn("path", { class: "hit", d: path.line }),
    drawn("path", { class: "line", d: path.line, "marker-end": "url(#arrow)" }));
  if (requests && each.state === "seen") group.querySelector(".line").style.setProperty("stroke-width", String(1.2 + 3 * Math.sqrt(requests.rate / most)));
  return { line: group, label: requests ? label(rate(requests.rate), path) : "" };
}

function label(words, { x, y }) {
  const width = 7 * words.length + 6;
  return drawn("g", { class: "label", "aria-hidden": "true" },
    drawn("rect", { x: x - width / 2, y: y - 8, width, height: 16, rx: 4 }), drawn("text", { x, y: y + 4, "text-anchor": "middle" }, words));
}

function curve(from, to, wide) {
  const forward = wide ? to.x > from.x : to.y > from.y;
  const start = wide ? { x: from.x + (forward ? BOX.width : 0), y: from.y + BOX.height / 2 } : { x: from.x + BOX.width / 2, y: from.y + (forward ? BOX.height : 0) };
  const end = wide ? { x: to.x + (forward ? 0 : BOX.width), y: to.y + BOX.height / 2 } : { x: to.x + BOX.width / 2, y: to.y + (forward ? 0 : BOX.height) };
  const shift = forward ? 0 : 14; // who calls back does not lie on the line of the call
  const bend = wide ? { x: Math.max(36, Math.abs(end.x - start.x) / 2), y: 0 } : { x: 0, y: Math.max(28, Math.abs(end.y - start.y) / 2) };
  const sign = forward ? 1 : -1;
  const [a, b] = wide ? [0, shift] : [shift, 0];
  const line = `M${start.x + a} ${start.y + b}C${start.x + a + sign * bend.x} ${start.y + b + sign * bend.y} ${end.x + a - sign * bend.x} ${end.y + b - sign * bend.y} ${end.x + a} ${end.y + b}`;
  return { line, x: (start.x + end.x) / 2 + a, y: (start.y + end.y) / 2 + b };
}

function loop({ x, y }) {
  const right = x + BOX.width;
  return { line: `M${right - 40} ${y}C${right - 40} ${y - 34} ${right + 26} ${y - 20} ${right} ${y + 16}`, x: right - 10, y: y - 22 };
}

function told(found, said) {
  if (Array.isArray(chosen)) {
    const edge = found.edges.find((each) => each.caller === chosen[0] && each.callee === chosen[1]);
    if (edge) return tellEdge(edge, said);
  } else if (chosen !== null) {
    const service = found.services.find((each) => each.name === chosen);
    if (service) return tellService(service, found, said);
  }
  return tellAll(found);
}

function tellAll(found) {
  const number = (list, state) => list.filter((each) => each.state === state).length;
  const rows = Object.entries(STATES).filter(([state]) => found.declared || state === "seen" || state === "outside");
  return [element("h2", {}, "Services and calls"),
    table(["", ["services", "number"], ["calls", "number"]], rows.map(([state, words]) =>
      [found.declared ? words : state === "seen" ? "seen" : words, [count(number(found.services, state)), "number"], [count(number(found.edges, state)), "number"]])),
    ...loud(found),
    element("p", { class: "quiet" }, "Choose a service or a call for its numbers.")];
}

function loud(found) {
  const lines = [
    ...found.services.filter((each) => each.state === "silent").map((each) => `${each.name} is declared and sent no span`),
    ...found.services.filter((each) => each.state === "undeclared").map((each) => `${named(each.name)} is not declared`),
    ...found.edges.filter((each) => each.state === "silent").map((each) => `${each.caller} → ${each.callee} is declared and was not seen`),
    ...found.edges.filter((each) => each.state === "undeclared").map((each) => `${named(each.caller)} → ${named(each.callee)} is not declared`),
  ];
  if (!lines.length) return [];
  return [element("h3", {}, "To look at"), element("ul", {}, lines.slice(0, 30).map((each) => element("li", {}, each))),
    lines.length > 30 ? element("p", { class: "quiet" }, `and ${lines.length - 30} more`) : null];
}

function numbers(requests) {
  if (!requests) return element("p", { class: "quiet" }, "Nothing was seen of it in this period.");
  return pairs([["requests", count(requests.count)], ["rate", rate(requests.rate)],
    ["errors", element("span", { class: requests.errors ? "error" : "good" }, `${count(requests.errors)} (${percent(requests)})`)],
    ["p50", time(requests.p50)], ["p95", time(requests.p95)], ["p99", time(requests.p99)], ["slowest", time(requests.longest)]]);
}

function examples(requests) {
  if (!requests) return null;
  return element("p", {}, element("a", { href: link(`trace/${requests.slowest}`) }, "slowest trace"),
    requests.broken ? [" · ", element("a", { href: link(`trace/${requests.broken}`) }, "a trace with an error")] : "");
}

const close = () => element("button", { class: "close", "aria-label": "Close", onclick: () => { chosen = null; dispatchEvent(new Event("resize")); } }, "✕");

function tellService(service, found, said) {
  const around = (side, other) => found.edges.filter((each) => each[side] === service.name).map((each) => [named(each[other]),
    [each.requests ? rate(each.requests.rate) : "–", "number"], [each.requests ? time(each.requests.p95) : "–", "number"], [each.requests ? percent(each.requests) : "–", "number"]]);
  const heads = (word) => [word, ["rate", "number"], ["p95", "number"], ["errors", "number"]];
  const [calls, called] = [around("caller", "callee"), around("callee", "caller")];
  return [close(), element("h2", {}, dot(service.name), " ", named(service.name)), element("p", { class: "quiet" }, STATES[service.state]),
    numbers(service.requests), examples(service.requests),
    element("p", {}, element("a", { href: link("traces", { ...said, service: service.name }) }, "its traces"), " · ",
      element("a", { href: link("services", { ...said, service: service.name }) }, "its operations")),
    calls.length ? table(heads("calls"), calls) : null, called.length ? table(heads("called by"), called) : null].filter(Boolean);
}

function tellEdge(edge, said) {
  return [close(), element("h2", {}, `${named(edge.caller)} → ${named(edge.callee)}`),
    element("p", { class: "quiet" }, `${STATES[edge.state]}${edge.kind === "link" ? ", by links of messages" : ""}`),
    numbers(edge.requests), examples(edge.requests),
    element("p", {}, element("a", { href: link("traces", { ...said, service: edge.state === "outside" ? edge.caller : edge.callee }) }, "traces"))].filter(Boolean);
}
