"use strict";

// Puts the texts of /fleet.json in their places, again and again while somebody looks. All that is
// said is made by the server; nothing here writes HTML.

const ANSWER_MS = 8000;

// Without the name and password that the page's own address may carry: fetch refuses those.
const address = new URL("fleet.json", location.href);
address.username = address.password = "";

const place = (name) => document.getElementById(name);
const age = place("age");
const every = 1000 * Number(age.dataset.every); // as often as there can be a new snapshot
const lost = place("lost");
const said = new Map(); // what each list last said, so that nothing is announced twice
let known = age.dataset.age === "" ? null : Number(age.dataset.age);
let heard = performance.now();
let timer;

function element(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

function lines(row) {
  const line = document.createElement("tr");
  const head = element("th", row.label);
  head.scope = "row";
  line.append(head, ...row.values.map((value) => element("td", value)));
  if (!row.note) return [line];
  const note = document.createElement("tr");
  note.className = "note";
  const words = row.note.split(" ").flatMap((word) => [element("span", word), " "]);
  note.append(document.createElement("td"));
  note.firstChild.append(...words);
  note.firstChild.colSpan = row.values.length + 1;
  return [line, note];
}

function item(alert) {
  const made = document.createElement("li");
  made.append(element("strong", alert.label), " ", element("span", alert.note));
  for (const value of alert.values) made.append(" ", element("small", value));
  return [made];
}

function fill(parent, name, rows, make) {
  const text = JSON.stringify(rows);
  if (said.get(name) === text) return;
  said.set(name, text);
  parent.replaceChildren(...rows.flatMap(make));
}

function draw(svg, bars, names) {
  bars.forEach((bar, i) => names.forEach((name, j) => svg.children[i].setAttribute(name, bar[j])));
}

function show(shown) {
  document.documentElement.dataset.tone = shown.tone;
  document.title = shown.texts.title;
  for (const spot of document.querySelectorAll("[data-text]")) {
    const text = shown.texts[spot.dataset.text];
    if (text !== undefined && spot.textContent !== text) spot.textContent = text;
  }
  fill(place("alerts"), "alerts", shown.alerts, item);
  for (const table of document.querySelectorAll("[data-rows]")) {
    const name = table.dataset.rows;
    const rows = shown.rows[name];
    fill(table.tBodies[0], name, rows, lines);
    table.hidden = rows.length === 0;
    document.querySelector(`[data-empty="${name}"]`).hidden = rows.length > 0;
  }
  draw(document.querySelector("[data-bars=books]"), shown.bars.books, ["x", "width"]);
  draw(document.querySelector("[data-bars=minutes]"), shown.bars.minutes, ["y", "height"]);
}

function span(seconds) {
  return seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

function tick() {
  if (known === null) return;
  age.textContent = `${span(known + (performance.now() - heard) / 1000)} ago`;
}

function silent(why) {
  lost.textContent = why;
  lost.hidden = false;
  document.documentElement.dataset.lost = "";
}

async function renew() {
  clearTimeout(timer);
  if (document.hidden) return; // nobody looks: the ledger is left in peace
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(ANSWER_MS) });
    if (answer.status === 401) return silent("You are logged out. Load this page again.");
    const numbers = await answer.json();
    // A page that was made without numbers has no places for them.
    if (numbers.shown.rows.queues && !document.querySelector("[data-rows]")) return location.reload();
    if (numbers.shown.rows.queues) show(numbers.shown);
    else fill(place("alerts"), "alerts", numbers.shown.alerts, item);
    known = numbers.age_seconds;
    heard = performance.now();
    lost.hidden = true;
    delete document.documentElement.dataset.lost;
    tick();
  } catch {
    silent("This page does not hear from Flower. The numbers below are old.");
  }
  timer = setTimeout(renew, every);
}

document.addEventListener("visibilitychange", renew);
setInterval(tick, 1000);
timer = setTimeout(renew, every);
