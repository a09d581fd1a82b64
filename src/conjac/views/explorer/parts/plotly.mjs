// Plotly, loaded once in a page, whatever number of explorers there are, from bytes that came with one of them.

const LOADING = Symbol.for("conjac.plotly");

export function plotlyOf(bytes) {
  return async () => globalThis.Plotly ?? (await (globalThis[LOADING] ??= loaded(bytes)));
}

async function loaded(bytes) {
  const script = document.createElement("script");
  try {
    script.src = URL.createObjectURL(new Blob([await bytes()], { type: "text/javascript" }));
    await new Promise((done, failed) => {
      script.onload = done;
      script.onerror = () => failed(new Error("Plotly did not load"));
      document.head.append(script);
    });
  } catch (error) {
    delete globalThis[LOADING]; // another explorer may have better luck
    throw error;
  } finally {
    URL.revokeObjectURL(script.src);
  }
  return globalThis.Plotly;
}
