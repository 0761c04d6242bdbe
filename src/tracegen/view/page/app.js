// The frame: which view is shown, for which spans, and when it is asked for anew.

import { ask, count, element, empty, hue, link, rate } from "./dom.js";
import { showCompare } from "./compare.js";
import { showMap } from "./map.js";
import { showErrors, showFindings, showServices } from "./tables.js";
import { showTrace } from "./trace.js";
import { showTraces } from "./traces.js";

const VIEWS = {
  map: ["Map", showMap, ["service", "has", "version"]],
  traces: ["Traces", showTraces, ["service", "name", "shortest", "longest", "status", "has", "order"]],
  services: ["Latency", showServices, ["service", "name", "has", "version"]],
  errors: ["Errors", showErrors, ["service", "name", "has", "version"]],
  compare: ["Compare", showCompare, []],
  findings: ["Findings", showFindings, []],
  trace: [null, showTrace, []],
};
const FIELDS = {
  service: { label: "Service", list: "services" },
  name: { label: "Name contains" },
  shortest: { label: "Slower than", hint: "250ms", kind: "short" },
  longest: { label: "Quicker than", hint: "2s", kind: "short" },
  status: { label: "Status", choices: { "": "any", error: "error", ok: "ok", unset: "unset" } },
  has: { label: "Attribute", hint: "http.route=/pay", kind: "wide" },
  version: { label: "Version", list: "versions" },
  order: { label: "First", choices: { "": "newest", slowest: "slowest", errors: "most errors" } },
};
const PERIODS = { "": "all that is held", 60: "last minute", 300: "last 5 minutes", 900: "last 15 minutes", 3600: "last hour" };
// A view is asked for at most so often, and less often where answers take long.
const SHORTEST_WAIT = 1500;

const main = document.getElementById("main");
let state = null;
let names = { services: [], versions: [], start: 0, end: 0 };
let shown = { view: "", version: -1, took: 0, at: 0, number: 0, keep: null };
let waiting = 0;
let asked = ""; // the address that the form itself asked for

export function place() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [view, ...rest] = path.split("/").filter(Boolean);
  const said = Object.fromEntries(new URLSearchParams(query));
  return view in VIEWS ? { view, rest, said } : { view: "map", rest: [], said };
}

function selection(said, keys) {
  const found = Object.fromEntries(keys.map((key) => [key, said[key] || ""]));
  // Conditions stand beside each other with spaces around "and".
  found.has = (said.has || "").split(/\s+and\s+/).filter(Boolean);
  if (said.period && names.end) found.start = names.end - Number(said.period) * 1e6;
  return found;
}

async function show(anew) {
  const { view, rest, said } = place();
  const [, draw, keys] = VIEWS[view];
  const number = ++shown.number;
  const began = performance.now();
  if (anew) {
    for (const each of document.querySelectorAll("#tabs a")) {
      const here = each.dataset.view === view || (view === "trace" && each.dataset.view === "traces");
      here ? each.setAttribute("aria-current", "page") : each.removeAttribute("aria-current");
    }
  }
  // What takes long is said; what does not, does not flicker.
  const late = setTimeout(() => { if (anew && number === shown.number) main.replaceChildren(empty("One moment …")); }, 200);
  main.setAttribute("aria-busy", "true");
  let made;
  try {
    names = await ask("names");
    names.services.forEach(hue);
    // What the form asked for stands in it already, and somebody may be writing in it.
    if (document.getElementById("filter").dataset.view !== view || (anew && asked !== location.hash)) showFilter(view, keys, said);
    made = await draw({ rest, said, selection: selection(said, keys), state, names, anew, main, before: anew ? null : shown.keep });
  } catch (error) {
    made = { content: empty(element("p", { class: "error" }, error.message)) };
  }
  clearTimeout(late);
  if (number !== shown.number) return; // somebody went on meanwhile
  main.removeAttribute("aria-busy");
  shown = { ...shown, version: state ? state.version : -1, took: performance.now() - began, at: performance.now(), keep: made };
  if (made.content && made.content !== main.firstChild) {
    const held = focusHeld();
    main.replaceChildren(made.content);
    held();
  }
  document.title = `${made.title || VIEWS[view][0]} · ${(state && state.name) || "tracegen"}`;
}

