// What benchmarks/explorer/slider.py does in the page.
(() => {
  const range = () => document.querySelector("input[type=range]");
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  // The first task after the frame that is being made has been painted.
  const painted = () =>
    new Promise((done) => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => done(performance.now());
      channel.port2.postMessage(0);
    });

  async function timed(moves, move) {
    const found = { handled: [], painted: [] };
    for (let k = 0; k < moves; k++) {
      await frame();
      const start = performance.now();
      const done = move(k);
      found.handled.push(performance.now() - start);
      await done;
      found.painted.push((await painted()) - start);
    }
    return found;
  }

  const place = (k, low, high) => low + (high - low) * (0.5 + 0.45 * Math.sin(k / 9));
  const charts = () => [...document.querySelectorAll(".js-plotly-plot")].filter((plot) => plot.data?.some((one) => one.type === "scatter" && one.fill === "toself"));

  return {
    show(name) {
      const named = { lines: document.querySelector('.chart[aria-label^="Metrics along"]'), points: document.querySelector("[data-conjac=points]") };
      if (name === "top") scrollTo(0, 0);
      else named[name]?.scrollIntoView({ block: "center" });
    },
    drag(moves) {
      const slider = range();
      const [low, high] = [Number(slider.min), Number(slider.max)];
      return timed(moves, (k) => {
        slider.value = place(k, low, high);
        slider.dispatchEvent(new Event("input", { bubbles: true }));
      });
    },
    peer(moves) {
      const plots = charts();
      const line = (x) => ({ type: "line", yref: "paper", x0: x, x1: x, y0: 0, y1: 1 });
      return timed(moves, (k) =>
        Promise.all(plots.map((plot) => Plotly.relayout(plot, { shapes: [line(place(k, ...plot.layout.xaxis.range))] }))),
      );
    },
  };
})()
