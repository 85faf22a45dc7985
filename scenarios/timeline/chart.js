// The chart: lanes from top to bottom, marks on them, connections between them.

const ROW = 24, ROW_GAP = 5, LANE_PAD = 9, AXIS = 52, TITLE = 28;
const LANE_NAMES = {
  steps: "Test", calls: "Calls", waits: "Waits", outcomes: "Outcomes", network: "Network",
  server: "Server",
};
const SVG = "http://www.w3.org/2000/svg";

function svg(name, attributes, parent, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  if (parent) parent.append(element);
  return element;
}

// About how wide a text is at the chart's size: exact enough to decide what fits.
function textWidth(text) {
  let width = 0;
  for (const c of text) width += "il.,:|!' ".includes(c) ? 4 : "mwMW%@".includes(c) ? 11 : 7.4;
  return width;
}

// The lanes that have something on them, with their places: steps, each client's, the server.
function layOutLanes(scenario) {
  const tracks = [];
  const several = scenario.clients.length > 1;
  const of = (track, client) =>
    scenario.spans.filter((span) => span.track === track && span.client === client);
  const add = (track, client, title) => {
    const spans = of(track, client);
    if (spans.length === 0) return;
    tracks.push({ track, client, title, spans, rows: 1 + Math.max(...spans.map((s) => s.row)) });
  };
  add("steps", 0);
  scenario.clients.forEach((name, client) => {
    let title = several ? name : undefined;
    for (const track of ["calls", "waits", "outcomes", "network"]) {
      const before = tracks.length;
      add(track, client, title);
      if (tracks.length > before) title = undefined;
    }
  });
  add("server", 0);
  let y = AXIS;
  for (const lane of tracks) {
    if (lane.title !== undefined) y += TITLE;
    lane.y = y;
    lane.height = 2 * LANE_PAD + lane.rows * (ROW + ROW_GAP) - ROW_GAP;
    y += lane.height;
  }
  return { tracks, height: y + 4 };
}

function laneLabels(lanes) {
  const labels = document.createElement("div");
  labels.className = "labels";
  labels.style.height = lanes.height + "px";
  const add = (text, y, height, name) => {
    const label = document.createElement("div");
    label.textContent = text;
    if (name) label.className = name;
    label.style.top = y + "px";
    label.style.height = height + "px";
    labels.append(label);
  };
  add("Virtual time", 0, AXIS);
  for (const lane of lanes.tracks) {
    if (lane.title !== undefined) add(lane.title, lane.y - TITLE, TITLE, "client");
    add(LANE_NAMES[lane.track], lane.y, lane.height);
  }
  return labels;
}

function addPatterns(plot) {
  const defs = svg("defs", {}, plot);
  const hatch = { patternUnits: "userSpaceOnUse", width: 7, height: 7 };
  for (const id of ["fold", "wait"]) {
    const pattern = svg("pattern", { id, ...hatch, patternTransform: "rotate(45)" }, defs);
    svg("path", { d: "M0 0V7" }, pattern);
  }
  const arrow = { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, orient: "auto" };
  svg("path", { d: "M0 0 8 4 0 8z" },
    svg("marker", { ...arrow, markerWidth: 7, markerHeight: 7 }, defs));
}

function drawAxis(plot, axis, lanes) {
  const bottom = lanes.height - 4;
  const base = AXIS - 10;
  for (const gap of axis.gaps) {
    const room = gap.end - gap.x;
    if (gap.folded) {
      svg("rect", { class: "folded", x: gap.x + 1, y: base + 5, width: Math.max(room - 2, 0),
        height: bottom - base - 5 }, plot);
    }
    const middle = (gap.x + gap.end) / 2;
    const zigzag = gap.folded && room > 16
      ? `H${middle - 6}l3 -4 6 8 3 -4H${gap.end}` : `H${gap.end}`;
    svg("path", { class: "axis", d: `M${gap.x} ${base}${zigzag}` }, plot);
    const text = brief(gap.length);
    if (textWidth(text) * 0.92 < room - 10) {
      svg("text", { class: "gap", x: middle, y: base - 7 }, plot, text);
    }
  }
  for (const at of axis.times) {
    const x = axis.x(at);
    svg("line", { class: "guide", x1: x, x2: x, y1: AXIS, y2: bottom }, plot);
    svg("line", { class: "tick", x1: x, x2: x, y1: base - 3, y2: base + 3 }, plot);
  }
  for (const label of tickLabels(axis, textWidth)) {
    svg("text", { class: "at", x: label.x, y: 16 }, plot, label.text);
    svg("line", { class: "tick", x1: label.x, x2: label.x, y1: base - 6, y2: base + 5 }, plot);
  }
  for (const lane of lanes.tracks) {
    const y = lane.title === undefined ? lane.y : lane.y - TITLE;
    svg("line", { class: "lane", x1: 0, x2: axis.width, y1: y, y2: y }, plot);
  }
}

