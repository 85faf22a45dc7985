// The page: the list of scenarios, which of them is shown, what the keyboard and the pointer do.

const run = JSON.parse(byId("run").textContent);
const byKey = new Map(run.scenarios.map((item) => [item.key, item]));
const MARKS = { pass: "✓", fail: "✕", skipped: "–" };
// What is in sight: { scenario, item, chart, zoom, chosen }
let shown = null;

// The trace has seconds with nine digits.
function untilOf(entry) {
  const [, until] = entry.fields.find(([name]) => name === "until");
  return Math.round(Number(until) * 1e9);
}

// A scenario's data, as the page's author packed it (timeline.cpp), in the shape the rest reads.
function unpack(item) {
  const data = JSON.parse(byId("s" + item.id).textContent);
  const text = data.strings;
  const entries = data.entries.map(([number, at, label, ...fields]) => {
    const pairs = [];
    for (let i = 0; i < fields.length; i += 2) pairs.push([text[fields[i]], text[fields[i + 1]]]);
    return { number, at, label: text[label], fields: pairs };
  });
  const spanOf = new Map();
  const spans = data.spans.map((packed, index) => {
    const [track, client, row, from, to, open, kind, title, tone, count, total, link, own] = packed;
    const span = { index, track: text[track], client, row, from, to, open: open === 1,
      kind: text[kind], title: text[title], tone: text[tone], count, total,
      link: link < 0 ? null : link, entries: own };
    if (span.kind === "timer") span.until = brief(untilOf(entries[own[0]]));
    for (const entry of own) if (!spanOf.has(entries[entry])) spanOf.set(entries[entry], span);
    return span;
  });
  return { ...data, name: item.name, entries, spans, spanOf };
}

function showTotals() {
  const bold = (text) => element("b", {}, text);
  const totals = byId("totals");
  totals.append(bold(run.passed), " passed, ");
  totals.append(element("span", { class: run.failed > 0 ? "failed" : "" }, bold(run.failed),
    " failed"));
  if (run.skipped > 0) totals.append(", ", bold(run.skipped), " skipped");
  totals.append("; ", bold(brief(run.virtual)), " of virtual time in ", bold(brief(run.real)));
}

// --- the list -----------------------------------------------------------------------------------

function listItem(item) {
  const link = element("a", { href: "#" + encodeURIComponent(item.key) },
    element("span", { class: "dot " + item.verdict, "aria-label": item.verdict },
      MARKS[item.verdict]),
    element("span", {}, ...breakable(item.name)), element("span", {}, brief(item.virtual)));
  item.link = link;
  return element("li", {}, link);
}

// How many characters all suites begin with, up to a slash: the folder of a catalogue.
function commonFolder(suites) {
  let prefix = suites.length === 0 ? "" : suites[0].slice(0, suites[0].lastIndexOf("/") + 1);
  while (!suites.every((suite) => suite.startsWith(prefix))) {
    const parent = prefix.slice(0, -1);
    prefix = parent.slice(0, parent.lastIndexOf("/") + 1);
  }
  return prefix.length;
}

