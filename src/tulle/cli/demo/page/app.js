"use strict";
// The page of the demo: asks for the state once a second and shows it. Nothing here knows more than /api tells.

const VERSIONS = ["v1", "v2", "v3"];
const TYPES = ["CDS", "EDS", "LDS", "RDS"];
const SVG = "http://www.w3.org/2000/svg";
const byId = (id) => document.getElementById(id);

function element(tag, attributes = {}, ...children) {
  const found = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") found.addEventListener("click", value);
    else if (value !== undefined && value !== false) found.setAttribute(name, value === true ? "" : value);
  }
  found.append(...children);
  return found;
}

function drawn(tag, attributes = {}, text) {
  const found = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) found.setAttribute(name, value);
  if (text !== undefined) found.textContent = text;
  return found;
}

const page = { course: null, shown: 0, change: -1, weights: { v1: 34, v2: 33, v3: 33 }, busy: false };

// ---- lessons

function lessonOf(name) {
  return page.course.lessons.findIndex((lesson) => lesson.name === name);
}

function showLesson(index) {
  page.shown = index;
  const lesson = page.course.lessons[index];
  byId("lesson-title").textContent = `${index + 1}. ${lesson.title}`;
  byId("lesson-text").textContent = lesson.text;
  byId("panel-yaml").replaceChildren(...lesson.yaml.flatMap((item) => [
    element("p", { class: "file mono" }, item.file), yamlBlock(item.text)]));
  byId("panel-cli").replaceChildren(...lesson.cli.flatMap((item) => [
    element("p", { class: "does" }, item.does), commandLine(item.line)]));
  [...byId("steps").children].forEach((button, number) => {
    if (number === index) button.setAttribute("aria-current", "step"); else button.removeAttribute("aria-current");
  });
  byId("back").disabled = index === 0;
  byId("next").disabled = index === page.course.lessons.length - 1;
}

function yamlBlock(text) {
  const block = element("pre");
  for (const line of text.trimEnd().split("\n")) {
    const match = /^(\s*(?:- )*)([\w.-]+)(:.*)$/.exec(line);
    if (match) block.append(match[1], element("span", { class: "key" }, match[2]), match[3] + "\n");
    else block.append(line + "\n");
  }
  return block;
}

function commandLine(line) {
  const copy = element("button", { onclick: async () => {
    try { await navigator.clipboard.writeText(line); copy.textContent = "copied"; } catch { copy.textContent = "no access"; }
    setTimeout(() => { copy.textContent = "copy"; }, 1500);
  } }, "copy");
  return element("div", { class: "line" }, element("code", {}, line), copy);
}

async function press(path) {
  if (page.busy) return;
  page.busy = true;
  byId("apply").disabled = byId("apply-split").disabled = true;
  showApplied("The proxies are being told …", "");
  try {
    const response = await fetch(path, { method: "POST", headers: { "x-tulle-demo": "1" } });
    const found = await response.json();
    if (!response.ok) showApplied(found.error, "bad");
    await refresh();
  } catch {
    showApplied("The demo does not answer.", "bad");
  } finally {
    page.busy = false;
    byId("apply").disabled = byId("apply-split").disabled = false;
  }
}

function showApplied(text, kind) {
  byId("applied").textContent = text;
  byId("applied").className = kind;
}

function showProgress(progress, edited) {
  const index = lessonOf(progress.lesson);
  [...byId("steps").children].forEach((button, number) => button.classList.toggle("on", number === index));
  byId("shares-rule").textContent = edited ? "rules edited by hand" : index < 0 ? "shares of your own" : `lesson ${index + 1}: ${progress.title}`;
  if (page.change === progress.number || progress.state === "waiting") return;
  const first = page.change === -1;
  page.change = progress.number;
  if (index >= 0) showLesson(index);
  if (first && progress.number === 0) return;
  const [sign, kind] = { ok: ["✔ ", "good"], error: ["✘ ", "bad"], warning: ["‼ ", "warn"], info: ["", ""] }[progress.state];
  showApplied(sign + progress.words, kind);
}

