"""A front end of notebooks for tests: the model that a widget's module is given, and its traffic with Python.

It stands for JupyterLab: the values of a real widget's traits, bytes as DataView, ``get``, ``set``, ``save_changes``,
``on``, ``off``, ``send``. What the page saves and sends waits until `Front.deliver` takes it to Python.
"""

import base64
import json

MODEL = """
class Model {
  constructor(traits) {
    Object.assign(this, { values: {}, heard: {}, saved: [], sent: [] });
    for (const [name, value] of Object.entries(traits)) this.values[name] = plain(value);
  }
  get(name) { return this.values[name]; }
  set(name, value) { this.values[name] = value; this.tell(`change:${name}`); }
  save_changes() { this.saved.push(structuredClone(this.values.state)); }
  send(content) { this.sent.push(content); }
  on(name, call) { (this.heard[name] ??= new Set()).add(call); }
  off(name, call) { this.heard[name].delete(call); }
  tell(name, ...told) { for (const call of [...(this.heard[name] ?? [])]) call(...told); }
  listeners() { return Object.values(this.heard).reduce((sum, calls) => sum + calls.size, 0); }
}
function plain(value) {
  if (value?.bytes === undefined) return value;
  return new DataView(Uint8Array.from(atob(value.bytes), (letter) => letter.charCodeAt(0)).buffer);
}
Object.assign(window, { Model, plain, models: {}, stops: {} });
window.show = async (name, traits, { esm, css }, shadow) => {
  const place = document.body.appendChild(document.createElement("div"));
  place.id = name;
  const root = shadow ? place.attachShadow({ mode: "open" }) : place;
  root.append(Object.assign(document.createElement("style"), { textContent: css }));
  const el = root.appendChild(document.createElement("div"));
  models[name] = new Model(traits);
  models[name].esm = URL.createObjectURL(new Blob([esm], { type: "text/javascript" }));
  const { default: widget } = await import(models[name].esm);
  stops[name] = await widget.render({ model: models[name], el });
};
"""


def sent(value):
    """Return the value of a trait as JSON holds it here."""
    return {"bytes": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


class Front:
    """One widget in a page, by its name there."""

    def __init__(self, tab, name, widget, shadow=False):
        self.tab, self.name, self.widget, self.replies = tab, name, widget, []
        widget.send = lambda content, buffers=(): self.replies.append((content, list(buffers)))
        traits = {key: sent(getattr(widget, key)) for key in ("scene", "arrays", "plotly", "live", "state")}
        code = {"esm": str(widget._esm), "css": str(widget._css)}
        tab.evaluate(f"(told) => show({json.dumps(name)}, ...told)", [traits, code, shadow])

    @property
    def slider(self):
        return self.tab.locator(f"#{self.name} .conjac input[type=range]").first

    def deliver(self):
        """Take to Python what the page saved and sent, and back what Python answers and holds."""
        saved, asked = self.tab.evaluate(f"[models.{self.name}.saved.splice(0), models.{self.name}.sent.splice(0)]")
        for state in saved:
            self.widget.set_state({"state": state})
        for content in asked:
            self.widget._handle_custom_msg(content, [])
        for content, buffers in reversed(self.replies):  # in no order that may be relied on
            told = [content, [sent(bytes(one)) for one in buffers]]
            self.tab.evaluate(
                f"([content, buffers]) => models.{self.name}.tell('msg:custom', content, buffers.map(plain))", told
            )
        self.replies.clear()
        return saved

    def take(self):
        """Take the state that Python holds to the page."""
        self.tab.evaluate(f"(state) => models.{self.name}.set('state', state)", self.widget.state)

    def settled(self):
        """Wait until the page has told its model where it stands, and deliver that."""
        self.tab.wait_for_function(f"models.{self.name}.saved.length > 0")
        return self.deliver()
