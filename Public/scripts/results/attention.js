import { asProblem, attention, isAbort } from "../api.js";

/** The number of overlays that are fetched at the same time: each may cost the service a pass through the network. */
const concurrency = 2;
const remembered = 400;
const attempts = 3;

/** @type {Map<string, string>} "image branch" → object URL, the least recently used first */
const overlays = new Map();
/** @type {(() => void)[]} */
const waiting = [];
let running = 0;

/** Waits for a turn. */
async function enter() {
  if (running < concurrency) {
    running += 1;
  } else {
    await new Promise((resolve) => waiting.push(() => resolve(undefined)));
  }
}

/** Ends a turn, and starts the next one that waits. */
function leave() {
  const next = waiting.shift();
  if (next) {
    next();
  } else {
    running -= 1;
  }
}

/** @param {string} key @param {string} address */
function remember(key, address) {
  overlays.set(key, address);
  for (const [oldKey, oldAddress] of overlays) {
    if (overlays.size <= remembered) break;
    overlays.delete(oldKey);
    URL.revokeObjectURL(oldAddress);
  }
}

/**
 * The attention overlay of one branch over one gallery image, as an address for an `img`.
 *
 * @param {string} imageID
 * @param {number} branch
 * @param {AbortSignal} signal
 * @returns {Promise<string>}
 */
export async function attentionOverlay(imageID, branch, signal) {
  const key = `${imageID} ${branch}`;
  await enter();
  try {
    signal.throwIfAborted();
    const known = overlays.get(key);
    if (known) {
      overlays.delete(key);
      overlays.set(key, known);
      return known;
    }
    const address = URL.createObjectURL(await patiently(imageID, branch, signal));
    remember(key, address);
    return address;
  } finally {
    leave();
  }
}

/**
 * Tries again when the service is busy.
 *
 * @param {string} imageID
 * @param {number} branch
 * @param {AbortSignal} signal
 */
async function patiently(imageID, branch, signal) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await attention(imageID, branch, signal);
    } catch (error) {
      const problem = asProblem(error);
      const busy = problem.status === 429 || problem.status === 503;
      if (isAbort(error) || !busy || attempt === attempts) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000 * Math.max(problem.retryAfter, attempt)));
      signal.throwIfAborted();
    }
  }
}