// What is drawn anew keeps the place in it, and what had the focus has it again.
function focusHeld() {
  const key = document.activeElement && main.contains(document.activeElement) && document.activeElement.dataset.key;
  const scrolled = [...main.querySelectorAll("[data-scroll]")].map((each) => [each.dataset.scroll, each.scrollTop, each.scrollLeft]);
  return () => {
    for (const [name, top, left] of scrolled) {
      const again = main.querySelector(`[data-scroll="${CSS.escape(name)}"]`);
      if (again) { again.scrollTop = top; again.scrollLeft = left; }
    }
    if (key) main.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
  };
}

function showFilter(view, keys, said) {
  const form = document.getElementById("filter");
  form.dataset.view = view;
  form.hidden = !keys.length;
  const fields = keys.map((key) => field(key, FIELDS[key], said[key] || ""));
  if (keys.length) fields.push(field("period", { label: "Period", choices: PERIODS }, said.period || ""));
  form.replaceChildren(...fields, element("button", { class: "main" }, "Show"),
    element("button", { type: "button", onclick: () => { asked = ""; location.hash = link(view); } }, "Clear"));
  form.onsubmit = (event) => {
    event.preventDefault();
    asked = link(view, Object.fromEntries(new FormData(form)));
    location.hash = asked;
  };
  form.onchange = (event) => { if (event.target.tagName === "SELECT") form.requestSubmit(); };
}

function field(key, { label, hint, kind, list, choices }, value) {
  const options = (all) => all.map(([each, words]) => element("option", { value: each, selected: each === value }, words));
  const input = choices
    ? element("select", { name: key }, options(Object.entries(choices)))
    : list && names[list].length <= 200
      ? element("select", { name: key }, options([["", "any"], ...new Set([...names[list], ...(value ? [value] : [])])].map((each) => Array.isArray(each) ? each : [each, each])))
      : element("input", { name: key, value, placeholder: hint || "" });
  return element("label", { class: kind || null }, label, input);
}

function showState() {
  document.getElementById("name").textContent = state.name || "tracegen";
  const live = document.getElementById("live");
  live.className = "live";
  live.textContent = `${count(state.held)} spans${state.rate ? ` · ${rate(state.rate)}` : ""}${state.dropped ? ` · ${count(state.dropped)} older ones dropped` : ""}`;
  document.getElementById("where").replaceChildren(
    element("p", {}, "OTLP over HTTP"), element("pre", {}, `OTEL_EXPORTER_OTLP_ENDPOINT=${state.http}\nOTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf`),
    element("p", {}, "OTLP over gRPC"), element("pre", {}, `OTEL_EXPORTER_OTLP_ENDPOINT=${state.grpc}\nOTEL_EXPORTER_OTLP_PROTOCOL=grpc`),
    state.sources.length ? element("p", { class: "quiet" }, `Read: ${state.sources.join(", ")}`) : "");
  const notices = document.getElementById("notices");
  if (notices.dataset.said !== JSON.stringify(state.notices)) {
    notices.dataset.said = JSON.stringify(state.notices);
    notices.replaceChildren(...state.notices.map((each) => element("div", { class: "notice" }, each)));
  }
}

function changed() {
  const stays = place().view === "trace" || place().view === "compare";
  if (!state || state.version === shown.version || waiting || stays || document.hidden) return;
  const wait = Math.max(SHORTEST_WAIT, 4 * shown.took) - (performance.now() - shown.at);
  waiting = setTimeout(async () => { waiting = 0; await show(false); changed(); }, Math.max(0, wait));
}

function listen() {
  const events = new EventSource("events");
  events.onmessage = (event) => {
    state = JSON.parse(event.data);
    showState();
    changed();
  };
  events.onerror = () => {
    const live = document.getElementById("live");
    live.className = "live off";
    live.textContent = "tracegen view is not running";
  };
}

document.getElementById("tabs").append(...Object.entries(VIEWS).filter(([, [title]]) => title).map(([view, [title]]) =>
  element("li", {}, element("a", { href: link(view), "data-view": view }, title))));
addEventListener("hashchange", () => { show(true); main.focus({ preventScroll: true }); });
addEventListener("resize", () => { if (place().view === "map" || place().view === "trace") show(false); });
document.addEventListener("visibilitychange", changed);
state = await ask("state");
showState();
await show(true);
listen();
