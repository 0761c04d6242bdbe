// Lists of traces.

import { ask, clock, count, dot, element, empty, link, named, time } from "./dom.js";

export async function showTraces({ selection, said, state }) {
  const found = await ask("traces", { ...selection, order: said.order || "newest", most: said.most || 50 });
  if (!found.traces.length) {
    return { title: "Traces", content: empty(state.held ? "No trace has such a span. All conditions must hold of one span; several attributes stand with “and” between them." : "No spans yet.") };
  }
  const longest = Math.max(...found.traces.map((each) => each.duration), 1);
  const content = element("section", { class: "panel" },
    element("ul", { class: "traces", "data-scroll": "traces" }, found.traces.map((each) => element("li", {}, line(each, longest)))),
    found.more ? element("p", {}, element("a", { href: link("traces", { ...said, most: Math.min(500, found.traces.length * 2) }) }, "more traces")) : "");
  return { title: "Traces", content };
}

function line(each, longest) {
  return element("a", { href: link(`trace/${each.id}`), class: each.errors ? "failing" : null, "data-key": `trace ${each.id}` },
    element("span", {}, dot(each.service), " ", element("b", {}, named(each.service)), ` ${each.name} `,
      each.errors ? element("span", { class: "tag error" }, `${count(each.errors)} ${each.errors === 1 ? "error" : "errors"}`) : "",
      each.whole ? "" : [" ", element("span", { class: "tag" }, "root missing")]),
    element("span", { class: "duration" }, time(each.duration)),
    element("span", { class: "quiet" }, clock(each.start), ` · ${count(each.spans)} spans · `,
      each.services.slice(0, 6).map(([name, number]) => `${named(name)} ${number}`).join(", "), each.services.length > 6 ? " …" : ""),
    element("span", { class: "quiet duration" }, each.id.slice(0, 8)),
    element("span", { class: "bar" }, element("i", { style: { width: `${(100 * each.duration) / longest}%` } })));
}
