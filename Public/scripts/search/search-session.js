import { asProblem, deleteQuery, isAbort, keepQuery, query, rankAgain } from "../api.js";
import { RankingStream } from "./ranking-stream.js";
/** @import { Ranking, SearchOptions } from "../types.js" */
/** @import { ServiceProblem } from "../api.js" */
/** @import { StreamState } from "./ranking-stream.js" */

/**
 * @typedef {object} SearchRequest
 * @property {string} gallery
 * @property {Blob[]} images of one person
 * @property {SearchOptions} options
 *
 * @typedef {object} SessionHandlers
 * @property {() => void} onSearching
 * @property {(queryID: string) => void} onKept
 * @property {(ranking: Ranking, elapsed?: number) => void} onRanking called with the milliseconds since the search began
 * @property {(problem: ServiceProblem) => void} onProblem
 * @property {(state: StreamState) => void} onState
 * @property {(stale: boolean) => void} onStale whether the gallery has changed since the ranking on screen was made
 */

/** The milliseconds between two checks whether the gallery has changed. */
const staleInterval = 5_000;

/**
 * Runs one search after another: keeps the query and follows its ranking. When other options replace a query, it
 * deletes the old one, so that trying options does not fill the list of kept queries.
 */
export class SearchSession {
  /** @param {SessionHandlers} handlers */
  constructor(handlers) {
    this.handlers = handlers;
    /** @type {SearchRequest | null} */
    this.next = null;
    this.busy = false;
    this.paused = false;
    /** Counts the searches, so that an answer to an earlier search is ignored. */
    this.turn = 0;
    /**
     * The query on screen; `request` is null if it was kept earlier.
     *
     * @type {{id: string, request: SearchRequest | null} | null}
     */
    this.current = null;
    /** @type {RankingStream | null} */
    this.stream = null;
    this.staleTimer = 0;
    /** When the current search began, in the time of `performance.now()`; 0: no search runs. */
    this.started = 0;
  }

  /**
   * Searches; of several requests during a running search, only the last is sent.
   *
   * @param {SearchRequest} request
   */
  async search(request) {
    this.next = request;
    if (this.busy) return;
    this.busy = true;
    try {
      while (this.next) {
        const now = this.next;
        this.next = null;
        await this.keep(now);
      }
    } finally {
      this.busy = false;
    }
  }

  /** @param {SearchRequest} request */
  async keep(request) {
    const { turn } = this;
    this.handlers.onSearching();
    this.started = performance.now();
    let id;
    try {
      id = await keepQuery(request.gallery, request.images, request.options);
    } catch (error) {
      if (!this.next && turn === this.turn) this.handlers.onProblem(asProblem(error));
      return;
    }
    if (turn !== this.turn) return;
    const replaced = this.current;
    this.current = { id, request };
    this.handlers.onKept(id);
    this.follow();
    if (replaced?.request?.images === request.images && replaced.request.gallery === request.gallery) {
      // If this fails, the old query stays in the list of queries, where it can be deleted.
      deleteQuery(replaced.id).catch((error) => console.warn("replaced query not deleted:", asProblem(error).message));
    }
  }

  /**
   * Follows a query that was kept earlier; it is never replaced.
   *
   * @param {string} id
   */
  open(id) {
    this.clear();
    this.current = { id, request: null };
    this.follow();
  }

  /** Follows the current query, if there is one and the view is visible. */
  follow() {
    this.stream?.stop();
    this.stream = null;
    clearTimeout(this.staleTimer);
    if (!this.current || this.paused) return;
    const { id } = this.current;
    this.stream = new RankingStream(id, {
      onRanking: (ranking) => {
        this.handlers.onRanking(ranking, this.started ? performance.now() - this.started : undefined);
        this.started = 0;
        void this.lookForChanges(id);
      },
      onState: this.handlers.onState,
    });
  }

  /** Asks again at once, for example because the service is back. */
  hurry() {
    this.stream?.interrupt();
  }

  /**
   * Checks now and every few seconds whether the gallery has changed since the ranking on screen was made.
   *
   * @param {string} id
   */
  async lookForChanges(id) {
    clearTimeout(this.staleTimer);
    if (this.current?.id !== id || this.paused) return;
    if (!document.hidden) {
      try {
        const { standing, state } = await query(id, AbortSignal.timeout(staleInterval));
        if (this.current?.id !== id) return;
        this.handlers.onStale(!standing && state === "stale");
        if (standing) return;
      } catch (error) {
        if (!isAbort(error)) console.info("state of the query:", asProblem(error).message);
      }
    }
    this.staleTimer = setTimeout(() => this.lookForChanges(id), staleInterval);
  }

  /** Ranks the query on screen again, over its current gallery. */
  async refresh() {
    if (!this.current) return;
    const { id } = this.current;
    this.started = performance.now();
    try {
      await rankAgain(id);
    } catch (error) {
      if (this.current?.id === id) this.handlers.onProblem(asProblem(error));
      return;
    }
    if (this.current?.id !== id) return;
    this.hurry();
    void this.lookForChanges(id);
  }

  /** Stops following while another view is on screen. */
  pause() {
    this.paused = true;
    this.follow();
  }

  /** Follows the current query again. */
  resume() {
    this.paused = false;
    this.follow();
  }

  /** Stops following the current query, without deleting it. */
  clear() {
    this.turn += 1;
    this.next = null;
    this.current = null;
    this.follow();
  }
}
