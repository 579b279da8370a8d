/** @import { RankingResult } from "../types.js" */

/** The pixels between two tiles, below a tile's image for its text, and of a group's heading. */
const gap = 8;
const textHeight = 58;
const headingHeight = 34;

/**
 * The widths of tiles, in pixels.
 *
 * @type {Record<string, number>}
 */
export const tileWidths = { S: 68, M: 92, L: 136, XL: 200 };

/**
 * Results that stand together under one heading.
 *
 * @typedef {object} Group
 * @property {string} person empty: nobody is named
 * @property {RankingResult[]} results
 *
 * @typedef {object} Row
 * @property {number} top      in pixels from the top of the grid
 * @property {number} height
 * @property {Group | null} group the group whose heading this row is; null: a row of tiles
 * @property {RankingResult[]} results the tiles of the row
 *
 * @typedef {object} Layout
 * @property {Row[]} rows      from top to bottom
 * @property {number} columns
 * @property {number} tileWidth
 * @property {number} height   of the whole grid
 */

/**
 * The results of each person, the person of the best result first; those without a person come last.
 *
 * @param {RankingResult[]} results in the order of their rank
 * @returns {Group[]}
 */
export function groups(results) {
  /** @type {Map<string, RankingResult[]>} */
  const people = new Map();
  for (const result of results) {
    const person = result.person_id ?? "";
    people.set(person, [...people.get(person) ?? [], result]);
  }
  const named = Array.from(people, ([person, results]) => ({ person, results }));
  return [...named.filter(({ person }) => person !== ""), ...named.filter(({ person }) => person === "")];
}

/**
 * Where every row stands, so that only those on the screen have to exist.
 *
 * @param {RankingResult[]} results in the order of their rank
 * @param {{width: number, tile: number, grouped: boolean}} shape the grid's and the smallest tile's width in pixels
 * @returns {Layout}
 */
export function layOut(results, { width, tile, grouped }) {
  const columns = Math.max(1, Math.floor((width + gap) / (tile + gap)));
  const tileWidth = Math.floor((width + gap) / columns) - gap;
  const rowHeight = 2 * tileWidth + textHeight;
  /** @type {Row[]} */
  const rows = [];
  let top = 0;
  for (const group of grouped ? groups(results) : [{ person: "", results }]) {
    if (grouped) {
      rows.push({ top, height: headingHeight, group, results: [] });
      top += headingHeight;
    }
    for (let start = 0; start < group.results.length; start += columns) {
      rows.push({ top, height: rowHeight, group: null, results: group.results.slice(start, start + columns) });
      top += rowHeight + gap;
    }
  }
  return { rows, columns, tileWidth, height: Math.max(0, top - gap) };
}

/**
 * The left edge of a column, in pixels.
 *
 * @param {Layout} layout
 * @param {number} column
 */
export function leftOf({ tileWidth }, column) {
  return column * (tileWidth + gap);
}
