// Where the explorer stands, as a link, as JSON, and as Python.

import { el, unique } from "./dom.mjs";

export function stateOf(view) {
  return {
    group: view.rows.name,
    metric: view.scene.metrics[view.metric].name,
    against: view.scene.metrics[view.against].name,
    moving: view.now.name,
    coordinate: view.now.coordinate,
    at: Number.isFinite(view.at) ? view.at : String(view.at), // at an end of a coordinate; JSON has no infinity
    ...(Object.keys(view.shifted).length ? { moves: view.shifted } : {}),
    ...view.more(),
  };
}

// Go where a state says, as far as this scene has it; what it has not is told.
export function restore(view, state, live) {
  if (state === null || typeof state !== "object") return [`the state ${JSON.stringify(state)}`];
  const missing = [];
  const find = (list, name, what) => {
    const place = list.findIndex((one) => one.name === name);
    if (place < 0 && name !== undefined) missing.push(`${what} ${JSON.stringify(name)}`);
    return Math.max(place, 0);
  };
  const { scene } = view;
  if (state.group !== undefined) view.sheet = find(scene.sheets, state.group, "group");
  if (state.metric !== undefined) view.metric = find(scene.metrics, state.metric, "metric");
  if (state.against !== undefined) view.against = find(scene.metrics, state.against, "metric");
  if (state.moving !== undefined) {
    const track = view.rows.tracks.findIndex((one) => one.name === state.moving && one.coordinate === state.coordinate);
    if (track < 0) missing.push(JSON.stringify([state.moving, state.coordinate]));
    view.track = Math.max(track, 0);
  }
  const at = ["number", "string"].includes(typeof state.at) ? Number(state.at) : NaN;
  view.step = Number.isNaN(at) ? view.now.base : view.nearest(at);
  missing.push(...view.takeMore(state));
  const asked = Object.entries(state.moves ?? {});
  const taken = asked.filter(([name, value]) => live && Number.isFinite(value) && scene.moves.some((one) => one.name === name));
  view.shifted = Object.fromEntries(taken);
  missing.push(...asked.filter((one) => !taken.includes(one)).map(([name]) => `${name}, which moves only where Python recomputes`));
  return missing;
}

export function link(state) {
  return `#${encodeURIComponent(JSON.stringify(state))}`;
}

// The state in an address: nothing where there is none, the text itself where it is no state.
export function fromLink(hash) {
  if (hash.length < 2) return undefined;
  try {
    return JSON.parse(decodeURIComponent(hash.slice(1)));
  } catch {
    return hash.slice(1);
  }
}

// What was pasted: JSON, or else an address.
function asked(pasted) {
  try {
    return JSON.parse(pasted);
  } catch {
    return fromLink(pasted.trim().replace(/^[^#]*/, ""));
  }
}

export function python(view) {
  const { recipe, labels, metrics } = view.scene;
  const group = view.rows.name ? [`# the rows of ${oneLine(view.rows.name)} alone`] : [];
  return [
    "import conjac as cj",
    "",
    ...view.code.map(oneLine),
    recipe.setup,
    ...(view.code.length ? ["# with scores of the rows as they were moved"] : []),
    ...group,
    `J = cj.confusion_jacobian(${["y_true", "y_score", ...view.inPython(), ...recipe.options].join(", ")})`,
    `print(J.matrix)     # rows true, columns predicted: ${oneLine(labels.slice(0, 8).join(", "))}`,
    "print(J.jacobian)   # its derivative, with J.confint()",
    `f = J.of(${quoted(metrics[view.metric].name)})`,
    "print(f.value, f.value_confint(), f.gradient, f.confint())",
    "",
  ].join("\n");
}

export function quoted(text) {
  return JSON.stringify(text);
}

function oneLine(text) {
  return text.replace(/\s+/g, " ");
}

export function sharing(view, host, jump) {
  const id = unique("state");
  const area = el("textarea", { id, rows: 8, spellcheck: "false", "data-conjac": "state" });
  const told = el("p", { class: "note", role: "status" });
  const show = (make) => () => {
    area.value = make();
    told.textContent = "";
  };
  const copy = async () => {
    area.select();
    try {
      await navigator.clipboard.writeText(area.value);
      told.textContent = "Copied.";
    } catch {
      told.textContent = "Selected: copy it with Ctrl-C, since this page may not.";
    }
  };
  const apply = () => {
    const state = asked(area.value);
    if (state === null || typeof state !== "object") told.textContent = "That is neither a link nor JSON of this page.";
    else {
      const missing = jump(state);
      told.textContent = missing.length ? `Not in this page: ${missing.join(", ")}.` : "Restored.";
    }
  };
  const button = (name, data, click) => el("button", { type: "button", "data-conjac": data, onclick: click }, name);
  const buttons = [
    button("Python", "python", show(() => python(view))),
    button("JSON", "json", show(() => JSON.stringify(stateOf(view), null, 2))),
    host.linked && button("Link", "link", show(() => host.address() + link(stateOf(view)))),
    button("Copy", "copy", copy),
    button("Restore", "restore", apply),
  ];
  return {
    node: el("div", {}, el("div", { class: "buttons" }, buttons.filter(Boolean)), el("label", { for: id, class: "sub" }, "This state, as text; paste one to restore it"), area, told),
    update() {},
    renew() {},
  };
}
