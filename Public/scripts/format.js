const integers = new Intl.NumberFormat("en");

/** @param {number | null | undefined} value */
export function count(value) {
  return typeof value === "number" ? integers.format(value) : "–";
}

/**
 * "1 image", "2 images".
 *
 * @param {number} value
 * @param {string} singular
 * @param {string} [plural]
 */
export function counted(value, singular, plural = `${singular}s`) {
  return `${count(value)} ${value === 1 ? singular : plural}`;
}

/**
 * @param {number | null | undefined} value
 * @param {number} [digits]
 */
export function decimal(value, digits = 3) {
  return typeof value === "number" ? value.toFixed(digits) : "–";
}

/**
 * An RFC 3339 time as `2026-11-22 10:00:00`, in UTC like all times of the service.
 *
 * @param {string | null | undefined} time
 */
export function moment(time) {
  if (!time) return "–";
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? time : date.toISOString().slice(0, 19).replace("T", " ");
}

/**
 * An RFC 3339 time without seconds, in UTC.
 *
 * @param {string | null | undefined} time
 */
export function shortMoment(time) {
  return moment(time).replace(/(\d\d:\d\d):\d\d$/, "$1");
}

/**
 * Converts RFC 3339 to the value of a `datetime-local` input, in UTC.
 *
 * @param {string | null | undefined} time
 */
export function inputTime(time) {
  if (!time) return "";
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString().slice(0, 19);
}

/**
 * Converts the value of a `datetime-local` input, in UTC, to RFC 3339.
 *
 * @param {string} value
 */
export function requestTime(value) {
  if (value === "") return "";
  const date = new Date(`${value}Z`);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString().replace(".000Z", "Z");
}

/**
 * The first letters of a long digest: enough to compare by eye.
 *
 * @param {string | null | undefined} digest
 */
export function shortDigest(digest) {
  if (!digest) return "–";
  return `${digest.replace(/^sha256:/, "").slice(0, 12)}…`;
}
