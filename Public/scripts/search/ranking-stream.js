import { asProblem, isAbort, ranking, rankingEvents } from "../api.js";
/** @import { Ranking } from "../types.js" */
/** @import { ServiceProblem } from "../api.js" */

/** The shortest time between two streams, in seconds. */
const leastSeconds = 1;
const longestPauseSeconds = 30;

/**
 * The state of a stream: being opened, following, paused because the page is hidden, waiting to try again after an error,
 * or ended because the query is gone.
 *
 * @typedef {{kind: "connecting" | "live" | "paused" | "ended"}} SteadyState
 * @typedef {{kind: "retrying", seconds: number, problem: ServiceProblem}} RetryState
 * @typedef {SteadyState | RetryState} StreamState
 */

/** Follows one kept query's ranking as the service sends it, until `stop`. */
export class RankingStream {
  /**
   * @param {string} queryID
   * @param {object} handlers
   * @param {(ranking: Ranking) => void} handlers.onRanking called with each new version
   * @param {(state: StreamState) => void} handlers.onState
   */
  constructor(queryID, { onRanking, onState }) {
    this.queryID = queryID;
    this.onRanking = onRanking;
    this.onState = onState;
    /** The version that was shown last. */
    this.revision = 0;
    /** How many streams failed one after another. */
    this.failures = 0;
    this.stopped = false;
    /** Ends the current stream or pause. */
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
      await this.follow();
      const pause = await this.ask();
      if (this.stopped) return;
      await this.pause(Math.max(pause, leastSeconds - (performance.now() - started) / 1000));
    }
  }

  /** Follows a stream until it ends or fails. */
  follow() {
    const { signal } = this.interruption;
    const source = rankingEvents(this.queryID);
    source.addEventListener("open", () => {
      this.failures = 0;
      this.live();
    });
    source.addEventListener("ranking", (event) => this.take(JSON.parse(event.data)));
    return new Promise((/** @type {(value?: undefined) => void} */ resolve) => {
      const end = () => {
        source.close();
        resolve();
      };
      source.addEventListener("end", end);
      source.addEventListener("error", end);
      signal.addEventListener("abort", end);
    });
  }

  /**
   * Asks why a stream has ended, because a stream does not say why it failed.
   *
   * @returns the seconds to wait until the next stream
   */
  async ask() {
    const { signal } = this.interruption;
    if (this.stopped || signal.aborted) return 0;
    try {
      this.take(await ranking(this.queryID, signal));
      return this.backOff();
    } catch (error) {
      if (isAbort(error) || this.stopped) return 0;
      return this.failed(asProblem(error));
    }
  }

  /** @param {Ranking} ranking */
  take(ranking) {
    if (this.stopped) return;
    if (ranking.revision !== this.revision) {
      this.revision = ranking.revision;
      this.onRanking(ranking);
    }
    this.live();
  }

  live() {
    if (!this.stopped) this.onState({ kind: "live" });
  }

  /** The seconds until the next attempt, more after each failure. */
  backOff() {
    const seconds = Math.min(2 ** this.failures, longestPauseSeconds);
    this.failures += 1;
    return seconds * (0.8 + 0.4 * Math.random());
  }

  /** @param {ServiceProblem} problem */
  failed(problem) {
    if (problem.status === 404 || problem.status === 410) {
      this.stop();
      this.onState({ kind: "ended" });
      return 0;
    }
    const seconds = Math.max(this.backOff(), problem.retryAfter);
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
