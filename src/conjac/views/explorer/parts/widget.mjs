// The host of a notebook: a widget whose model holds the scene, where it stands, and the way to Python.

import { el } from "./dom.mjs";
import { mount } from "./explorer.mjs";
import { plotlyOf } from "./plotly.mjs";
import { followScheme } from "./scheme.mjs";
import { inflated, unpack } from "./unpack.mjs";

async function render({ model, el: place }) {
  const root = el("div", { class: "conjac cell", "data-lm-suppress-shortcuts": "true", onkeydown: ownKey });
  place.append(root);
  const [tree, blob] = await Promise.all(["scene", "arrays"].map((name) => inflated(bytesOf(model.get(name)))));
  const questions = asking(model);
  let known = JSON.stringify(model.get("state"));
  const stops = [];
  const explorer = mount({
    root,
    scene: unpack(JSON.parse(new TextDecoder().decode(tree)), blob),
    state: known === "{}" ? null : model.get("state"),
    linked: false,
    address: () => "",
    plotly: plotlyOf(() => inflated(bytesOf(model.get("plotly")))),
    ...(model.get("live") ? { ask: questions.ask } : {}),
    moved(state) {
      const now = JSON.stringify(state);
      if (now === known) return;
      known = now;
      model.set("state", state);
      model.save_changes();
    },
  });
  const jumped = () => {
    const now = JSON.stringify(model.get("state"));
    if (now === known) return;
    known = now;
    explorer.jump(model.get("state"));
  };
  model.on("change:state", jumped);
  stops.push(followScheme(root, explorer.renew), explorer.remove, questions.stop, () => model.off("change:state", jumped));
  return () => {
    for (const stop of stops) stop();
    for (const plot of root.querySelectorAll(".js-plotly-plot")) globalThis.Plotly.purge(plot);
    root.remove();
  };
}

// Questions to Python, each known by its name, since other views of the model hear the answers too.
function asking(model) {
  const waiting = new Map();
  const heard = (told, buffers) => {
    const one = told.kind === "answer" && waiting.get(told.id);
    if (!one) return;
    waiting.delete(told.id);
    if (told.error === undefined) one.done({ tree: told.tree, blob: bytesOf(buffers[0]) });
    else one.failed(new Error(told.error));
  };
  model.on("msg:custom", heard);
  return {
    ask: (request) =>
      new Promise((done, failed) => {
        const id = `${Date.now()}-${Math.random()}`;
        waiting.set(id, { done, failed });
        model.send({ kind: "ask", id, request });
      }),
    stop: () => model.off("msg:custom", heard),
  };
}

// Keys that move the slider or are typed here are not commands to the notebook.
function ownKey(event) {
  if (!event.ctrlKey && !event.metaKey && event.key !== "Escape") event.stopPropagation();
}

function bytesOf(view) {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

export default { render };
