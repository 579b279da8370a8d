import { asProblem, isAbort, ranking } from "../api.js";
/** @import { Ranking } from "../types.js" */
/** @import { ServiceProblem } from "../api.js" */

/** The seconds for which the service may hold a poll; the page gives up a request that takes longer. */
const waitSeconds = 30;
const patienceSeconds = 45;
/** The shortest time between two polls, in seconds. */
const leastSeconds = 1;
const longestPauseSeconds = 30;
/** The seconds between two polls if the service sends no ETag and so cannot hold them. */
const unheldSeconds = 15;

/**
 * The state of a poll: first request, following, paused because the page is hidden, waiting to try again after an
 * error, or ended because the query is gone.
 *
 * @typedef {{kind: "connecting" | "live" | "paused" | "ended"}} SteadyState
 * @typedef {{kind: "retrying", seconds: number, problem: ServiceProblem}} RetryState
 * @typedef {SteadyState | RetryState} PollState
 */

/** Follows one kept query's ranking with held, conditional requests, until `stop`. */
export class RankingPoll {
  /**
   * @param {string} queryID
   * @param {object} handlers
   * @param {(ranking: Ranking) => void} handlers.onRanking called with each new version
   * @param {(state: PollState) => void} handlers.onState
   */
  constructor(queryID, { onRanking, onState }) {
    this.queryID = queryID;
    this.onRanking = onRanking;
    this.onState = onState;
    this.etag = "";
    this.failures = 0;
    this.stopped = false;
    /** Ends the current request or pause. */
    this.interruption = new AbortController();
    this.interrupt = () => this.interruption.abort();
    document.addEventListener("visibilitychange", this.interrupt);
    window.addEventListener("online", this.interrupt);
    this.run();
  }

  stop() {
    this.stopped = true;
    document.removeEventListener("visibilitychange", this.interrupt);
    window.removeEventListener("online", this.interrupt);
    this.interrupt();
  }

  async run() {
    this.onState({ kind: "connecting" });
    while (!this.stopped) {
      this.interruption = new AbortController();
      if (document.hidden) {
        this.onState({ kind: "paused" });
        await this.pause(Infinity);
        continue;
      }
      const started = performance.now();
      const pause = await this.ask();
      if (this.stopped) return;
      await this.pause(Math.max(pause, leastSeconds - (performance.now() - started) / 1000));
    }
  }

  /** Polls once; returns the seconds to wait until the next poll. */
  async ask() {
    const { signal } = this.interruption;
    const patience = setTimeout(this.interrupt, patienceSeconds * 1000);
    try {
      if (this.etag) this.onState({ kind: "live" });
      const answer = await ranking(this.queryID, { etag: this.etag, wait: waitSeconds, signal });
      if (this.stopped) return 0;
      this.failures = 0;
      if (answer) {
        this.etag = answer.etag;
        this.onRanking(answer.ranking);
        this.onState({ kind: "live" });
      }
      return this.etag ? 0 : unheldSeconds;
    } catch (error) {
      if (isAbort(error) || this.stopped) return 0;
      return this.failed(asProblem(error));
    } finally {
      clearTimeout(patience);
    }
  }

  /** @param {ServiceProblem} problem */
  failed(problem) {
    if (problem.status === 404 || problem.status === 410) {
      this.stop();
      this.onState({ kind: "ended" });
      return 0;
    }
    const backOff = Math.min(2 ** this.failures, longestPauseSeconds);
    this.failures += 1;
    const seconds = Math.max(backOff * (0.8 + 0.4 * Math.random()), problem.retryAfter);
    this.onState({ kind: "retrying", seconds: Math.ceil(seconds), problem });
    return seconds;
  }

  /**
   * Waits until time is up or something changes.
   *
   * @param {number} seconds
   */
  pause(seconds) {
    const { signal } = this.interruption;
    if (seconds <= 0 || signal.aborted) return Promise.resolve();
    return new Promise((/** @type {(value?: undefined) => void} */ resolve) => {
      const timer = seconds === Infinity ? 0 : setTimeout(resolve, seconds * 1000);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