// Failures first, under a heading of their own; then suite by suite.
function showList(wanted) {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = run.scenarios.filter((item) => {
    const text = (item.name + " " + item.suite).toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const prefix = commonFolder(run.scenarios.map((item) => item.suite));
  const groups = new Map();
  for (const verdict of ["fail", "pass", "skipped"]) {
    for (const item of matches) {
      if (item.verdict !== verdict) continue;
      const group = { fail: "Failed", skipped: "Skipped" }[verdict] || item.suite.slice(prefix);
      groups.set(group, [...(groups.get(group) || []), item]);
    }
  }
  const box = byId("scenarios");
  box.replaceChildren();
  for (const [group, items] of groups) {
    box.append(element("h2", {}, group), element("ul", {}, ...items.map(listItem)));
  }
  byId("found").textContent = words.length === 0 ? "" : `${matches.length} found`;
  markCurrent();
}

function markCurrent() {
  for (const item of run.scenarios) {
    if (item.link && shown && item === shown.item) item.link.setAttribute("aria-current", "page");
    else if (item.link) item.link.removeAttribute("aria-current");
  }
}

// --- one scenario -------------------------------------------------------------------------------

function showFacts(item, scenario) {
  const words = { pass: "passed", fail: "failed", skipped: "skipped" };
  const fact = (name, value) =>
    element("span", {}, name + " ", element("b", {}, value));
  const facts = [element("span", { class: "badge " + item.verdict }, words[item.verdict]),
    fact("virtual time", exact(item.virtual)), fact("real time", brief(scenario.real)),
    fact("steps", scenario.steps)];
  for (const entry of scenario.entries.filter((one) => one.label === "ledger")) {
    const field = Object.fromEntries(entry.fields);
    const of = scenario.clients.length > 1 ? ` of ${field.client}` : "";
    facts.push(fact("events" + of, `${field.captured} captured, ${field.delivered} delivered, ` +
      `${field.dropped} dropped, ${field.pending} pending`));
  }
  byId("facts").replaceChildren(...facts);
}

function show(key) {
  const item = byKey.get(key) || run.scenarios.find((one) => one.verdict === "fail") ||
    run.scenarios[0];
  if (!item) return;
  const scenario = unpack(item);
  shown = { item, scenario, zoom: null, chosen: null };
  document.title = item.name + " · Lockstep timeline";
  byId("suite").textContent = scenario.place;
  byId("name").replaceChildren(...breakable(item.name));
  showFacts(item, scenario);
  showVerdict(scenario);
  byId("details").replaceChildren();
  draw();
  showTrace(scenario);
  markCurrent();
  closeList();
  document.documentElement.dataset.shown = item.key;
}

// The chart fills its card; where it would be crowded then, it is wider and scrolls.
function draw() {
  const scroller = byId("scroller");
  const label = parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--label"));
  const room = Math.max(scroller.clientWidth - label, 200);
  const natural = makeAxis(shown.scenario.spans.flatMap((s) => [s.from, s.to]), 100).natural;
  if (shown.zoom === null) shown.zoom = Math.max(room / natural, 0.8);
  const width = Math.max(natural * shown.zoom, room);
  shown.chart = drawChart(shown.scenario, Math.floor(width));
  scroller.replaceChildren(shown.chart.chart);
  holdCaptionsInView();
  if (shown.chosen) choose(shown.chosen, false);
}

function holdCaptionsInView() {
  const scroller = byId("scroller");
  const seen = scroller.clientWidth - scroller.querySelector(".labels").offsetWidth;
  holdCaptions(shown.chart.marks, shown.chart.places, scroller.scrollLeft,
    scroller.scrollLeft + seen);
}

function zoom(factor) {
  const scroller = byId("scroller");
  const before = scroller.scrollWidth;
  const middle = scroller.scrollLeft + scroller.clientWidth / 2;
  shown.zoom = factor === null ? null : Math.min(Math.max(shown.zoom * factor, 0.02), 12);
  draw();
  scroller.scrollTo({ left: middle * scroller.scrollWidth / before - scroller.clientWidth / 2,
    behavior: "instant" });
}

// --- choosing -----------------------------------------------------------------------------------

function unchoose() {
  if (!shown.chosen) return;
  for (const old of document.querySelectorAll(".chosen, .lit")) {
    old.classList.remove("chosen", "lit");
  }
  shown.chosen = null;
  byId("details").replaceChildren();
}

function choose(span, reveal = true) {
  unchoose();
  shown.chosen = span;
  const mark = shown.chart.marks.get(span);
  mark.classList.add("chosen");
  for (const [to, link] of shown.chart.links) {
    const touches = to === span || shown.scenario.spans[to.link] === span;
    if (touches) link.classList.add("lit");
  }
  for (const index of span.entries) {
    const row = document.querySelector(
      `#trace tr[data-entry="${shown.scenario.entries[index].number}"]`);
    if (row) row.classList.add("chosen");
  }
  showDetails(span, shown.scenario, unchoose);
  if (reveal) revealMark(span);
}

function revealMark(span) {
  const scroller = byId("scroller");
  const place = shown.chart.places.get(span);
  const label = scroller.querySelector(".labels").offsetWidth;
  const left = place.x + label - scroller.scrollLeft;
  if (left < label + 8 || left + Math.min(place.width, 80) > scroller.clientWidth) {
    scroller.scrollTo({ left: place.x - (scroller.clientWidth - label) / 3 });
  }
}

function spanAt(target) {
  const mark = target.closest && target.closest(".mark");
  return mark ? shown.scenario.spans[Number(mark.dataset.index)] : null;
}

// Left and right go by time, up and down to the next lane.
function step(key) {
  const spans = shown.scenario.spans;
  const at = spanAt(document.activeElement) || shown.chosen;
  let next = spans[0];
  if (at) {
    const back = key === "ArrowLeft" || key === "ArrowUp";
    const others = key === "ArrowLeft" || key === "ArrowRight" ? spans
      : [...spans].sort((a, b) => shown.chart.places.get(a).y - shown.chart.places.get(b).y);
    next = others[others.indexOf(at) + (back ? -1 : 1)] || at;
  }
  if (!next) return;
  shown.chart.marks.get(next).focus({ preventScroll: true });
  revealMark(next);
}

// --- wiring -------------------------------------------------------------------------------------

function closeList() {
  byId("list").classList.remove("open");
  byId("toggle").setAttribute("aria-expanded", "false");
}

function wirePointer() {
  const scroller = byId("scroller");
  scroller.addEventListener("click", (event) => {
    const span = spanAt(event.target);
    if (span && span !== shown.chosen) choose(span, false);
    else unchoose();
  });
  scroller.addEventListener("pointerover", (event) => {
    const span = event.pointerType === "touch" ? null : spanAt(event.target);
    if (span) showTip(span, event.target.closest(".mark"));
    else hideTip();
  });
  scroller.addEventListener("pointerleave", hideTip);
  scroller.addEventListener("scroll", () => {
    hideTip();
    holdCaptionsInView();
  }, { passive: true });
  byId("trace").addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-span]");
    if (row) choose(shown.scenario.spans[Number(row.dataset.span)]);
  });
}

