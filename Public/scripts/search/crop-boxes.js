/**
 * A part of an image, in its pixels.
 *
 * @typedef {{x: number, y: number, width: number, height: number}} Box
 * @typedef {{width: number, height: number}} Size
 */

/** Width over height of a person, as the network sees one. */
export const personShape = 1 / 2;

/** The smallest side of a box, in pixels. */
const smallest = 8;

/** @param {number} value @param {number} least @param {number} most */
function clamp(value, least, most) {
  return Math.min(Math.max(value, least), Math.max(least, most));
}

/**
 * The box with two opposite corners, inside the image; with the shape of a person if `fixed`.
 *
 * @param {{x: number, y: number}} anchor the corner that stays
 * @param {{x: number, y: number}} corner
 * @param {Size} image
 * @param {boolean} fixed
 * @returns {Box}
 */
export function boxBetween(anchor, corner, image, fixed) {
  const left = corner.x < anchor.x;
  const above = corner.y < anchor.y;
  const roomX = left ? anchor.x : image.width - anchor.x;
  const roomY = above ? anchor.y : image.height - anchor.y;
  let width = clamp(Math.abs(corner.x - anchor.x), smallest, roomX);
  let height = clamp(Math.abs(corner.y - anchor.y), smallest, roomY);
  if (fixed) {
    height = Math.min(Math.max(height, width / personShape), roomY, roomX / personShape);
    width = height * personShape;
  }
  return { x: left ? anchor.x - width : anchor.x, y: above ? anchor.y - height : anchor.y, width, height };
}

/**
 * A box of a person's height in the middle of the image, beside those that are there.
 *
 * @param {Size} image
 * @param {number} index how many there are
 * @returns {Box}
 */
export function newBox(image, index) {
  const height = Math.min(image.height * 0.8, image.width * 0.9 / personShape);
  const width = height * personShape;
  return moved({ x: (image.width - width) / 2 + index * width * 0.5, y: (image.height - height) / 2, width, height }, 0, 0, image);
}

/** @param {Box} box @param {number} x @param {number} y @param {Size} image @returns {Box} */
export function moved(box, x, y, image) {
  return { ...box, x: clamp(box.x + x, 0, image.width - box.width), y: clamp(box.y + y, 0, image.height - box.height) };
}

/**
 * Whether a point is at one of the box's corners, and which corner then stays.
 *
 * @param {Box} box
 * @param {{x: number, y: number}} point
 * @param {number} reach in pixels
 * @returns {{x: number, y: number} | null}
 */
export function oppositeCorner({ x, y, width, height }, point, reach) {
  for (const right of [false, true]) {
    for (const bottom of [false, true]) {
      const corner = { x: right ? x + width : x, y: bottom ? y + height : y };
      if (Math.hypot(corner.x - point.x, corner.y - point.y) <= reach) {
        return { x: right ? x : x + width, y: bottom ? y : y + height };
      }
    }
  }
  return null;
}

/** @param {Box} box @param {{x: number, y: number}} point */
export function contains({ x, y, width, height }, point) {
  return point.x >= x && point.x <= x + width && point.y >= y && point.y <= y + height;
}
