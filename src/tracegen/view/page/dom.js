// Elements, numbers as words, and questions to the server. Texts become text nodes alone: nothing received is ever markup.

export function element(tag, properties = {}, ...children) {
  return filled(document.createElement(tag), properties, children);
}

export function drawn(tag, properties = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), properties, children);
}

function filled(made, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, each] of Object.entries(value)) made.style.setProperty(key, each);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

// Microseconds as people say them.
export function time(microseconds) {
  if (microseconds < 1000) return `${Math.round(microseconds)} µs`;
  if (microseconds < 1e6) return `${digits(microseconds / 1e3)} ms`;
  if (microseconds < 6e7) return `${digits(microseconds / 1e6)} s`;
  return `${Math.floor(microseconds / 6e7)} min ${Math.round((microseconds % 6e7) / 1e6)} s`;
}

export function digits(number) {
  return number >= 100 ? Math.round(number).toLocaleString("en") : String(Number(number.toPrecision(3)));
}

export const count = (number) => number.toLocaleString("en");
export const rate = (number) => `${digits(number)}/s`;

export function percent(requests) {
  if (!requests || !requests.errors) return "0 %";
  return `${digits((100 * requests.errors) / requests.count)} %`;
}

export function clock(microseconds) {
  const date = new Date(microseconds / 1000);
  const part = (number, length = 2) => String(number).padStart(length, "0");
  const hours = `${part(date.getHours())}:${part(date.getMinutes())}:${part(date.getSeconds())}.${part(date.getMilliseconds(), 3)}`;
  const today = new Date().toDateString() === date.toDateString();
  return today ? hours : `${date.getFullYear()}-${part(date.getMonth() + 1)}-${part(date.getDate())} ${hours}`;
}

// A colour that stays with a service while the page is open; those that come one after the other lie far apart.
const hues = new Map();
export function hue(name) {
  if (!hues.has(name)) hues.set(name, String(Math.round((210 + hues.size * 137.508) % 360)));
  return hues.get(name);
}

export const dot = (service) => element("span", { class: "dot", style: { "--hue": hue(service) }, "aria-hidden": "true" });
export const named = (service) => service || "(no service.name)";

export async function ask(path, query = {}) {
  const said = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? value : [value]) if (each !== "" && each !== null && each !== undefined) said.append(name, each);
  }
  const answer = await fetch(`api/${path}?${said}`);
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error || `the server answered ${answer.status}`);
  return found;
}

export function link(parts, query = {}) {
  const said = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "" && value !== undefined && value !== null));
  return `#/${parts}${[...said].length ? `?${said}` : ""}`;
}

export function table(heads, rows) {
  const cell = (tag, [value, kind]) => element(tag, { class: kind || null }, value);
  return element("div", { class: "scroll" }, element("table", {},
    element("thead", {}, element("tr", {}, heads.map((head) => cell("th", [].concat(head))))),
    element("tbody", {}, rows.map((row) => element("tr", {}, row.map((each) => cell("td", Array.isArray(each) ? each : [each])))))));
}

export function pairs(items) {
  return element("table", { class: "pairs" }, element("tbody", {}, items.map(([key, value]) =>
    element("tr", {}, element("td", {}, key), element("td", {}, value)))));
}

export const empty = (...words) => element("div", { class: "panel empty" }, ...words);
