"use strict";
(() => {
  const REFRESH_MS = 2000, PATIENCE_MS = 8000, GONE_S = 60, SPANS_MIN = [5, 10, 20, 40, 60];
  const $ = (id) => document.getElementById(id);
  const SVG = "http://www.w3.org/2000/svg";

  /* ---- words ---- */

  const whole = new Intl.NumberFormat("en", {maximumFractionDigits: 0});
  const count = (n) => Number.isFinite(n) ? whole.format(n) : "–";
  const rate = (x) => !Number.isFinite(x) ? "–" : x > 0 && x < 10 ? x.toFixed(x < 1 ? 2 : 1) : whole.format(x);
  const few = (x) => Number.isInteger(x) ? whole.format(x) : rate(x);
  const percent = (part, all) => all > 0 ? Math.floor(1000 * part / all) / 10 : 0;
  const clock = (unix_s) => new Date(unix_s * 1000).toLocaleTimeString("en-GB");

  function bytes(n) {
    if (!Number.isFinite(n)) return "–";
    const units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let i = 0;
    for (; n >= 1024 && i + 1 < units.length; i++) n /= 1024;
    return (i > 0 && n < 100 ? n.toFixed(1) : Math.round(n)) + " " + units[i];
  }

  function duration(s) {
    if (!Number.isFinite(s)) return "–";
    if (s < 120) return Math.round(s) + " s";
    if (s < 7200) return Math.round(s / 60) + " min";
    return s < 172800 ? (s / 3600).toFixed(1) + " h" : (s / 86400).toFixed(1) + " d";
  }

  const seconds = (s) => s < 10 ? s.toPrecision(2) + " s" : duration(s);

  /* ---- nodes; text only ever enters as text ---- */

  function node(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function put(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  /* The children of parent become one per item, in order; those whose key stays are kept. */
  function sync(parent, items, key, create, update) {
    const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
    let at = parent.firstElementChild;
    for (const item of items) {
      const name = String(key(item));
      let child = old.get(name);
      old.delete(name);
      if (!child) {
        child = create(item);
        child.dataset.key = name;
      }
      update(child, item);
      if (child === at) at = at.nextElementSibling;
      else parent.insertBefore(child, at);
    }
    for (const child of old.values()) child.remove();
  }

  /* columns: [heading, value of an item as text]; the first one heads its row. */
  function table(name, columns, items, key) {
    const head = $(name + "-head"), shown = columns.map((c) => c[0]).join("|");
    if (head.dataset.shown !== shown) {
      head.dataset.shown = shown;
      head.replaceChildren(node("tr", {}, ...columns.map((c) => node("th", {scope: "col"}, c[0]))));
      $(name).replaceChildren();
    }
    sync($(name), items, key,
      () => node("tr", {}, ...columns.map((c, i) => i === 0 ? node("th", {scope: "row"}) : node("td"))),
      (row, item) => columns.forEach((c, i) => put(row.children[i], c[1](item))));
  }

  /* ---- pool ---- */

  function tiles(info) {
    const running = info.runs.filter((r) => r.state !== "finished");
    const stored = running.reduce((sum, r) => sum + r.stored, 0), total = running.reduce((sum, r) => sum + r.total, 0);
    const list = [
      ["Workers", count(info.workers), count(info.agents) + (info.agents === 1 ? " agent" : " agents")],
      ["Agents busy", count(info.busy), count(info.idle) + " idle"],
      ["Stale", count(info.stale), count(info.incompatible) + " incompatible"],
      ["Catalogues per second", rate(running.reduce((sum, r) => sum + (r.rate || 0), 0)), count(info.evaluations) + " simulated"],
      ["Progress", total > 0 ? percent(stored, total) + " %" : "–",
        running.length === 1 ? "1 run" : running.length + " runs"]];
    sync($("tiles"), list, (t) => t[0],
      (t) => node("div", {}, node("dt", {}, t[0]), node("dd", {}, node("span"), node("small"))),
      (tile, t) => {
        put(tile.querySelector("span"), t[1]);
        put(tile.querySelector("small"), t[2]);
      });
  }

  /* ---- runs ---- */

  function run_state(run) {
    if (run.state !== "open") return [run.state, "wait"];
    if (run.driver_silent_s > GONE_S) return ["no driver for " + duration(run.driver_silent_s), "bad"];
    if (run.model_missing) return ["the model is missing", "bad"];
    if (run.full) return ["above its mark", "wait"];
    return [run.stored >= run.total ? "complete" : run.leased > 0 || run.rate > 0 ? "running" : "waiting for workers", "good"];
  }

  const facts = [
    ["Per second", (r) => rate(r.rate)],
    ["To go", (r) => r.rate > 0 || r.eta_s === 0 ? duration(r.eta_s === null ? NaN : r.eta_s) : "–"],
    ["Pending", (r) => count(r.pending)],
    ["Being simulated", (r) => count(r.leased)],
    ["Waiting for driver", (r) => count(r.out)],
    ["Dead", (r) => count(r.dead)],
    ["Repeated", (r) => count(r.repeated)],
    ["Tasks", (r) => count(r.tasks.number)],
    ["Received", (r) => bytes(r.tasks.received_bytes)],
    ["Mean task", (r) => r.tasks.number > 0 ? seconds(r.tasks.wall_s / r.tasks.number) : "–"],
    ["Slowest task", (r) => r.tasks.slowest.length > 0 ? `${seconds(r.tasks.slowest[0].wall_s)} on ${r.tasks.slowest[0].host}` : "–"]];

  function run_create(run) {
    const title = "run-" + run.id;
    return node("article", {class: "run", "aria-labelledby": title},
      node("header", {}, node("h3", {id: title}, "Run " + run.id.slice(0, 6)), node("span", {class: "what"}),
        node("span", {class: "percent"})),
      node("progress", {max: "1", "aria-labelledby": title}),
      node("dl", {}, ...facts.map((f) => node("div", {}, node("dt", {}, f[0]), node("dd"))),
        node("div", {class: "wide"}, node("dt", {}, "Driver"), node("dd", {class: "driver"})),
        node("div", {class: "wide"}, node("dt", {}, "Results in Redis, of the mark"),
          node("dd", {class: "held"}, node("meter", {min: "0", "aria-label": "results in Redis, of the mark"}), node("span")))),
      node("p", {class: "bad"}));
  }

  function run_update(card, run) {
    const [what, tone] = run_state(run), state = card.querySelector(".what"), bar = card.querySelector("progress");
    const meter = card.querySelector("meter");
    put(state, what);
    state.className = "what " + tone;
    put(card.querySelector(".percent"), `${count(run.stored)} of ${count(run.total)} · ${percent(run.stored, run.total)} %`);
    bar.value = run.total > 0 ? run.stored / run.total : 0;
    put(bar, count(run.stored) + " of " + count(run.total));
    facts.forEach((f, i) => put(card.querySelectorAll("dl > div")[i].children[1], f[1](run)));
    meter.max = Math.max(1, run.mark_bytes);
    meter.high = 0.9 * meter.max;
    meter.value = run.out_bytes;
    put(card.querySelector(".driver"), (run.driver || "unknown") + ", heard " + duration(run.driver_silent_s) + " ago");
    put(card.querySelector(".held span"), bytes(run.out_bytes) + " of " + bytes(run.mark_bytes));
    put(card.querySelector("p"), run.conserved ? "" : "The books of this run do not balance; its driver mends them.");
  }

  function runs(all) {
    const open = all.filter((r) => r.state !== "finished"), past = all.filter((r) => r.state === "finished");
    sync($("runs"), open, (r) => r.id, run_create, run_update);
    $("no-runs").hidden = open.length > 0;
    $("past-section").hidden = past.length === 0;
    table("past", [
      ["Run", (r) => r.id.slice(0, 6)], ["Driver", (r) => r.driver], ["Stored", (r) => count(r.stored)],
      ["Of", (r) => count(r.total)], ["Simulated", (r) => count(r.evaluations)], ["Dead", (r) => count(r.dead)],
      ["Repeated", (r) => count(r.repeated)]], past, (r) => r.id);
  }

  /* ---- workers ---- */

  const share = (x) => Number.isFinite(x) ? Math.round(100 * x) + " %" : "–";

  /* Of an agent, or of a host's agents together. */
  const columns = [
    ["Workers", (a) => count(a.slots)], ["Busy", (a) => count(a.busy)], ["Simulated", (a) => count(a.evaluations)],
    ["Each per second", (a) => rate(a.slot_rate === null ? NaN : a.slot_rate)], ["Tasks", (a) => count(a.tasks)],
    ["Time busy", (a) => share(a.efficiency === null ? NaN : a.efficiency)], ["Sent", (a) => bytes(a.sent_bytes)],
    ["Received", (a) => bytes(a.received_bytes)], ["Peak memory", (a) => bytes(a.peak_memory_bytes)],
    ["Heard", (a) => duration(a.silent_s) + " ago"]];

  function workers(agents, info) {
    table("hosts", [["Host", (h) => h.host], ["Agents", (h) => count(h.agents)], ...columns], info.hosts, (h) => h.host);
    table("agents", [["Agent", (a) => a.id.slice(0, 8)], ["Host", (a) => a.host], ["Pid", (a) => String(a.pid)],
      ["Release", (a) => a.release], ...columns, ["Up", (a) => duration(a.age_s)], ["Told to", (a) => a.mark === null ? "–" : a.mark]],
      agents, (a) => a.id);
    put($("n-agents"), count(agents.length));
    sync($("misfits"), info.misfits, (m) => m.who, () => node("li"),
      (item, m) => put(item, `${m.who}${m.host ? " on " + m.host : ""} (release ${m.release}) ${m.why}.`));
    $("misfits").hidden = info.misfits.length === 0;
  }

  /* ---- charts ---- */

  const charts = new Map(); /* what each shows, to draw it again at another width */

  function svg(parent, name, attributes, text) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    parent.append(made);
  }

  /* The smallest of 1, 2, 5, 10, ... that is not below x. */
  function round_up(x) {
    const power = 10 ** Math.floor(Math.log10(x));
    return [1, 2, 5, 10].map((m) => m * power).find((m) => m >= x * 0.999999);
  }

  function draw(id) {
    const {times, values, now} = charts.get(id), area = $(id);
    const age = times.length > 0 ? (now - times[0]) / 60 : 0, span = SPANS_MIN.find((m) => m >= age) || 60;
    const width = area.clientWidth, height = area.clientHeight, left = 48, right = 12, top = 8, bottom = 20;
    const most = round_up(Math.max(1, ...values.map((v) => v || 0)));
    const x = (t) => left + (width - left - right) * (1 - (now - t) / (60 * span));
    const y = (v) => height - bottom - (height - top - bottom) * v / most;
    area.setAttribute("viewBox", `0 0 ${width} ${height}`);
    area.replaceChildren();
    for (const v of [0, most / 2, most]) {
      svg(area, "line", {class: "grid", x1: left, x2: width - right, y1: y(v), y2: y(v)});
      svg(area, "text", {x: left - 6, y: y(v) + 4, "text-anchor": "end"}, v >= 10000 ? v / 1000 + "k" : v);
    }
    for (let i = 0; i <= 5; i++) {
      const minutes = Math.round(span * (1 - i / 5));
      svg(area, "text", {x: x(now - 60 * minutes), y: height - 5, "text-anchor": i === 5 ? "end" : "middle"},
        i === 5 ? "now" : "−" + minutes + (i === 0 ? " min" : ""));
    }
    let part = []; /* a stretch without gaps */
    const finish = () => {
      if (part.length > 0) {
        const line = part.map(([t, v]) => `${x(t).toFixed(1)},${y(v).toFixed(1)}`).join("L");
        const [from, to] = [x(part[0][0]), x(part[part.length - 1][0])];
        svg(area, "path", {class: "under", d: `M${from.toFixed(1)},${y(0)}L${line}L${to.toFixed(1)},${y(0)}Z`});
        svg(area, "path", {class: "curve", d: "M" + line});
      }
      part = [];
    };
    times.forEach((t, i) => {
      if (values[i] === null || now - t > 60 * span) finish();
      else part.push([t, values[i]]);
    });
    finish();
  }

  function chart(id, what, show, times, values, now) {
    const known = values.filter((v) => v !== null);
    charts.set(id, {times, values, now});
    draw(id);
    put($(id.replace("chart", "text")), known.length === 0 ? what + ": no samples yet."
      : `${what}: ${show(values[values.length - 1] ?? NaN)} now, ${show(known.reduce((a, b) => a + b, 0) / known.length)} on average, ` +
        `${show(Math.max(...known))} at most.`);
  }

  /* ---- talking to the server ---- */

  async function ask(path) {
    const answer = await fetch(path, {cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS)});
    if (!answer.ok) throw new Error("HTTP status " + answer.status);
    return answer.json();
  }

  function say(text, tone) {
    put($("state"), text);
    $("state").className = tone;
  }

  let lost = null; /* when this page's server went silent */

  function show(status, history) {
    put($("pool"), status.pool);
    put($("place"), "on " + status.server + (status.info && status.info.redis ? ", Redis " + status.info.redis : ""));
    document.title = "etas pool " + status.pool;
    if (!status.up)
      say(`Redis is away since ${clock(status.since)}: ${status.error}. ` +
        (status.info ? `What you see is as of ${clock(status.as_of)}.` : ""), "bad");
    else if (status.info.paused)
      say("The pool is paused: nobody takes new work.", "wait");
    else
      say(`Connected since ${clock(status.since)}.`, "good");
    if (status.info) {
      tiles(status.info);
      runs(status.info.runs);
      workers(status.workers, status.info);
    }
    chart("rate-chart", "Catalogues per second", rate, history.time, history.rate, history.now);
    chart("workers-chart", "Workers", few, history.time, history.workers, history.now);
  }

  async function refresh() {
    if (!document.hidden)
      try {
        const [status, history] = await Promise.all([ask("/api/status"), ask("/api/history")]);
        lost = null;
        show(status, history);
      } catch (error) {
        lost = lost || Date.now() / 1000;
        say(`The page's server does not answer since ${clock(lost)} (${error.message}); trying again.`, "bad");
      }
    setTimeout(refresh, REFRESH_MS);
  }

  new ResizeObserver(() => { for (const id of charts.keys()) draw(id); }).observe(document.body);
  refresh();
})();
