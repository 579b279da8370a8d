import { text } from "./text.js";
/** @import { Gallery, KeptQuery, Model, Ranking, RankingResult, SearchOptions, Session } from "./types.js" */

/** Why a request failed; title and detail come from the service's problem document. */
export class ServiceProblem extends Error {
  /**
   * @param {string} detail a sentence for the user
   * @param {object} facts
   * @param {string} [facts.title]
   * @param {number} [facts.status] 0 if there was no answer
   * @param {string} [facts.parameter] the wrong option
   * @param {number} [facts.retryAfter] seconds the service asks to wait
   */
  constructor(detail, { title = text("problem.request"), status = 0, parameter = "", retryAfter = 0 } = {}) {
    super(detail);
    this.title = title;
    this.status = status;
    this.parameter = parameter;
    this.retryAfter = retryAfter;
  }
}

/**
 * Whether an error only says that the page itself cancelled the request.
 *
 * @param {unknown} error
 */
export function isAbort(error) {
  return error instanceof DOMException && error.name === "AbortError";
}

/**
 * Turns any error into a problem that can be shown.
 *
 * @param {unknown} error
 * @returns {ServiceProblem}
 */
export function asProblem(error) {
  if (error instanceof ServiceProblem) return error;
  return new ServiceProblem(error instanceof Error ? error.message : String(error));
}

/** @param {Response} response */
async function problem(response) {
  const retryAfter = Number(response.headers.get("Retry-After")) || 0;
  const facts = { title: text("problem.status", { status: response.status }), status: response.status, retryAfter };
  if (!(response.headers.get("Content-Type") ?? "").includes("json")) {
    return new ServiceProblem(response.statusText || text("problem.no-reason"), facts);
  }
  try {
    const said = await response.json();
    const pointer = typeof said.pointer === "string" ? said.pointer.split("/").pop() : "";
    return new ServiceProblem(said.detail ?? said.title ?? text("problem.no-reason"), {
      ...facts,
      title: said.title ?? facts.title,
      parameter: said.parameter ?? pointer,
    });
  } catch {
    return new ServiceProblem(text("problem.unreadable"), facts);
  }
}

/** Tells the page that the service asks to sign in. */
export const signedOut = new EventTarget();

/**
 * Sends a request; anything but success or 304 is thrown as a `ServiceProblem`, and a 401 is told to `signedOut` too.
 *
 * @param {string} path
 * @param {RequestInit} [init]
 */
async function send(path, init = {}) {
  let response;
  try {
    response = await fetch(path, { cache: "no-store", redirect: "error", referrerPolicy: "no-referrer", ...init });
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ServiceProblem(text("problem.connection.detail"), { title: text("problem.connection") });
  }
  if (response.ok || response.status === 304) return response;
  if (response.status === 401) signedOut.dispatchEvent(new Event("signedout"));
  throw await problem(response);
}

/** @param {string} path @param {AbortSignal} [signal] */
async function json(path, signal) {
  return (await send(path, { signal })).json();
}

/**
 * Whether the service can answer searches; a service that is starting answers with 503.
 *
 * @param {AbortSignal} [signal]
 * @returns {Promise<{ready: boolean, modelTrained: boolean | undefined}>}
 */
export async function readiness(signal) {
  let response;
  try {
    response = await fetch("/readyz", { cache: "no-store", signal });
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ServiceProblem(text("problem.connection.detail"), { title: text("problem.connection") });
  }
  const isJSON = (response.headers.get("Content-Type") ?? "").includes("json");
  const said = isJSON ? await response.json() : {};
  return { ready: response.ok, modelTrained: said.model?.trained ?? said.model_trained };
}

/**
 * Who uses the page, or null if the service asks to sign in.
 *
 * @returns {Promise<Session | null>}
 */
export async function session() {
  // The service makes the browser forget a session that is over; then the second answer is for nobody in particular.
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      return await json("/v1/session");
    } catch (error) {
      if (!(error instanceof ServiceProblem && error.status === 401)) throw error;
    }
  }
  return null;
}

/** @param {string} token */
export async function signIn(token) {
  await send("/v1/session", {
    method: "POST",
    body: JSON.stringify({ token }),
    headers: { "Content-Type": "application/json" },
  });
}

export async function signOut() {
  await send("/v1/session", { method: "DELETE" });
}

/** @param {AbortSignal} [signal] @returns {Promise<Model>} */
export async function model(signal) {
  const said = await json("/v1/model", signal);
  return { ...said, sha256: said.sha256.replace(/^sha256:/, "") };
}

/**
 * All galleries, from all pages of the list.
 *
 * @param {AbortSignal} [signal]
 * @returns {Promise<Gallery[]>}
 */
