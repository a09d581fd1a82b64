// The host of a page that is served: it asks the server that it came from, with the token of its address.

import { start } from "./page.mjs";

const token = new URLSearchParams(location.search).get("token") ?? "";

async function ask(request) {
  let response;
  try {
    response = await fetch("/ask", {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
      body: JSON.stringify(request),
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
    });
  } catch {
    throw new Error("The server does not answer: it may have been stopped. What is shown stays.");
  }
  if (!response.ok) throw new Error((await response.json().catch(() => ({}))).error ?? `status ${response.status}`);
  const data = await response.arrayBuffer();
  const length = new DataView(data).getUint32(0, true);
  const tree = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
  return { tree, blob: new Uint8Array(data, 4 + length) };
}

start({ ask });
