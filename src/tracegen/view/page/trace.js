// A trace as a waterfall: only the rows that can be seen are there, so ten thousand are as quick as ten.

import { ask, clock, count, dot, element, hue, link, named, pairs, time } from "./dom.js";

const [NUMBER, DEPTH, SERVICE, NAME, KIND, STATUS, START, DURATION, OWN, MARKS] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
const DEEPEST_INDENT = 14;
let kept = null; // the trace that is shown: drawn once, not with each change of what is held

export async function showTrace({ rest: [id = ""], anew, said }) {
  if (kept && kept.id === id && !anew) { kept.draw(true); return { title: kept.title, content: kept.content }; }
  const trace = await ask("trace", { id });
  kept = waterfall(trace, said);
  queueMicrotask(() => kept.draw(true));
  return { title: kept.title, content: kept.content };
}

function waterfall(trace, said) {
  const rows = trace.rows;
  const sections = new Map();
  for (const [number, start, duration] of trace.path) sections.set(number, [...(sections.get(number) || []), [start, duration]]);
  const closed = new Set();
  let visible = rows.map((_, index) => index);
  let selected = Math.max(0, rows.findIndex((row) => String(row[NUMBER]) === said.span));
  const space = element("div", { style: { position: "relative" } });
  const box = element("div", { class: "waterfall", tabindex: 0, role: "treegrid", "aria-label": "Spans", "aria-rowcount": rows.length, "data-key": "waterfall", "data-scroll": "waterfall" }, space);
  const detail = element("aside", { class: "panel detail", "aria-live": "polite" });
  const root = rows[0];
  const title = `${named(trace.services[root[SERVICE]])} ${root[NAME]}`;

  const height = () => (innerWidth > 760 ? 30 : 44);
  const whole = Math.max(trace.duration, 1);

  function fold() {
    visible = [];
    let below = Infinity;
    rows.forEach((row, index) => {
      if (row[DEPTH] > below) return;
      below = Infinity;
      visible.push(index);
      if (closed.has(index)) below = row[DEPTH];
    });
  }

  function draw() {
    const each = height();
    space.style.setProperty("height", `${visible.length * each}px`);
    const first = Math.max(0, Math.floor(box.scrollTop / each) - 8);
    const last = Math.min(visible.length, Math.ceil((box.scrollTop + box.clientHeight) / each) + 8);
    space.replaceChildren(...visible.slice(first, last).map((index, place) => line(index, (first + place) * each, first + place)));
    box.setAttribute("aria-activedescendant", `span-${selected}`);
  }

  function line(index, top, place) {
    const row = rows[index];
    const service = trace.services[row[SERVICE]];
    const failed = row[STATUS] === "error";
    const left = (100 * row[START]) / whole;
    const width = (100 * row[DURATION]) / whole;
    const parent = row[MARKS].includes("p");
    const shade = { style: { "--hue": hue(service), left: `${left}%`, width: `${Math.min(width, 100 - left)}%` }, class: failed ? "failing" : null };
    return element("div", { class: "span", id: `span-${index}`, role: "row", "aria-level": row[DEPTH] + 1, "aria-rowindex": place + 1, "aria-selected": String(index === selected),
      "aria-expanded": parent ? String(!closed.has(index)) : null, style: { top: `${top}px` }, onclick: () => select(index) },
      element("div", { class: "what", role: "gridcell", style: { "padding-left": `${6 + 12 * Math.min(row[DEPTH], DEEPEST_INDENT)}px` } },
        element("button", { class: "toggle", tabindex: -1, "aria-label": "Fold", style: { visibility: parent ? "visible" : "hidden" }, onclick: (event) => { event.stopPropagation(); toggle(index); } }, closed.has(index) ? "▶" : "▼"),
        dot(service), element("span", { class: failed ? "failed" : null, title: `${named(service)}: ${row[NAME]}` }, element("b", {}, named(service)), ` ${row[NAME]}`),
        row[MARKS].includes("x") ? element("span", { class: "tag error" }, "exception") : failed ? element("span", { class: "tag error" }, "error") : "",
        row[MARKS].includes("o") ? element("span", { class: "tag" }, "parent missing") : "",
        row[MARKS].includes("l") ? element("span", { class: "tag" }, "links") : ""),
      element("div", { class: "time", role: "gridcell" }, element("i", shade),
        (sections.get(row[NUMBER]) || []).map(([start, duration]) => element("u", { style: { left: `${(100 * start) / whole}%`, width: `${(100 * duration) / whole}%` } })),
        element("em", { style: { left: `${Math.min(left + width, 100)}%` } }, time(row[DURATION]))));
  }

  async function select(index) {
    selected = index;
    draw();
    const row = rows[index];
    detail.replaceChildren(element("p", { class: "quiet" }, "…"));
    try {
      const span = await ask("span", { id: trace.id, number: row[NUMBER] });
      if (selected === index) detail.replaceChildren(...tell(span, row, trace));
    } catch (error) {
      detail.replaceChildren(element("p", { class: "error" }, error.message));
    }
  }

  function toggle(index, shut = !closed.has(index)) {
    shut ? closed.add(index) : closed.delete(index);
    fold();
    draw();
  }

  function reach(place) {
    const each = height();
    const top = place * each;
    if (top < box.scrollTop) box.scrollTop = top;
    if (top + each > box.scrollTop + box.clientHeight) box.scrollTop = top + each - box.clientHeight;
    select(visible[place]);
  }

  box.addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
  box.addEventListener("keydown", (event) => {
    const place = Math.max(0, visible.indexOf(selected));
    const page = Math.max(1, Math.floor(box.clientHeight / height()) - 1);
    const last = visible.length - 1;
    const row = rows[selected];
    const above = visible.slice(0, place).reverse().find((index) => rows[index][DEPTH] < row[DEPTH]);
    const moves = {
      ArrowDown: () => reach(Math.min(last, place + 1)), ArrowUp: () => reach(Math.max(0, place - 1)),
      PageDown: () => reach(Math.min(last, place + page)), PageUp: () => reach(Math.max(0, place - page)),
      Home: () => reach(0), End: () => reach(last),
      ArrowLeft: () => (row[MARKS].includes("p") && !closed.has(selected) ? toggle(selected, true) : above !== undefined && reach(visible.indexOf(above))),
      ArrowRight: () => (closed.has(selected) ? toggle(selected, false) : reach(Math.min(last, place + 1))),
      Enter: () => select(selected), " ": () => select(selected),
    };
    if (moves[event.key]) { event.preventDefault(); moves[event.key](); }
  });

  const facts = [`${count(rows.length)} spans`, `${trace.services.length} services`, time(trace.duration), clock(trace.start)];
  const content = element("div", {},
    element("section", { class: "panel" },
      element("div", { class: "row" }, element("h2", {}, dot(trace.services[root[SERVICE]]), " ", title), element("span", { class: "quiet" }, facts.join(" · "))),
      element("div", { class: "row" },
        element("span", {}, element("code", {}, trace.id), trace.errors ? [" ", element("span", { class: "tag error" }, `${count(trace.errors)} errors`)] : "",
          trace.orphans ? [" ", element("span", { class: "tag" }, `${count(trace.orphans)} with a missing parent`)] : "",
          trace.roots > 1 ? [" ", element("span", { class: "tag" }, `${trace.roots} roots`)] : ""),
        element("span", {}, element("button", { onclick: () => jump((row) => row[STATUS] === "error") }, "Next error"), " ",
          element("button", { onclick: () => jump((row) => row[OWN] > 0) }, "Next on the critical path"))),
      longestOwn(trace, rows)),
    element("div", { class: "sides" },
      element("section", { class: "panel" },
        element("div", { class: "ruler" }, element("span", {}), element("div", {}, [0, 0.25, 0.5, 0.75, 1].map((part) => element("span", {}, time(part * trace.duration))))),
        box), detail));

  function jump(wanted) {
    const order = [...visible.keys()];
    const place = visible.indexOf(selected);
    const next = [...order.slice(place + 1), ...order.slice(0, place + 1)].find((each) => wanted(rows[visible[each]]));
    if (next !== undefined) { reach(next); box.focus({ preventScroll: true }); }
  }

  function begin(once) {
    if (once && !begin.done) {
      begin.done = true;
      requestAnimationFrame(() => (selected ? reach(selected) : select(0)));
    }
    draw();
  }
  return { id: trace.id, title, content, draw: begin };
}