function showTab(name) {
  for (const other of ["do", "yaml", "cli"]) {
    byId(`tab-${other}`).setAttribute("aria-selected", other === name);
    byId(`panel-${other}`).hidden = other !== name;
  }
}

function showProblems(problems) {
  byId("problems").replaceChildren(...problems.map((problem) => element("div", { class: "problem" },
    element("strong", {}, "✘ The last good version stays in force"),
    element("div", { class: "mono" }, `${problem.file.split("/").pop()}:${problem.line}:${problem.column} ${problem.path}: ${problem.message}`),
    problem.frame ? element("pre", {}, problem.frame) : "")));
}

// ---- shares of one's own: three sliders that always make 100

function buildSliders() {
  for (const version of VERSIONS) {
    const input = element("input", { type: "range", min: 0, max: 100, id: `weight-${version}`, "aria-label": `Share of ${version}` });
    input.addEventListener("input", () => moveSlider(version, Number(input.value)));
    byId("sliders").append(element("label", { class: "slider" }, version, input, element("output", { id: `weight-of-${version}` })));
  }
  moveSlider("v1", 34);
}

function moveSlider(version, weight) {
  const others = VERSIONS.filter((other) => other !== version);
  const rest = 100 - weight;
  const sum = page.weights[others[0]] + page.weights[others[1]];
  page.weights[version] = weight;
  page.weights[others[0]] = sum ? Math.round(rest * page.weights[others[0]] / sum) : Math.round(rest / 2);
  page.weights[others[1]] = rest - page.weights[others[0]];
  for (const name of VERSIONS) {
    byId(`weight-${name}`).value = page.weights[name];
    byId(`weight-of-${name}`).textContent = `${page.weights[name]} %`;
  }
}

// ---- shares and the last minute

function bar(parts, kind, empty) {
  const found = element("div", { class: `bar ${kind}` });
  for (const [name, percent] of Object.entries(parts)) {
    const part = element("span", { class: name, title: `${name} ${percent} %` }, percent >= 14 ? `${name} ${percent} %` : percent >= 6 ? `${percent} %` : "");
    part.style.width = `${percent}%`;
    found.append(part);
  }
  if (!Object.keys(parts).length) found.append(element("em", {}, empty));
  return found;
}

function verdictOf(share) {
  if (!Object.keys(share.wanted).length) return element("span", { class: "label" }, "edited by hand");
  if (share.requests < 20) return element("span", { class: "verdict warn" }, "… measuring");
  return share.near
    ? element("span", { class: "verdict good" }, "✔ as wanted")
    : element("span", { class: "verdict bad" }, "✘ not as wanted");
}

function showShares(shares) {
  byId("bars").replaceChildren(...shares.map((share) => element("div", { class: "who" },
    element("b", {}, share.user, element("small", {}, `${share.requests} requests`), verdictOf(share)),
    element("span", { class: "label" }, "measured"), bar(share.measured, "measured", "no answer yet"),
    element("span", { class: "label" }, "wanted"), bar(share.wanted, "wanted", "whatever the file says now"))));
}

function showMinute(series) {
  const kinds = [...VERSIONS, "error"];
  const most = Math.max(12, ...series.map((second) => kinds.reduce((sum, kind) => sum + (second[kind] || 0), 0)));
  const bars = [];
  series.forEach((second, index) => {
    let top = 90;
    for (const kind of kinds) {
      const height = 84 * (second[kind] || 0) / most;
      if (!height) continue;
      top -= height;
      bars.push(drawn("rect", { class: kind, x: index * 10 + 1, y: top, width: 8, height }));
    }
  });
  byId("minute").replaceChildren(...bars);
}

// ---- the mesh

const NODES = {
  customers: [52, 150], gateway: [186, 150], shop: [320, 150], catalog: [486, 36], users: [486, 92],
  v1: [486, 150], v2: [486, 206], v3: [486, 262], ratings: [690, 234],
};
const LABELS = { v1: "reviews v1", v2: "reviews v2", v3: "reviews v3" };
const WIDTH = 104, HEIGHT = 34;

