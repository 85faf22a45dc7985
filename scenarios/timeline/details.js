// What is known of one mark or trace entry, beside the chart: tip, details, trace table.

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// Names of tests are long words: they may break after a dot, a slash or an underscore.
function breakable(text) {
  return text.split(/(?<=[._/])/).flatMap((part) => [part, element("wbr")]);
}

const byId = (id) => document.getElementById(id);

function whenText(span) {
  if (span.to === span.from) return "at " + exact(span.from);
  const length = exact(span.to - span.from);
  return `${exact(span.from)} – ${exact(span.to)}, ${span.open ? "at least " : ""}${length}`;
}

function showTip(span, target) {
  const tip = byId("tip");
  tip.replaceChildren(element("b", {}, captions(span)[0]), element("span", {}, whenText(span)));
  const at = target.querySelector(".shape").getBoundingClientRect();
  const size = tip.getBoundingClientRect();
  const left = Math.max(12, Math.min(at.left + at.width / 2 - size.width / 2,
    innerWidth - size.width - 12));
  const above = at.top - size.height - 10;
  tip.style.transform = `translate(${left}px, ${above < 8 ? at.bottom + 10 : above}px)`;
  tip.classList.add("on");
}

function hideTip() {
  byId("tip").classList.remove("on");
}

function entryCard(entry) {
  const list = element("dl");
  for (const [name, value] of entry.fields) {
    list.append(element("dt", {}, name), element("dd", {}, value === "" ? "–" : value));
  }
  const title = `${entry.label}, entry ${entry.number}, at ${exact(entry.at)}`;
  return element("div", { class: "entry" }, element("h3", {}, title), list);
}

function showDetails(span, scenario, close) {
  const button = element("button", { type: "button", class: "close" }, "Close");
  button.addEventListener("click", close);
  const tones = { good: "succeeds", trouble: "goes on", bad: "fails", neutral: span.kind };
  const title = element("div", { class: "title" },
    element("b", {}, captions(span)[0]),
    element("span", { class: "chip " + span.tone }, tones[span.tone]),
    element("span", { class: "when" }, whenText(span)), button);
  const entries = element("div", { class: "entries" },
    ...span.entries.map((index) => entryCard(scenario.entries[index])));
  byId("details").replaceChildren(title, entries);
  const more = span.total - span.entries.length;
  if (more > 0) entries.append(element("p", { class: "note" }, `and ${more} more in the trace`));
}

const ROWS_AT_ONCE = 200;

function traceRow(entry, scenario) {
  const fields = element("td");
  for (const [name, value] of entry.fields) {
    if (value === "") continue;
    fields.append(element("i", {}, name + " "), element("em", {}, value), "  ");
  }
  const row = element("tr", { "data-entry": entry.number }, element("td", {}, entry.number),
    element("td", {}, exact(entry.at)), element("td", {}, entry.label), fields);
  const span = scenario.spanOf.get(entry);
  if (span) row.setAttribute("data-span", span.index);
  return row;
}

function showTrace(scenario) {
  const head = element("tr", {}, ...["#", "time", "what", "how"].map(
    (text) => element("th", { scope: "col" }, text)));
  const body = element("tbody");
  const box = byId("trace");
  box.replaceChildren(element("table", {}, element("thead", {}, head), body));
  let shown = 0;
  const more = element("button", { type: "button", class: "more" });
  const show = (count) => {
    const rows = scenario.entries.slice(shown, shown + count);
    body.append(...rows.map((entry) => traceRow(entry, scenario)));
    shown += rows.length;
    more.textContent = `Show all ${scenario.entries.length} entries`;
    if (shown >= scenario.entries.length) more.remove();
  };
  box.append(more);
  more.addEventListener("click", () => show(Infinity));
  show(ROWS_AT_ONCE);
  if (scenario.omitted > 0) {
    box.append(element("p", { class: "note" },
      `${scenario.omitted} entries that repeat what is shown are left out of this page.`));
  }
}

function showVerdict(scenario) {
  const box = byId("verdict");
  box.replaceChildren();
  if (scenario.skipped) {
    box.append(element("section", { class: "card" },
      element("p", { class: "note" }, "Not run: " + scenario.skipped)));
  }
  if (!scenario.failure) return;
  const list = element("dl");
  const rows = { expected: scenario.failure.expected, saw: scenario.failure.seen,
    nearest: scenario.failure.nearest, again: scenario.replay };
  for (const [name, text] of Object.entries(rows)) {
    if (!text) continue;
    list.append(element("dt", {}, name),
      element("dd", { class: name === "again" ? "mono" : "" }, text));
  }
  box.append(element("section", { class: "card failure", "aria-label": "Failure" },
    element("p", {}, scenario.failure.where), list));
}