function longestOwn(trace, rows) {
  const by = new Map();
  for (const row of rows) if (row[OWN]) by.set(row[SERVICE], (by.get(row[SERVICE]) || 0) + row[OWN]);
  const all = [...by.values()].reduce((sum, each) => sum + each, 0) || 1;
  const words = [...by].sort((a, b) => b[1] - a[1]).slice(0, 6).map(([service, own]) =>
    element("span", {}, dot(trace.services[service]), ` ${named(trace.services[service])} ${Math.round((100 * own) / all)} %`));
  return element("div", { class: "legend" }, element("span", {}, "On the critical path (the dark line below a bar):"), words);
}

function tell(span, row, trace) {
  return [element("h2", {}, dot(span.service), " ", span.name), element("p", { class: "quiet" }, `${named(span.service)} · ${span.kind}${span.scope ? ` · ${span.scope}` : ""}`),
    span.status === "error" ? element("p", { class: "error" }, `error${span.message ? `: ${span.message}` : ""}`) : "",
    pairs([["starts after", time(row[START])], ["takes", time(span.duration)], ["on the critical path", time(row[OWN])], ["span id", element("code", {}, span.id)],
      ["parent id", element("code", {}, span.parent || "none")]]),
    ...part("Attributes", span.attributes.length, () => pairs(span.attributes)),
    ...span.events.flatMap((event) => [element("h3", { class: event.exception ? "error" : null }, `${event.name || "event"} after ${time(event.after)}`),
      ...event.attributes.map(([key, value]) => (value.includes("\n") ? element("div", {}, element("span", { class: "quiet" }, key), element("pre", {}, value)) : pairs([[key, value]])))]),
    ...part("Links", span.links.length, () => element("ul", {}, span.links.map((each) => element("li", {}, element("a", { href: link(`trace/${each.trace}`) }, `${each.trace.slice(0, 16)}… span ${each.span}`), pairs(each.attributes))))),
    ...part("Resource", span.resource.length, () => pairs(span.resource)),
    ...part("Dropped by its SDK", Object.keys(span.dropped).length, () => pairs(Object.entries(span.dropped).map(([key, value]) => [key, String(value)])))];
}

function part(title, there, make) {
  return there ? [element("h3", {}, title), make()] : [];
}
