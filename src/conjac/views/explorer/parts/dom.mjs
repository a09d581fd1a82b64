// Elements, made and changed without ever reading HTML: names from the data are text.

const SVG = "http://www.w3.org/2000/svg";
let made = 0;

export function el(tag, attributes = {}, ...children) {
  const node = tag === "svg" || tag === "path" ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== undefined && value !== null) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

// A text that is painted again only where it changes.
export function text(initial = "") {
  const node = document.createTextNode(initial);
  return { node, set: (now) => node.data !== now && (node.data = now) };
}

export function classed(node, name) {
  if (node.className !== name) node.className = name;
}

// For labels and descriptions: several explorers may share a page.
export function unique(stem) {
  made += 1;
  return `conjac-${stem}-${made}`;
}

export function select(label, options, value, change, data = {}) {
  const id = unique("select");
  const list = el(
    "select",
    { id, ...data, onchange: () => change(list.value) },
    options.map(([key, told]) => el("option", { value: key, selected: key === value }, told)),
  );
  return { node: el("div", { class: "field" }, el("label", { for: id }, label), list), list };
}

export function section(title, ...children) {
  const id = unique("title");
  return el("section", { "aria-labelledby": id }, el("h2", { id }, title), ...children.filter(Boolean));
}

export function bdi(content) {
  return el("bdi", {}, content);
}
