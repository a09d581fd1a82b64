// Plotly, loaded once in a page, from bytes that came with it.

export function plotlyOf(bytes) {
  let loading = null;
  return () => (loading ??= globalThis.Plotly ? Promise.resolve(globalThis.Plotly) : loaded(bytes));
}

async function loaded(bytes) {
  const address = URL.createObjectURL(new Blob([await bytes()], { type: "text/javascript" }));
  const script = document.createElement("script");
  script.src = address;
  await new Promise((done, failed) => {
    script.onload = done;
    script.onerror = () => failed(new Error("Plotly did not load"));
    document.head.append(script);
  });
  URL.revokeObjectURL(address);
  return globalThis.Plotly;
}
