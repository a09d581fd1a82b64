// What the hosts of a whole page share: everything is in the page, and the state in its address.

import { mount } from "./explorer.mjs";
import { plotlyOf } from "./plotly.mjs";
import { fromLink, link } from "./share.mjs";
import { unpack, unzipped } from "./unpack.mjs";

export async function start(more = {}) {
  const held = (id) => document.getElementById(id).textContent;
  const [tree, blob] = await Promise.all(["conjac-scene", "conjac-arrays"].map((id) => unzipped(held(id))));
  const scene = unpack(JSON.parse(new TextDecoder().decode(tree)), blob);
  const root = document.querySelector(".conjac");
  const explorer = mount({
    root,
    scene,
    state: fromLink(location.hash),
    linked: location.protocol !== "about:",
    address: () => location.href.split("#")[0],
    plotly: plotlyOf(() => unzipped(held("conjac-plotly"))),
    moved(state) {
      if (location.protocol !== "about:") history.replaceState(null, "", link(state));
    },
    ...more,
  });
  addEventListener("hashchange", () => {
    const state = fromLink(location.hash);
    if (state !== undefined) explorer.jump(state);
  });
  document.documentElement.dataset.conjac = "ready";
}
