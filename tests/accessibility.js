// What a reader with another eye, another hand or another device needs of a page: each check returns what fails it.
(() => {
  const visible = (node) => node.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const short = (text) => text.trim().replace(/\s+/g, " ").slice(0, 40);

  function channels(colour) {
    const found = (colour.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
    return colour.startsWith("color(srgb")
      ? [...found.slice(0, 3).map((c) => 255 * c), found[3] ?? 1]
      : [...found.slice(0, 3), found[3] ?? 1];
  }
  const over = (top, below) => below.map((c, k) => (k < 3 ? top[k] * top[3] + c * (1 - top[3]) : 1));
  const luminance = (colour) => {
    const [r, g, b] = colour.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (one, other) => {
    const [dim, bright] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (bright + 0.05) / (dim + 0.05);
  };
  // The canvas itself, behind a page that paints nothing, is white on paper and in the light. It is asked for once in
  // a check: each probe would have the browser lay the page out anew.
  let canvas = null;
  const blank = () => {
    if (canvas) return canvas;
    const probe = document.body.appendChild(document.createElement("i"));
    probe.style.color = "Canvas";
    canvas = channels(getComputedStyle(probe).color);
    probe.remove();
    return canvas;
  };

  function behind(element) {
    const layers = [];
    for (let node = element; node instanceof Element; node = node.parentElement) {
      const ground = channels(getComputedStyle(node).backgroundColor);
      layers.push(ground);
      if (ground[3] === 1) break;
    }
    return layers.reverse().reduce((below, top) => over(top, below), blank());
  }

  function behindMark(text) {
    const svg = text.closest("svg");
    const box = text.getBoundingClientRect();
    const stack = document.elementsFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    const layers = stack
      .filter((node) => svg.contains(node) && node !== svg && !node.closest("text"))
      .map((node) => [getComputedStyle(node), node])
      .filter(([style]) => style.fill !== "none")
      .map(([style]) => {
        const [r, g, b, a] = channels(style.fill);
        return [r, g, b, a * style.fillOpacity * style.opacity];
      });
    return layers.reverse().reduce((below, top) => over(top, below), behind(svg));
  }

  function texts() {
    const found = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const parent = walk.currentNode.parentElement;
      if (walk.currentNode.data.trim() && !parent.closest("style, title, desc, script") && visible(parent)) found.push(parent);
    }
    return [...new Set(found)];
  }

  const REACHED = "a, summary, button, input, select, textarea, [tabindex]";
  const named = (node) =>
    node.getAttribute("aria-label") ||
    (node.getAttribute("aria-labelledby") || "").split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join(" ") ||
    [...(node.labels ?? [])].map((label) => label.textContent).join(" ") ||
    (node.matches("button, a, summary") ? node.textContent : "");

  const checks = {
    controls() {
      const wrong = [...document.querySelectorAll("button, input, select, textarea, [role=grid], [role=img]")]
        .filter((node) => !named(node).trim())
        .map((node) => node.outerHTML.slice(0, 80));
      const ranges = [...document.querySelectorAll("input[type=range]")].filter((node) => !node.getAttribute("aria-valuetext"));
      const first = [...document.querySelectorAll("[tabindex]")].filter((node) => node.tabIndex > 0);
      return [...wrong, ...ranges.map(named), ...first.map((node) => node.outerHTML.slice(0, 80))];
    },
    references() {
      const ids = [...document.querySelectorAll("[id]")].map((node) => node.id).filter(Boolean);
      const twice = ids.filter((id, k) => ids.indexOf(id) !== k);
      const to = ["for", "aria-labelledby", "aria-describedby", "aria-controls"];
      const asked = to.flatMap((name) => [...document.querySelectorAll(`[${name}]`)].flatMap((node) => node.getAttribute(name).split(" ")));
      return [...twice, ...asked.filter((id) => !document.getElementById(id))];
    },
    // A target is 24 pixels wide and high, or has that much room around its middle.
    targets() {
      const all = [...document.querySelectorAll("a, button, input, select, textarea, [role=grid] [tabindex]")].filter(visible);
      const boxes = all.map((node) => node.getBoundingClientRect());
      const small = ({ width, height }) => width < 24 || height < 24;
      const middle = (box) => [box.x + box.width / 2, box.y + box.height / 2];
      const near = (box, other) => {
        const [x, y] = middle(box);
        if (small(other)) return Math.hypot(x - middle(other)[0], y - middle(other)[1]) < 24;
        return Math.hypot(Math.max(other.left - x, 0, x - other.right), Math.max(other.top - y, 0, y - other.bottom)) < 12;
      };
      return all
        .filter((_, k) => small(boxes[k]) && boxes.some((other, j) => j !== k && near(boxes[k], other)))
        .map((node, k) => `${short(named(node))} ${Math.round(boxes[k].width)} x ${Math.round(boxes[k].height)}`);
    },
    // What has the focus is not behind what stays in place.
    hidden() {
      const node = document.activeElement;
      const box = node.getBoundingClientRect();
      const seen = [0.1, 0.3, 0.5, 0.7, 0.9].some((share) => {
        const there = document.elementFromPoint(box.x + Math.min(box.width, innerWidth) / 2, box.y + share * box.height);
        return there && node.contains(there);
      });
      return seen ? [] : [short(named(node) || node.textContent)];
    },
    contrast() {
      return texts().flatMap((element) => {
        const style = getComputedStyle(element);
        const drawn = element.closest("svg");
        const ground = drawn ? behindMark(element) : behind(element);
        const colour = channels(drawn ? style.fill : style.color);
        if (drawn) colour[3] *= style.fillOpacity * style.opacity;
        const size = parseFloat(style.fontSize);
        const large = !drawn && (size >= 24 || (size >= 18.66 && style.fontWeight >= 700));
        const known = ratio(over(colour, ground), ground);
        return known >= (large ? 3 : 4.5) ? [] : [`${short(element.textContent)}: ${known.toFixed(2)} ${colour} on ${ground}`];
      });
    },
    figures() {
      return [...document.querySelectorAll("svg")].flatMap((svg) => {
        const named = (svg.getAttribute("aria-labelledby") || "").split(" ").map((id) => document.getElementById(id));
        const words = named.map((node) => node && node.textContent.trim());
        const tags = named.map((node) => node && node.tagName).join();
        return svg.getAttribute("role") === "img" && tags === "title,desc" && words.every(Boolean) ? [] : [svg.id];
      });
    },
    tables() {
      const bare = [...document.querySelectorAll("th:not([scope])")].map((th) => short(th.textContent));
      const unnamed = [...document.querySelectorAll("table")]
        .filter((table) => !table.caption && !table.closest("[role=group][aria-label]"))
        .map((table) => short(table.textContent));
      const headless = [...document.querySelectorAll("table")].filter((table) => !table.querySelector("thead th[scope=col]"));
      const rows = [...document.querySelectorAll("tbody tr")].filter((row) => !row.querySelector("th[scope=row], td.message"));
      return [...bare, ...unnamed, ...headless.map((t) => short(t.textContent)), ...rows.map((r) => short(r.textContent))];
    },
    headings() {
      const found = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")];
      const levels = found.map((node) => Number(node.tagName[1]));
      const wrong = levels.flatMap((level, k) => (level > (levels[k - 1] ?? 0) + 1 ? [short(found[k].textContent)] : []));
      return levels.filter((level) => level === 1).length === 1 ? wrong : [...wrong, "one h1 is expected"];
    },
    landmarks() {
      const outside = (tag) =>
        [...document.querySelectorAll(tag)].filter((node) => !node.closest("main, article, section")).length;
      const wrong = [];
      for (const tag of ["main", "header", "footer"]) if (outside(tag) + (tag === "main" ? document.querySelectorAll("main").length : 0) !== 1) wrong.push(tag);
      const marks = [...document.querySelectorAll("nav, section, [role=region], [role=group], article ~ article")];
      wrong.push(...marks.filter((node) => !named(node).trim()).map((node) => `${node.tagName} without a name`));
      const place = (node) => node.parentElement.closest("article")?.id ?? "";
      const names = marks.map((node) => `${place(node)} ${node.tagName} ${named(node).trim()}`);
      wrong.push(...names.filter((name, k) => names.indexOf(name) !== k));
      return wrong;
    },
    links() {
      return [...document.querySelectorAll("a")].flatMap((link) => {
        const target = link.hash && document.getElementById(decodeURIComponent(link.hash.slice(1)));
        return link.textContent.trim() && target ? [] : [link.outerHTML];
      });
    },
    focus() {
      return [...document.querySelectorAll(REACHED)].filter(visible).flatMap((node) => {
        if (node.tabIndex < 0) return [];
        node.focus();
        const style = getComputedStyle(node);
        const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
        return document.activeElement === node && seen ? [] : [short(node.textContent)];
      });
    },
    reach() {
      const width = document.documentElement.clientWidth;
      const wide = document.documentElement.scrollWidth > width ? [`${document.documentElement.scrollWidth} > ${width}`] : [];
      const cut = texts().filter((node) => {
        if (node.closest(".scroll, .skip, .spoken")) return false;
        const box = node.getBoundingClientRect();
        return box.left < -1 || box.right > width + 1;
      });
      const shut = [...document.querySelectorAll("body *")].filter((node) => {
        const style = getComputedStyle(node);
        return /hidden|clip/.test(style.overflowX) && !node.closest("svg, .spoken") && node.scrollWidth > node.clientWidth + 1;
      });
      return [...wide, ...[...cut, ...shut].map((node) => short(node.textContent))];
    },
    sizes() {
      return texts().filter((node) => !node.closest("svg")).map((node) => parseFloat(getComputedStyle(node).fontSize));
    },
    paper() {
      return [behind(document.body), channels(getComputedStyle(document.body).color)].map(luminance);
    },
  };
  return checks;
})()