export async function galleries(signal) {
  /** @type {Gallery[]} */
  const all = [];
  /** @type {string | null} */
  let cursor = null;
  do {
    /** @type {{items: Gallery[], next: string | null}} */
    const page = await json(cursor ? `/v1/galleries?cursor=${encodeURIComponent(cursor)}` : "/v1/galleries", signal);
    all.push(...page.items);
    cursor = page.next;
  } while (cursor);
  return all;
}

/**
 * The first images of a gallery.
 *
 * @param {string} gallery
 * @param {AbortSignal} [signal]
 * @returns {Promise<RankingResult[]>} without ranks and distances
 */
export async function galleryImages(gallery, signal) {
  return (await json(`/v1/galleries/${encodeURIComponent(gallery)}/images?limit=200`, signal)).items;
}

/**
 * One page of the kept queries.
 *
 * @param {string | null} cursor
 * @param {AbortSignal} [signal]
 * @returns {Promise<{items: KeptQuery[], next: string | null}>}
 */
export function queries(cursor, signal) {
  const parameters = new URLSearchParams({ limit: "50" });
  if (cursor) parameters.set("cursor", cursor);
  return json(`/v1/queries?${parameters}`, signal);
}

/** @param {string} id @param {AbortSignal} [signal] @returns {Promise<KeptQuery>} */
export function query(id, signal) {
  return json(`/v1/queries/${encodeURIComponent(id)}`, signal);
}

/** @param {string} id */
export async function deleteQuery(id) {
  await send(`/v1/queries/${encodeURIComponent(id)}`, { method: "DELETE" });
}

/** @param {SearchOptions} options */
function parameters(options) {
  const list = new URLSearchParams({ rerank: String(options.rerank) });
  const { limit, candidates, k1, k2, lambda } = options;
  const numbers = options.rerank ? { limit, candidates, k1, k2, lambda } : { limit };
  for (const [name, value] of Object.entries(numbers)) if (value !== undefined) list.set(name, String(value));
  if (options.query_camera) list.set("query_camera", options.query_camera);
  if (options.camera_normalization !== undefined) list.set("camera_normalization", String(options.camera_normalization));
  for (const camera of options.camera) list.append("camera", camera);
  for (const camera of options.exclude_camera) list.append("exclude_camera", camera);
  if (options.captured_from) list.set("captured_from", options.captured_from);
  if (options.captured_to) list.set("captured_to", options.captured_to);
  if (options.standing) list.set("standing", "true");
  return list;
}

/**
 * The media type of an image, from its first bytes, because a file's name may be wrong.
 *
 * @param {Blob} image
 */
async function contentType(image) {
  const [first, second, third, fourth] = new Uint8Array(await image.slice(0, 4).arrayBuffer());
  if (first === 0xff && second === 0xd8) return "image/jpeg";
  if (first === 0x89 && second === 0x50 && third === 0x4e && fourth === 0x47) return "image/png";
  return image.type || "application/octet-stream";
}

/**
 * Searches a gallery with images of one person and keeps the query.
 *
 * @param {string} gallery
 * @param {Blob[]} images at least one
 * @param {SearchOptions} options
 * @returns {Promise<string>} the query's id
 */
export async function keepQuery(gallery, images, options) {
  const form = new FormData();
  for (const [index, image] of images.entries()) form.append("image", image, `image-${index + 1}`);
  const single = images.length === 1;
  const response = await send(`/v1/galleries/${encodeURIComponent(gallery)}/queries?${parameters(options)}`, {
    method: "POST",
    body: single ? images[0] : form,
    headers: single ? { "Content-Type": await contentType(images[0]) } : {},
  });
  const location = response.headers.get("Location") ?? "";
  const id = location.slice(location.lastIndexOf("/") + 1);
  if (id === "") throw new ServiceProblem(text("problem.nowhere"));
  return decodeURIComponent(id);
}

/**
 * The newest ranking of a kept query.
 *
 * @param {string} id
 * @param {AbortSignal} [signal]
 * @returns {Promise<Ranking>}
 */
export function ranking(id, signal) {
  return json(`/v1/queries/${encodeURIComponent(id)}/ranking`, signal);
}

/**
 * The rankings of a kept query, as events `ranking`, at once and whenever there is another one; then an event `end`.
 *
 * @param {string} id
 */
export function rankingEvents(id) {
  return new EventSource(`/v1/queries/${encodeURIComponent(id)}/events`);
}

/**
 * Ranks a kept query again, over its current gallery.
 *
 * @param {string} id
 */
export async function rankAgain(id) {
  await send(`/v1/queries/${encodeURIComponent(id)}/ranking`, { method: "POST" });
}

/** @param {string} path @param {AbortSignal} [signal] */
export async function image(path, signal) {
  return (await send(path, { signal, cache: "default" })).blob();
}

/** @param {string} imageID @param {number} branch @param {AbortSignal} [signal] */
export function attention(imageID, branch, signal) {
  return image(`/v1/images/${encodeURIComponent(imageID)}/attention?branch=${branch}`, signal);
}
