const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** The distances between two ticks that are easy to read, in milliseconds. */
const steps = [
  second, 5 * second, 15 * second, 30 * second, minute, 5 * minute, 15 * minute, 30 * minute, hour, 2 * hour, 3 * hour, 6 * hour,
  12 * hour, day, 2 * day, 7 * day, 14 * day, 30 * day, 91 * day, 365 * day,
];

/** The shortest time that can be shown. */
const shortest = 10 * second;

/** The part of the time axis that is on the screen, in milliseconds since 1970. */
export class TimelineScale {
  constructor() {
    /** The whole of what there is. */
    this.first = 0;
    this.last = 1;
    /** What is on the screen. */
    this.from = 0;
    this.to = 1;
  }

  /**
   * Covers all times with some room beside them; shows all of them.
   *
   * @param {number[]} times
   */
  cover(times) {
    const first = times.reduce((least, time) => Math.min(least, time), Infinity);
    const last = times.reduce((most, time) => Math.max(most, time), -Infinity);
    const room = Math.max(shortest, (last - first) * 0.04);
    this.first = first - room;
    this.last = last + room;
    this.showAll();
  }

  showAll() {
    this.from = this.first;
    this.to = this.last;
  }

  get isWhole() {
    return this.from <= this.first && this.to >= this.last;
  }

  /** @param {number} time @returns {number} 0 at the left edge, 1 at the right one */
  position(time) {
    return (time - this.from) / (this.to - this.from);
  }

  /** @param {number} position 0...1 */
  time(position) {
    return this.from + position * (this.to - this.from);
  }

  /**
   * Zooms so that a time stays where it is.
   *
   * @param {number} factor below 1 to see less time in more detail
   * @param {number} around
   */
  zoom(factor, around) {
    const span = Math.min(Math.max((this.to - this.from) * factor, shortest), this.last - this.first);
    const share = Math.min(Math.max(this.position(around), 0), 1);
    this.show(around - share * span, span);
  }

  /** @param {number} share of the visible time; positive: to later times */
  pan(share) {
    const span = this.to - this.from;
    this.show(this.from + share * span, span);
  }

  /** Moves as little as needed to show a time. @param {number} time */
  reveal(time) {
    const span = this.to - this.from;
    if (time < this.from) this.show(time - span * 0.1, span);
    if (time > this.to) this.show(time - span * 0.9, span);
  }

  /** @param {number} from @param {number} span */
  show(from, span) {
    this.from = Math.min(Math.max(from, this.first), this.last - span);
    this.to = this.from + span;
  }

  /**
   * The ticks on the screen with their texts, in UTC; the first tick and the first of each day name the day too.
   *
   * @param {number} most
   */
  ticks(most) {
    const span = this.to - this.from;
    const step = steps.find((candidate) => span / candidate <= most) ?? steps[steps.length - 1];
    /** @type {{time: number, text: string}[]} */
    const ticks = [];
    let before = "";
    for (let time = Math.ceil(this.from / step) * step; time <= this.to; time += step) {
      const moment = new Date(time).toISOString();
      const date = moment.slice(5, 10);
      const clock = step < minute ? moment.slice(11, 19) : moment.slice(11, 16);
      ticks.push({ time, text: step >= day ? moment.slice(0, 10) : date === before ? clock : `${date} ${clock}` });
      before = date;
    }
    return ticks;
  }
}
