import { model, readiness } from "./api.js";
/** @import { Model } from "./types.js" */

/** The milliseconds between two checks of the service, and the longest wait for its answer; together less than 3 s. */
const interval = 1_200;
const patience = 1_500;

/**
 * The state of the service, as far as views need it.
 *
 * @typedef {object} ServiceState
 * @property {"waiting" | "ready" | "starting" | "locked" | "unreachable"} condition locked: it asks to sign in
 * @property {boolean | undefined} trained undefined while unknown
 * @property {Model | null} model
 * @property {number} branches attention branches of the model
 */

/** Watches the service: whether it is ready, and which model it serves. */
export class Service {
  constructor() {
    /** @type {ServiceState} */
    this.state = { condition: "waiting", trained: undefined, model: null, branches: 0 };
    /** @type {((state: ServiceState) => void)[]} */
    this.listeners = [];
    this.timer = 0;
    /** Whether nobody is signed in, so that the model cannot be read. */
    this.locked = false;
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) void this.look();
    });
  }

  /**
   * Calls `listener` now and whenever something changes.
   *
   * @param {(state: ServiceState) => void} listener
   */
  follow(listener) {
    this.listeners.push(listener);
    listener(this.state);
  }

  /** Checks the service now, and again and again while the page is visible. */
  async look() {
    clearTimeout(this.timer);
    const state = { ...this.state };
    try {
      const { ready, modelTrained } = await readiness(AbortSignal.timeout(patience));
      const restarted = ready && !this.locked && this.state.condition !== "ready";
      state.condition = this.locked ? "locked" : ready ? "ready" : "starting";
      if (modelTrained !== undefined) state.trained = modelTrained;
      if (restarted) {
        state.model = await model();
        state.trained = state.model.trained;
        state.branches = branches(state.model);
      }
    } catch (error) {
      if (!this.locked && this.state.condition !== "unreachable") console.info("service:", error);
      state.condition = this.locked ? "locked" : "unreachable";
    }
    const changed = JSON.stringify(state) !== JSON.stringify(this.state);
    this.state = state;
    if (changed) for (const listener of this.listeners) listener(state);
    if (document.hidden) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), interval);
  }
}

/** @param {Model} model */
function branches({ branches, config }) {
  if (branches !== undefined) return branches;
  return config.attention === "none" || typeof config.branches !== "number" ? 0 : config.branches;
}
