// Copyright (c) 2026 the certwright.tls authors
// SPDX-License-Identifier: GPL-3.0-or-later

// The time line's bins: days or weeks of equal length, one before them for what ended earlier and one behind for the rest.

const UNITS = [1, 7, 28];
const PAST_DAYS = 56;
const LEAST_DAYS = 28;
const MOST_DAYS = 420;

// `limit` is how many there is room for. Null when nothing has an end.
function planBins(rows, now, limit) {
  const ends = rows.map((row) => row.ends).filter((end) => end !== null).sort((one, other) => one - other);
  if (ends.length === 0) return null;
  const today = floorDay(now);
  const first = Math.max(floorDay(Math.min(ends[0], today)), today - PAST_DAYS * DAY);
  // A few that live for ten years must not squeeze all others into one bar.
  const most = ends[Math.floor((ends.length - 1) * 0.98)];
  const last = Math.min(Math.max(floorDay(most) + DAY, today + LEAST_DAYS * DAY), today + MOST_DAYS * DAY);
  const days = (last - first) / DAY;
  const unit = UNITS.find((size) => days / size <= limit) ?? UNITS[UNITS.length - 1];
  const start = unit === 1 ? first : floorWeek(first);
  const number = Math.ceil((last - start) / (unit * DAY));
  return { start, unit, number, end: start + number * unit * DAY, before: ends[0] < start, behind: ends[ends.length - 1] >= start + number * unit * DAY };
}

function floorDay(instant) {
  return Math.floor(instant / DAY) * DAY;
}

// To the Monday before it.
function floorWeek(instant) {
  return floorDay(instant) - ((new Date(instant).getUTCDay() + 6) % 7) * DAY;
}

// Each with its first and last day (null for no such limit) and how many of each urgency end in it.
function fillBins(plan, rows) {
  const size = plan.unit * DAY;
  const bins = Array.from({ length: plan.number }, (_, place) => {
    const from = plan.start + place * size;
    return createBin(from, from + size - DAY);
  });
  const before = createBin(null, plan.start - DAY);
  const behind = createBin(plan.end, null);
  for (const row of rows) {
    if (row.ends === null) continue;
    const bin = bins[Math.floor((row.ends - plan.start) / size)] ?? (row.ends < plan.start ? before : behind);
    bin.total += 1;
    bin.counts[row.urgency.id] = (bin.counts[row.urgency.id] ?? 0) + 1;
  }
  return [...(plan.before ? [before] : []), ...bins, ...(plan.behind ? [behind] : [])];
}

// The first of each month, or each Monday where a bin is a day.
function listTicks(plan) {
  const ticks = [];
  for (let instant = plan.start; instant < plan.end; instant += DAY) {
    const date = new Date(instant);
    const [day, month, year] = [date.getUTCDate(), MONTHS[date.getUTCMonth()], String(date.getUTCFullYear())];
    if (plan.unit === 1 && date.getUTCDay() === 1) ticks.push({ instant, label: `${day} ${month}`, year });
    if (plan.unit !== 1 && day === 1) ticks.push({ instant, label: month, year });
  }
  return ticks;
}

function createBin(from, until) {
  return { from, until, total: 0, counts: {} };
}

function isOpenEnded(bin) {
  return bin.from === null || bin.until === null;
}

function nameBin(bin) {
  if (bin.from === null) return `Until ${showShortDate(bin.until)}`;
  if (bin.until === null) return `From ${showShortDate(bin.from)} on`;
  return bin.from === bin.until ? showShortDate(bin.from) : `${showShortDate(bin.from)} to ${showShortDate(bin.until)}`;
}

function describeBin(bin) {
  const parts = URGENCIES.filter((urgency) => bin.counts[urgency.id]).map(
    (urgency) => `${numbers.format(bin.counts[urgency.id])} ${urgency.one === "OK" ? "OK" : urgency.one.toLowerCase()}`,
  );
  const told = `${nameBin(bin)}: ${count(bin.total, "certificate ends", "certificates end")}`;
  return parts.length ? `${told} (${parts.join(", ")})` : told;
}
