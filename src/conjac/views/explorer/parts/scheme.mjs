// Light or dark, as the page around an explorer says it is: a notebook need not follow the system.

const TOLD = ["class", "theme", "data-theme", "data-jp-theme-light", "data-vscode-theme-kind"];

// "light", "dark", or null where the page does not say: of JupyterLab, VS Code, Colab and marimo.
export function scheme() {
  const { body, documentElement } = document;
  const jupyter = body.getAttribute("data-jp-theme-light");
  if (jupyter !== null) return jupyter === "true" ? "light" : "dark";
  const words = [body, documentElement].flatMap((node) => TOLD.map((name) => node.getAttribute(name) ?? "")).join(" ").split(/\s+/);
  if (words.some((word) => /^(vscode-|vscode-high-contrast-)?light$/.test(word))) return "light";
  return words.some((word) => /^(dark|vscode-dark|vscode-high-contrast)$/.test(word)) ? "dark" : null;
}

// Keep a root as the page around it is; returns what stops it.
export function followScheme(root, changed) {
  const take = () => {
    const now = scheme();
    if ((root.dataset.theme ?? null) === now) return;
    if (now) root.dataset.theme = now;
    else delete root.dataset.theme;
    changed();
  };
  const observer = new MutationObserver(take);
  for (const node of [document.body, document.documentElement]) observer.observe(node, { attributeFilter: TOLD });
  take();
  return () => observer.disconnect();
}
