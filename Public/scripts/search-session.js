import { asProblem, deleteQuery, keepQuery } from "./api.js";
import { RankingPoll } from "./ranking-poll.js";
/** @import { Ranking, SearchOptions } from "./types.js" */
/** @import { ServiceProblem } from "./api.js" */
/** @import { PollState } from "./ranking-poll.js" */

/**
 * @typedef {object} SearchRequest
 * @property {string} gallery
 * @property {Blob} image
 * @property {SearchOptions} options
 *
 * @typedef {object} SessionHandlers
 * @property {() => void} onSearching
 * @property {(queryID: string) => void} onKept
 * @property {(ranking: Ranking) => void} onRanking
 * @property {(problem: ServiceProblem) => void} onProblem
 * @property {(state: PollState) => void} onState
 */

/**
 * One search after another: keeps the query, follows its ranking, and lets a query that other options have
 * replaced go again, so that trying out options does not fill the list of kept queries.
 */
export class SearchSession {
  /** @param {SessionHandlers} handlers */
  constructor(handlers) {
    this.handlers = handlers;
    /** @type {SearchRequest | null} */
    this.next = null;
    this.busy = false;
    this.paused = false;
    /** Counts what the page turned to; an answer to an earlier search no longer matters. */
    this.turn = 0;
    /**
     * The query on screen; `request` only if this page made it.
     *
     * @type {{id: string, request: SearchRequest | null} | null}
     */
    this.current = null;
    /** @type {RankingPoll | null} */
    this.poll = null;
  }

  /**
   * Searches; of several requests made while one is under way only the last is sent.
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
    let id;
    try {
      id = await keepQuery(request.gallery, request.image, request.options);
    } catch (error) {
      if (!this.next && turn === this.turn) this.handlers.onProblem(asProblem(error));
      return;
    }
    if (turn !== this.turn) return;
    const replaced = this.current;
    this.current = { id, request };
    this.handlers.onKept(id);
    this.follow();
    if (replaced?.request?.image === request.image && replaced.request.gallery === request.gallery) {
      // Should this fail, one query too many stays listed under Queries, where it can be deleted.
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

  /** Follows the current query, if there is one and its view is on screen. */
  follow() {
    this.poll?.stop();
    this.poll = null;
    if (!this.current || this.paused) return;
    const { onRanking, onState } = this.handlers;
    this.poll = new RankingPoll(this.current.id, { onRanking, onState });
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

  /** Turns to something else: forgets the current query without deleting it. */
  clear() {
    this.turn += 1;
    this.next = null;
    this.current = null;
    this.follow();
  }
}
