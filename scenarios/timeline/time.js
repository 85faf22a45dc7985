// Virtual time in words and in pixels. Times are nanoseconds since the scenario's start.

const MS = 1e6, SECOND = 1e9, MINUTE = 60e9, HOUR = 3600e9, DAY = 86400e9;

// "1.002", without zeros at its end.
function trimmed(number, digits) {
  return String(Number(number.toFixed(digits)));
}

// Exact to the nanosecond: "230.904 ms", "1 m 4.002 s".
function exact(ns) {
  if (ns === 0) return "0 s";
  if (ns < 1000) return ns + " ns";
  if (ns < MS) return trimmed(ns / 1000, 3) + " µs";
  if (ns < SECOND) return trimmed(ns / MS, 6) + " ms";
  const parts = [];
  for (const [unit, name] of [[DAY, "d"], [HOUR, "h"], [MINUTE, "m"]]) {
    if (ns < unit) continue;
    parts.push(Math.floor(ns / unit) + " " + name);
    ns %= unit;
  }
  if (ns > 0) parts.push(trimmed(ns / SECOND, 9) + " s");
  return parts.join(" ");
}

// Four digits or the two largest units, for ticks: "230.9 ms", "24 h 2 m".
function brief(ns) {
  if (ns === 0) return "0";
  if (ns < 1000) return ns + " ns";
  if (ns < MS) return trimmed(ns / 1000, ns < 10_000 ? 2 : 1) + " µs";
  if (ns < SECOND) return trimmed(ns / MS, ns < 100 * MS ? 2 : 1) + " ms";
  if (ns < MINUTE) return trimmed(ns / SECOND, ns < 10 * SECOND ? 3 : 2) + " s";
  const units = [[DAY, "d"], [HOUR, "h"], [MINUTE, "m"], [SECOND, "s"]];
  const first = units.findIndex(([unit]) => ns >= unit);
  const whole = Math.floor(ns / units[first][0]);
  const rest = Math.floor((ns % units[first][0]) / units[first + 1][0]);
  return whole + " " + units[first][1] + (rest > 0 ? " " + rest + " " + units[first + 1][1] : "");
}

// The axis: every instant at which something happens has a place, and the width of the gap between
// two grows with the logarithm of its length. So a millisecond can be seen beside a day, and of two
// gaps the longer is the wider. A gap that is much narrower than its neighbours' scale would make
// it is `folded`, and marked.
function makeAxis(instants, width) {
  const times = [...new Set(instants)].sort((a, b) => a - b);
  const gaps = times.slice(1).map((at, i) => {
    const length = at - times[i];
    return { from: times[i], to: at, length, natural: 26 + 20 * Math.log10(1 + length / 1e5) };
  });
  const natural = gaps.reduce((sum, gap) => sum + gap.natural, 0);
  const pad = 42;
  const scale = natural === 0 ? 1 : (width - 2 * pad) / natural;
  const densities = gaps.map((gap) => gap.natural / gap.length).sort((a, b) => a - b);
  const usual = densities[Math.floor(densities.length * 0.75)];
  const places = new Map();
  let x = pad;
  if (times.length > 0) places.set(times[0], x);
  for (const gap of gaps) {
    gap.x = x;
    x += gap.natural * scale;
    gap.end = x;
    gap.folded = gap.length * usual > 8 * gap.natural;
    places.set(gap.to, x);
  }
  return { times, gaps, natural: natural + 2 * pad, width: x + pad, x: (at) => places.get(at) };
}

// What stands at the ticks. A text that would repeat the one before says how much later it is; one
// without room is left out.
function tickLabels(axis, measure) {
  const labels = [];
  let free = -Infinity;
  let last = null;
  let told = 0;
  for (const at of axis.times) {
    let text = brief(at);
    if (text === last) text = "+" + brief(at - told);
    else [last, told] = [text, at];
    const half = measure(text) / 2;
    const x = axis.x(at);
    if (x - half < free) continue;
    labels.push({ at, x, text });
    free = x + half + 12;
  }
  return labels;
}
