// Copyright (c) 2026 the certwright.tls authors
// SPDX-License-Identifier: GPL-3.0-or-later

// What of the rows is shown, and in which order. It is in the address of the page, so that a view can be linked.

const FIRST_SORT = "urgency";
const collator = new Intl.Collator("en", { numeric: true });
const SORTS = {
  urgency: (row) => row.place,
  certificate: (row) => row.name,
  host: (row) => row.host,
  issuer: (row) => row.issuer,
  engine: (row) => showEngine(row.engine),
  ends: (row) => row.ends,
  left: (row) => row.lifeLeft,
};
const orders = new Map();

function readView(fragment) {
  const words = new URLSearchParams(fragment.replace(/^#/, ""));
  const [from, until] = (words.get("ends") ?? "").split("..");
  const sort = words.get("sort") ?? "";
  return {
    search: words.get("q") ?? "",
    host: words.get("host") ?? "",
    issuer: words.get("issuer"),
    engine: words.get("engine"),
    urgencies: new Set((words.get("state") ?? "").split(",").filter((id) => URGENCIES.some((known) => known.id === id))),
    from: readInstant(from),
    until: until ? readInstant(until) : null,
    sort: Object.hasOwn(SORTS, sort) ? sort : FIRST_SORT,
    descending: words.get("order") === "desc",
    open: words.get("open") ?? "",
  };
}

function writeView(view) {
  const words = new URLSearchParams();
  const put = (word, value) => { if (value !== null && value !== "") words.set(word, value); };
  put("q", view.search);
  put("host", view.host);
  put("issuer", view.issuer);
  put("engine", view.engine);
  put("state", [...view.urgencies].join(","));
  if (hasWindow(view)) put("ends", `${showDate(view.from)}..${showDate(view.until)}`);
  if (view.sort !== FIRST_SORT) put("sort", view.sort);
  if (view.descending) put("order", "desc");
  put("open", view.open);
  return words.toString();
}

function hasWindow(view) {
  return view.from !== null || view.until !== null;
}

function isNarrowed(view) {
  return Boolean(view.search || view.host || view.issuer !== null || view.engine !== null || view.urgencies.size) || hasWindow(view);
}

// The rows that a view shows, and those that each of its two coloured filters chooses among.
function selectRows(rows, view) {
  const base = sortRows(rows, view).filter(matchWords(view)).filter(matchHost(rows, view));
  const isInWindow = matchWindow(view);
  const isChosen = (row) => view.urgencies.size === 0 || view.urgencies.has(row.urgency.id);
  return {
    shown: base.filter((row) => isChosen(row) && isInWindow(row)),
    forCounts: base.filter(isInWindow),
    forTimeline: base.filter(isChosen),
  };
}

function matchWords(view) {
  const words = view.search.toLowerCase().split(/\s+/).filter(Boolean);
  return (row) =>
    (view.issuer === null || (row.engine !== null && row.issuer === view.issuer)) &&
    (view.engine === null || row.engine === view.engine) &&
    words.every((word) => findText(row).includes(word));
}

// A part of its name, but of web1 and web10 the first when it is named in full.
function matchHost(rows, view) {
  const host = view.host.toLowerCase();
  if (!host) return () => true;
  const isWhole = rows.some((row) => row.host.toLowerCase() === host);
  return (row) => (isWhole ? row.host.toLowerCase() === host : row.host.toLowerCase().includes(host));
}

// Both days are within.
function matchWindow(view) {
  if (!hasWindow(view)) return () => true;
  const from = view.from ?? -Infinity;
  const end = view.until === null ? Infinity : view.until + DAY;
  return (row) => row.ends !== null && row.ends >= from && row.ends < end;
}

function sortRows(rows, view) {
  const name = `${view.sort} ${view.descending}`;
  if (!orders.has(name)) orders.set(name, [...rows].sort(compareBy(SORTS[view.sort], view.descending ? -1 : 1)));
  return orders.get(name);
}

// What has no such word comes last, whichever way round.
function compareBy(read, direction) {
  return (one, other) => {
    const [mine, theirs] = [read(one) ?? "", read(other) ?? ""];
    if (mine === theirs) return one.place - other.place;
    if (mine === "" || theirs === "") return mine === "" ? 1 : -1;
    const difference = typeof mine === "number" ? mine - theirs : collator.compare(mine, theirs);
    return difference * direction || one.place - other.place;
  };
}