function edge(from, to) {
  const [x1, y1] = [NODES[from][0] + WIDTH / 2, NODES[from][1]];
  const [x2, y2] = [NODES[to][0] - WIDTH / 2, NODES[to][1]];
  const middle = (x1 + x2) / 2;
  return { path: `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`, label: [x2 - 8, y2 - 6] };
}

function showMesh(traffic, proxies) {
  const versions = traffic.versions, errors = traffic.errors;
  const all = traffic.rps;
  const edges = [["customers", "gateway", all], ["gateway", "shop", all], ["shop", "catalog", all], ["shop", "users", all],
    ...VERSIONS.map((version) => ["shop", version, versions[version] || 0, errors[version] || 0]),
    ...["v2", "v3"].map((version) => [version, "ratings", Math.max(0, (versions[version] || 0) - (errors[version] || 0))])];
  const parts = [];
  const texts = [];
  for (const [from, to, rate, failed] of edges) {
    const { path, label } = edge(from, to);
    const colour = LABELS[to] ? `e-${to}` : LABELS[from] ? `e-${from}` : "";
    const state = rate > 0 ? "flows" : "idle";
    parts.push(drawn("path", { d: path, class: `edge ${colour} ${state}${failed ? " failing" : ""}`,
      "stroke-width": rate > 0 ? 1.2 + Math.min(rate, 20) * 0.35 : 1 }));
    if (rate > 0 && to !== "ratings") {
      const words = failed ? `${rate.toFixed(1)}, ${Math.round(100 * failed / rate)} % fail` : rate.toFixed(1);
      texts.push(drawn("text", { class: `rate${failed ? " bad" : ""}`, x: label[0], y: label[1], "text-anchor": "end" }, words));
    }
  }
  for (const [name, [x, y]] of Object.entries(NODES)) {
    parts.push(drawn("rect", { class: "box", x: x - WIDTH / 2, y: y - HEIGHT / 2, width: WIDTH, height: HEIGHT, rx: 8 }));
    texts.push(drawn("text", { x, y: y + 4.5, "text-anchor": "middle" }, LABELS[name] || name));
    const proxy = proxies.find((item) => VERSIONS.includes(name)
      ? item.name === "reviews" && item.version === name
      : item.name === name || (name === "gateway" && item.name === "istio-ingressgateway"));
    if (!proxy) continue;
    const dot = drawn("circle", { class: "dot", cx: x - WIDTH / 2, cy: y, r: 6 });
    dot.style.fill = `var(--${stateOf(proxy)})`;
    dot.append(drawn("title", {}, `${proxy.engine}, pid ${proxy.pid}: ${TYPES.map((kind) => `${kind} ${proxy.types[kind]}`).join(", ")}`));
    texts.push(dot);
  }
  byId("mesh").replaceChildren(...parts, ...texts);
}

function stateOf(proxy) {
  const words = Object.values(proxy.types);
  if (words.includes("ERROR")) return "bad";
  return words.every((word) => word === "SYNCED" || word === "NOT SENT") && proxy.pid ? "good" : "warn";
}

// ---- tables

const SIGNS = { SYNCED: ["✔ synced", "good"], STALE: ["… sent", "warn"], ERROR: ["✘ refused", "bad"], "NOT SENT": ["–", ""],
  "NOT CONNECTED": ["‼ away", "warn"] };

function showProxies(proxies) {
  byId("proxy-rows").replaceChildren(...proxies.map((proxy) => {
    const name = proxy.name === "istio-ingressgateway" ? "gateway" : proxy.name;
    const more = proxy.restarts ? `restarted ${proxy.restarts}×` : proxy.name === "reviews" ? proxy.version : "";
    return element("tr", {},
      element("td", {}, element("a", { href: proxy.admin, target: "_blank", rel: "noopener", title: proxy.address }, name), element("small", {}, more)),
      element("td", {}, proxy.engine),
      ...TYPES.map((kind) => {
        const [text, colour] = SIGNS[proxy.types[kind]] || [proxy.types[kind], ""];
        return element("td", { class: colour, title: proxy.types[kind] }, text.split(" ")[0]);
      }),
      element("td", { class: "num" }, String(proxy.pid ?? "–")));
  }));
}