// What may stand on a mark, the longest first.
function captions(span) {
  const many = span.count > 1 ? span.count + " × " : "";
  if (span.kind === "step") {
    const first = span.title.split(" ")[0];
    if (span.count === 1) return [span.title, first];
    const numbers = first + "–" + (Number(first) + span.count - 1);
    return ["steps " + numbers, numbers];
  }
  const length = brief(span.to - span.from);
  if (span.kind === "pause") return ["pause " + length, length];
  if (span.kind === "retry") return [span.title + " in " + length, "retry in " + length, length];
  if (span.kind === "timer") return ["wakes at " + span.until, span.until];
  if (span.kind === "arrival") return [span.title, span.title.split(",")[0]];
  const end = span.title.includes(": ") ? span.title.split(": ").pop() : span.title;
  const texts = [many + span.title, many + end];
  if (span.kind === "request") {
    texts.splice(1, 0, span.title.replace("attempt ", "#"));
    if (!/^\d+$/.test(end)) texts.push("error");
  }
  if (span.count > 1) texts.push(String(span.count));
  return texts;
}

const GLYPHS = {
  capture: "+", split: "÷", outcome: "✓", step: "•", arrival: "•", flush: "↑", shutdown: "■",
};

function glyph(span) {
  if (span.kind === "outcome" && span.tone === "bad") return "✕";
  if (span.kind === "outcome" && span.tone === "trouble") return "?";
  return GLYPHS[span.kind] || "";
}

function fitting(span, room) {
  return captions(span).find((text) => textWidth(text) + 16 <= room);
}

// The place of a mark: as wide as its time, an instant as wide as its caption, which may go to the
// side where there is room between `left` and `right`.
function box(span, axis, y, left, right) {
  const from = axis.x(span.from);
  const to = axis.x(span.to);
  if (span.to > span.from) {
    const width = Math.max(to - from, 3);
    return { x: from, y, width, caption: fitting(span, width), from, to };
  }
  const after = fitting(span, right - from + 9);
  const before = fitting(span, from + 9 - left);
  const texts = captions(span);
  const leftwards = before !== undefined &&
    (after === undefined || texts.indexOf(before) < texts.indexOf(after));
  const caption = (leftwards ? before : after) || glyph(span);
  const width = Math.max(textWidth(caption) + 16, 20);
  const spread = caption.length <= 4 || span.kind === "arrival" ? width / 2 : 10;
  const centred = Math.min(Math.max(from - spread, left), right - width);
  const x = leftwards ? from + 10 - width : caption === after ? centred : from - width / 2;
  return { x, y, width, caption, from, to };
}

// Each mark of a row knows where the one before it ends and the one after it starts.
function placeRow(row, axis, y, places) {
  let left = 2;
  row.forEach((span, i) => {
    const right = i + 1 < row.length ? axis.x(row[i + 1].from) - 13 : axis.width - 2;
    const place = box(span, axis, y, left, right);
    places.set(span, place);
    left = place.x + place.width + 3;
  });
}

function placeAll(lanes, axis) {
  const places = new Map();
  for (const lane of lanes.tracks) {
    for (let row = 0; row < lane.rows; row += 1) {
      const y = lane.y + LANE_PAD + row * (ROW + ROW_GAP);
      placeRow(lane.spans.filter((span) => span.row === row), axis, y, places);
    }
  }
  return places;
}

