/* The session as a picture: who spoke when, what was off the record, marks and facts on one line of time; and the
   same as a table, for who does not see it. It shows time only: nothing is read out of how anything was said. */

import { api } from "./api.js";
import { el } from "./dom.js";
import { length, position } from "./format.js";
import { nameOf } from "./transcript.js";
import { S } from "./strings.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 1000;
const LANE = 22;
const GAP = 6;
/** Narrower than this a stretch could not be seen or hit. */
const LEAST = 1.5;
/** About this many labels stand under the line of time. */
const TICKS = 8;
const ROUND_SECONDS = [15, 30, 60, 120, 300, 600, 900, 1800, 3600];

/** Drawn when it is opened; the facts follow, for they are read out of the whole transcript. */
export function picture(review) {
  const { utterances, marks } = review.transcript;
  if (!utterances.length) return null;
  const end = Math.max(review.session.seconds, ...utterances.map((line) => line.end));
  const lanes = lanesOf(review, utterances);
  const place = el("div", { class: "drawn" });
  const draw = (facts) => place.replaceChildren(drawn(review, lanes, marks, facts, end), axis(end));
  const node = el(
    "details",
    { class: "picture", key: "picture", ontoggle: open },
    el("summary", {}, S.picture.title, " ", el("span", { class: "hint" }, shares(lanes))),
    place,
    table(lanes, marks, end),
  );

  async function open() {
    if (!node.open || place.hasChildNodes()) return;
    draw([]);
    // Once the note is signed its facts are no longer told.
    if (!review.signed) draw((await api.facts(review.id).catch(() => ({ facts: [] }))).facts);
  }

  return node;
}

/** One lane for each person who spoke: {name, role, lines, seconds}, the most talkative last. */
function lanesOf(review, utterances) {
  const lanes = new Map();
  for (const line of utterances) {
    const name = nameOf(review, line);
    const lane = lanes.get(name) ?? { name, role: line.role, lines: [], seconds: 0 };
    lane.lines.push(line);
    lane.seconds += line.end - line.start;
    lanes.set(name, lane);
  }
  return [...lanes.values()];
}

function shares(lanes) {
  const all = lanes.reduce((sum, lane) => sum + lane.seconds, 0) || 1;
  return lanes.map((lane) => S.picture.share(lane.name, Math.round((100 * lane.seconds) / all))).join(" · ");
}

function drawn(review, lanes, marks, facts, end) {
  const factLane = facts.length ? 1 : 0;
  const height = (lanes.length + factLane) * (LANE + GAP);
  const x = (seconds) => (seconds / end) * WIDTH;
  const picture = shape("svg", {
    viewBox: `0 0 ${WIDTH} ${height}`,
    role: "img",
    "aria-label": S.picture.alternative(length(end), shares(lanes)),
    preserveAspectRatio: "none",
  });
  lanes.forEach((lane, row) => {
    const y = row * (LANE + GAP);
    picture.append(shape("rect", { class: "lane", x: 0, y, width: WIDTH, height: LANE }));
    for (const line of lane.lines) {
      const width = Math.max(LEAST, x(line.end) - x(line.start));
      const stretch = shape("rect", { class: `stretch ${lane.role}`, x: x(line.start), y, width, height: LANE });
      stretch.append(text("title", `${position(line.start)} ${lane.name}`));
      stretch.addEventListener("click", () => review.goToLine(line.id));
      picture.append(stretch);
    }
  });
  const top = lanes.length * (LANE + GAP);
  for (const fact of facts) {
    const line = review.line(fact.evidence[0]?.utterance);
    if (!line) continue;
    const place = { x1: x(line.start), x2: x(line.start), y1: top + 4, y2: top + LANE - 4 };
    const dot = shape("line", { class: `fact ${fact.kind}`, ...place });
    dot.append(text("title", `${position(line.start)} ${S.facts.kinds[fact.kind]}`));
    dot.addEventListener("click", () => review.goToLine(line.id));
    picture.append(dot);
  }
  const floor = (lanes.length + factLane) * (LANE + GAP);
  for (const mark of marks) {
    const line = shape("line", { class: `mark ${mark.kind}`, x1: x(mark.at), x2: x(mark.at), y1: 0, y2: floor });
    line.append(text("title", `${position(mark.at)} ${S.transcript[mark.kind]}`));
    picture.append(line);
  }
  return picture;
}

/** Times under the picture; not in it, because it is stretched to the width of the page. */
function axis(end) {
  const step = ROUND_SECONDS.find((seconds) => end / seconds <= TICKS) ?? ROUND_SECONDS.at(-1);
  const places = Array.from({ length: Math.ceil(end / step) }, (_, number) => number * step);
  const tick = (at) => {
    const node = el("span", {}, position(at));
    node.style.left = `${(100 * at) / end}%`;
    return node;
  };
  return el("div", { class: "axis", "aria-hidden": "true" }, places.map(tick));
}

function table(lanes, marks, end) {
  const row = (...cells) =>
    el(
      "tr",
      {},
      cells.map((cell) => el("td", {}, cell)),
    );
  return el(
    "table",
    {},
    el("caption", { class: "visually-hidden" }, S.picture.table),
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        S.picture.columns.map((name) => el("th", { scope: "col" }, name)),
      ),
    ),
    el(
      "tbody",
      {},
      lanes.map((lane) => row(lane.name, length(lane.seconds), S.picture.turns(lane.lines.length))),
      row(S.picture.whole, length(end), S.picture.pauses(marks.filter((mark) => mark.kind === "pause").length)),
    ),
  );
}

function shape(name, properties) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(properties)) node.setAttribute(key, String(value));
  return node;
}

function text(name, words) {
  const node = document.createElementNS(SVG, name);
  node.textContent = words;
  return node;
}