function showRequests(requests) {
  byId("request-rows").replaceChildren(...requests.map((request) => element("tr", {},
    element("td", {}, new Date(request.at * 1000).toLocaleTimeString([], { hour12: false })),
    element("td", {}, request.user),
    element("td", { class: "num" }, String(request.product)),
    element("td", {}, request.served_by ? element("span", { class: `chip ${request.served_by}` }, request.served_by) : "–",
      element("small", {}, request.good ? (request.stars ? "★★★★★" : "") : "")),
    element("td", { class: request.good ? "" : "bad" }, request.good ? "✔ 200" : `✘ reviews ${request.reviews_status || request.status || "no answer"}`),
    element("td", { class: `num ${request.seconds > 1 ? "warn" : ""}` }, (request.seconds * 1000).toFixed(0)))));
}

function showFigures(traffic, proxies) {
  const inSync = proxies.filter((proxy) => stateOf(proxy) === "good").length;
  byId("in-sync").textContent = `${inSync} / ${proxies.length}`;
  byId("in-sync").className = inSync === proxies.length ? "good" : "warn";
  byId("rps").textContent = traffic.rps.toFixed(1);
  byId("ok").textContent = traffic.ok_percent === null ? "–" : `${traffic.ok_percent} %`;
  byId("ok").className = traffic.ok_percent === null || traffic.ok_percent >= 99.5 ? "" : "bad";
  byId("p50").textContent = traffic.p50_ms === null ? "–" : `${traffic.p50_ms} ms`;
  byId("p99").textContent = traffic.p99_ms === null ? "–" : `${traffic.p99_ms} ms`;
  byId("p99").className = traffic.p99_ms > 1000 ? "warn" : "";
}

// ---- the loop

async function refresh() {
  const state = await (await fetch("/api/state")).json();
  showProgress(state.progress, state.edited);
  showShares(state.shares);
  showMinute(state.series);
  showMesh(state.traffic, state.proxies);
  showProxies(state.proxies);
  showRequests(state.requests);
  showFigures(state.traffic, state.proxies);
  showProblems(state.problems);
}

async function loadCourse() {
  page.course = await (await fetch("/api/course")).json();
  byId("shop").href = page.course.gateway;
  byId("control-plane").href = page.course.control_plane;
  byId("control-plane").textContent = page.course.control_plane;
  byId("steps").replaceChildren(...page.course.lessons.map((lesson, index) =>
    element("button", { title: lesson.title, "aria-label": `Lesson ${index + 1}: ${lesson.title}`, onclick: () => showLesson(index) }, String(index + 1))));
  page.change = -1;
  showLesson(page.shown);
}

async function tick() {
  try {
    if (!page.course) await loadCourse();
    if (!document.hidden && !page.busy) await refresh();
    byId("lost").hidden = true;
  } catch {
    byId("lost").hidden = false;
    page.course = null;
  }
  setTimeout(tick, 1000);
}

byId("legend").append(...["v1", "v2", "v3", "error"].flatMap((kind) => [element("i", { class: kind }), kind === "error" ? "failed" : kind]));
for (const name of ["do", "yaml", "cli"]) byId(`tab-${name}`).addEventListener("click", () => showTab(name));
byId("apply").addEventListener("click", () => press(`/api/lesson/${page.course.lessons[page.shown].name}`));
byId("back").addEventListener("click", () => showLesson(page.shown - 1));
byId("next").addEventListener("click", () => showLesson(page.shown + 1));
byId("apply-split").addEventListener("click", () => press(`/api/split?${new URLSearchParams(page.weights)}`));
buildSliders();
showTab(["yaml", "cli"].find((name) => location.hash === `#${name}`) || "do");
tick();