function wireKeys() {
  const scroller = byId("scroller");
  scroller.addEventListener("keydown", (event) => {
    if (event.key.startsWith("Arrow")) step(event.key);
    else if (event.key === "Enter" || event.key === " ") {
      const span = spanAt(document.activeElement);
      if (!span) return;
      choose(span);
    } else return;
    event.preventDefault();
  });
  scroller.addEventListener("focusin", (event) => {
    const span = spanAt(event.target);
    if (span && event.target.matches(":focus-visible")) showTip(span, event.target);
  });
  scroller.addEventListener("focusout", hideTip);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") unchoose();
    if (event.key === "/" && document.activeElement !== byId("search")) {
      event.preventDefault();
      byId("search").focus();
    }
  });
}

function keyOfHash() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
}

function start() {
  showTotals();
  byId("search").placeholder = `Search ${run.scenarios.length} scenarios`;
  byId("search").addEventListener("input", (event) => showList(event.target.value));
  byId("out").addEventListener("click", () => zoom(1 / 1.5));
  byId("in").addEventListener("click", () => zoom(1.5));
  byId("fit").addEventListener("click", () => zoom(null));
  byId("toggle").addEventListener("click", () => {
    const open = byId("list").classList.toggle("open");
    byId("toggle").setAttribute("aria-expanded", String(open));
    if (open) scrollTo(0, 0);
  });
  wirePointer();
  wireKeys();
  addEventListener("hashchange", () => {
    if (location.hash === "#main") return;
    show(keyOfHash());
    scrollTo(0, 0);
  });
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === width || !shown) return;
    width = innerWidth;
    shown.zoom = null;
    draw();
  });
  showList("");
  show(keyOfHash());
}

start();