function describe(span, scenario) {
  const several = scenario.clients.length > 1 && !["steps", "server"].includes(span.track);
  const when = span.to > span.from
    ? `from ${exact(span.from)} to ${exact(span.to)}` : `at ${exact(span.from)}`;
  return `${LANE_NAMES[span.track]}${several ? " of " + scenario.clients[span.client] : ""}: ` +
    `${captions(span)[0]}, ${when}`;
}

function drawMark(plot, span, place, scenario) {
  const group = svg("g", {
    class: `mark ${span.kind} ${span.tone}`, role: "button", tabindex: -1,
    "aria-label": describe(span, scenario),
    "data-kind": span.kind, "data-title": span.title, "data-tone": span.tone,
    "data-track": span.track, "data-from": span.from, "data-to": span.to,
    "data-count": span.count, "data-index": span.index,
  }, plot);
  const shape = { x: place.x, y: place.y, width: place.width, height: ROW };
  const instant = span.to === span.from;
  const rx = instant ? ROW / 2 : Math.min(6, place.width / 2);
  svg("rect", { class: "hit", x: place.x - 2, y: place.y - 2, width: place.width + 4,
    height: ROW + 4 }, group);
  svg("rect", { class: "shape", rx, ...shape }, group);
  if (span.kind === "pause" || span.kind === "retry") {
    svg("rect", { class: "hatch", rx, ...shape }, group);
  }
  if (place.caption) {
    const middle = place.x + place.width / 2;
    svg("text", { x: middle, y: place.y + 16.5, "text-anchor": "middle" }, group, place.caption);
  }
  svg("rect", { class: "halo", rx: rx + 3, x: place.x - 3, y: place.y - 3,
    width: place.width + 6, height: ROW + 6 }, group);
  return group;
}

// The caption of a mark that is wider than what can be seen of it stays in sight.
function holdCaptions(marks, places, left, right) {
  for (const [span, mark] of marks) {
    const place = places.get(span);
    const text = mark.querySelector("text");
    if (!text || place.width < (right - left) * 0.6) continue;
    const half = textWidth(place.caption) / 2 + 10;
    const middle = (Math.max(place.x, left) + Math.min(place.x + place.width, right)) / 2;
    text.setAttribute("x",
      Math.min(Math.max(middle, place.x + half), place.x + place.width - half));
  }
}

// A request reaches the server straight below; what carries a batch again is reached by an arc.
function drawLink(layer, from, to, span) {
  if (span.kind === "arrival") {
    const x = to.from;
    return svg("path", { class: "link", d: `M${x} ${from.y + ROW}V${to.y}` }, layer);
  }
  const start = from.to, end = to.from;
  if (end - start < 20) {
    if (to.y === from.y) return null;
    const edge = from.y + (to.y > from.y ? ROW : 0);
    const elbow = `M${start - 8} ${edge}V${to.y + ROW / 2}H${end - 1}`;
    return svg("path", { class: "link again", d: elbow, "marker-end": "url(#arrow)" }, layer);
  }
  const up = Math.min(from.y, to.y) - Math.min(16, 5 + Math.abs(end - start) / 8);
  const d = `M${start - 2} ${from.y}C${start + 6} ${up} ${end} ${up - 2} ${end + 3} ${to.y - 1}`;
  return svg("path", { class: "link again", d, "marker-end": "url(#arrow)" }, layer);
}

function drawChart(scenario, width) {
  const lanes = layOutLanes(scenario);
  const axis = makeAxis(scenario.spans.flatMap((span) => [span.from, span.to]), width);
  const plot = svg("svg", { class: "plot", width: axis.width, height: lanes.height,
    role: "group", "aria-label": "Timeline of " + scenario.name });
  addPatterns(plot);
  drawAxis(plot, axis, lanes);
  const links = svg("g", {}, plot);
  const places = placeAll(lanes, axis);
  const marks = new Map();
  for (const span of scenario.spans) {
    if (places.has(span)) marks.set(span, drawMark(plot, span, places.get(span), scenario));
  }
  const linked = new Map();
  for (const span of scenario.spans) {
    const from = places.get(scenario.spans[span.link]);
    if (span.link !== null && from) {
      const link = drawLink(links, from, places.get(span), span);
      if (link) linked.set(span, link);
    }
  }
  const chart = document.createElement("div");
  chart.className = "chart";
  chart.append(laneLabels(lanes), plot);
  return { chart, marks, links: linked, places, axis };
}
