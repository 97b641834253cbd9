/* Moments, stretches of time and positions as a person reads them; times of day in the browser's own zone. */

const LOCALE = navigator.language.startsWith("en") ? navigator.language : "en";
const DAY = new Intl.DateTimeFormat(LOCALE, {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
});
const CLOCK = new Intl.DateTimeFormat(LOCALE, { hour: "numeric", minute: "2-digit" });

/** "Monday, 23 November 2026" of an ISO moment. */
export function day(iso) {
  return DAY.format(new Date(iso));
}

/** "16:22" of an ISO moment. */
export function clock(iso) {
  return CLOCK.format(new Date(iso));
}

/** Day and time of day. */
export function moment(iso) {
  return `${day(iso)}, ${clock(iso)}`;
}

/** Seconds as "1:05" or "1:02:05", for a place in the session. */
export function position(seconds) {
  const whole = Math.floor(seconds);
  const hours = Math.floor(whole / 3600);
  const rest = [Math.floor((whole % 3600) / 60), whole % 60];
  const [minutes, last] = rest.map((part) => String(part).padStart(2, "0"));
  return hours ? `${hours}:${minutes}:${last}` : `${rest[0]}:${last}`;
}

/** Seconds as "3 min 49 s", for how long something took. */
export function length(seconds) {
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const parts = [];
  if (hours) parts.push(`${hours} h`);
  if (minutes) parts.push(`${minutes} min`);
  if (!hours && (whole % 60 || !parts.length)) parts.push(`${whole % 60} s`);
  // The figure and its unit stay on one line.
  return parts.map((part) => part.replace(" ", "\u00a0")).join(" ");
}
