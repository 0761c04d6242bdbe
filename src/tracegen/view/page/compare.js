// Two periods, or two releases, beside each other.

import { ask, clock, count, element, empty, named, percent, rate, table, time } from "./dom.js";

let said = null;
let answer = null;

export async function showCompare({ names, anew }) {
  if (!names.end) return { title: "Compare", content: empty("No spans yet.") };
  if (anew || !said) said = begin(names);
  const result = element("div", { "aria-live": "polite" });
  const form = element("form", { class: "panel", onsubmit: (event) => { event.preventDefault(); compare(form, names, result); } },
    element("div", { class: "compare" }, side("before", "Before", names), side("after", "After", names)),
    element("p", {}, element("button", { class: "main" }, "Compare")));
  await compare(form, names, result);
  return { title: "Compare", content: element("div", {}, form, result) };
}

// Two releases where there are several, else the first and the second half of what is held.
function begin(names) {
  const several = Object.values(names.versions_of).find((each) => each.length > 1);
  const versions = several ? several.slice(-2) : ["", ""];
  const halves = several ? [["0", "100"], ["0", "100"]] : [["0", "50"], ["50", "100"]];
  return Object.fromEntries(["before", "after"].flatMap((name, place) => [
    [`${name}_version`, versions[place]], [`${name}_from`, halves[place][0]], [`${name}_to`, halves[place][1]]]));
}

function side(name, title, names) {
  const at = (part) => clock(names.start + ((names.end - names.start) * part) / 100);
  const parts = Array.from({ length: 21 }, (_, index) => String(index * 5));
  const choose = (key) => element("select", { name: `${name}_${key}` }, parts.map((part) => element("option", { value: part, selected: part === said[`${name}_${key}`] }, `${at(Number(part))}`)));
  return element("fieldset", {}, element("legend", {}, title),
    element("label", {}, "from", choose("from")), element("label", {}, "to", choose("to")),
    element("label", {}, "version", element("select", { name: `${name}_version` }, ["", ...names.versions].map((each) => element("option", { value: each, selected: each === said[`${name}_version`] }, each || "any")))));
}

async function compare(form, names, result) {
  said = Object.fromEntries(new FormData(form));
  const moment = (part) => names.start + ((names.end - names.start) * Number(part)) / 100;
  const query = {};
  for (const name of ["before", "after"]) {
    query[`${name}_start`] = moment(said[`${name}_from`]);
    query[`${name}_end`] = moment(said[`${name}_to`]) + (said[`${name}_to`] === "100" ? 1 : 0);
    query[`${name}_version`] = said[`${name}_version`];
  }
  try {
    answer = await ask("compare", query);
    result.replaceChildren(...["services", "edges", "operations"].map((sort) => section(sort, answer[sort])));
  } catch (error) {
    result.replaceChildren(empty(element("p", { class: "error" }, error.message)));
  }
}

const TITLES = { services: "Services", edges: "Dependencies", operations: "Operations" };

function section(sort, changes) {
  const pair = (before, after, show) => [[before ? show(before) : "–", "number"], [after ? show(after) : "–", "number"]];
  const rows = changes.slice(0, 100).map(({ name, before, after }) => [[named(name), "name"], [verdict(before, after), ""],
    ...pair(before, after, (each) => time(each.p50)), ...pair(before, after, (each) => time(each.p95)), ...pair(before, after, percent), ...pair(before, after, (each) => rate(each.rate)), ...pair(before, after, (each) => count(each.count))]);
  const heads = ["p50", "p95", "errors", "rate", "requests"].flatMap((each) => [[each, "number"], ["→", "number"]]);
  return element("section", { class: "panel" }, element("h2", {}, TITLES[sort]), changes.length ? table(["", "", ...heads], rows) : element("p", { class: "quiet" }, "Nothing was seen."));
}

function verdict(before, after) {
  if (!before) return element("span", { class: "tag" }, "new");
  if (!after) return element("span", { class: "tag" }, "gone");
  const ratio = after.p95 / Math.max(before.p95, 1);
  const worse = after.errors / after.count - before.errors / before.count;
  if (worse > 0.01) return element("span", { class: "tag error" }, "more errors");
  if (ratio > 1.2) return element("span", { class: "tag error" }, `${ratio >= 10 ? Math.round(ratio) : ratio.toFixed(1)} × slower`);
  if (ratio < 0.83) return element("span", { class: "good" }, `${(1 / ratio).toFixed(1)} × quicker`);
  return element("span", { class: "quiet" }, "alike");
}
