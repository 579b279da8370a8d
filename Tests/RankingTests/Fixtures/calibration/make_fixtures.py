"""Writes calibration.json: pairs at random, and what plain definitions make of them in float64.

Run `python3 make_fixtures.py` in this folder. Written with NumPy 2.4.6.

Nothing here is computed as the service computes it. Isotonic regression is the min-max formula over all intervals (Robertson,
Wright and Dykstra, "Order Restricted Statistical Inference", 1988), the logistic fit two nested bisections on the gradient of a
convex loss, the area a comparison of every pair with every other.
"""

import json

import numpy as np


def groups(distance, same, weight):
    """Distinct distances with the weights of pairs of the same person and of different people."""
    x = np.unique(distance)
    right = np.array([weight[(distance == v) & same].sum() for v in x])
    wrong = np.array([weight[(distance == v) & ~same].sum() for v in x])
    return x, right, wrong


def min_max(right, weight):
    """The non-increasing function nearest to right / weight: min over starts of max over ends of interval means."""
    n = len(right)
    mean = np.full((n, n), np.nan)
    for a in range(n):
        for b in range(a, n):
            mean[a, b] = right[a:b + 1].sum() / weight[a:b + 1].sum()
    return np.array([min(max(mean[a, b] for b in range(i, n)) for a in range(i + 1)) for i in range(n)])


def knots(x, right, weight, fitted, count):
    """Distances with one part of arcsin(sqrt(p)) become a knot."""
    part = np.minimum(np.floor(np.arcsin(np.sqrt(fitted)) / (np.pi / 2) * count), count - 1)
    result = []
    for p in sorted(set(part), reverse=True):
        own = part == p
        w = weight[own]
        result.append([float((w * x[own]).sum() / w.sum()), float(right[own].sum() / w.sum())])
    return result


def bisect(f, low, high):
    """The root of a rising function."""
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (low, middle) if f(middle) > 0 else (middle, high)
    return (low + high) / 2


def logistic(x, right, wrong, high, low):
    """The slope and intercept of log odds = intercept - slope * x with the least loss and slope >= 0."""
    w = right + wrong
    target = (right * high + wrong * low) / w
    u = x - np.average(x, weights=w)

    def p(slope, constant):
        return 1 / (1 + np.exp(slope * u - constant))

    def constant(slope):
        return bisect(lambda c: (w * (p(slope, c) - target)).sum(), -200, 200)

    # The derivative of the loss by the slope, at the best constant, rises with the slope.
    slope = 0.0 if len(x) == 1 else bisect(lambda s: (-w * (p(s, constant(s)) - target) * u).sum(), 0, 200)
    return slope, constant(slope) + slope * np.average(x, weights=w)


def report(probability, distance, same, weight):
    order = np.argsort(-probability, kind="stable")
    p, y, w = probability[order], same[order].astype(float), weight[order]
    error, sums, before = 0.0, {}, 0.0
    for value in -np.unique(-p):
        own = p == value
        b = min(int((before + w[own].sum() / 2) / w.sum() * 15), 14)
        sums.setdefault(b, []).append(own)
        before += w[own].sum()
    for parts in sums.values():
        own = np.any(parts, axis=0)
        error += w[own].sum() / w.sum() * abs(np.average(p[own], weights=w[own]) - np.average(y[own], weights=w[own]))
    near = np.array([[1.0 if a < b else 0.5 if a == b else 0.0 for b in distance[~same]] for a in distance[same]])
    both = weight[same][:, None] * weight[~same][None, :]
    return {
        "error": float(error), "bins": len(sums), "brier": float(np.average((p - y) ** 2, weights=w)),
        "area": float((near * both).sum() / both.sum()),
        "rates": [
            [float(weight[(probability >= t) & kind].sum() / weight[kind].sum()) for kind in (~same, same)]
            for t in (0.5, 0.9, 0.95, 0.99)]}


def case(name, distance, same, weight):
    distance, same, weight = np.array(distance, float), np.array(same, bool), np.array(weight, float)
    x, right, wrong = groups(distance, same, weight)
    plain = min_max(right, right + wrong)
    r, d = right.copy(), wrong.copy()
    d[0] += weight[~same].mean()
    r[-1] += weight[same].mean()
    smoothed = min_max(r, r + d)
    high, low = (same.sum() + 1) / (same.sum() + 2), 1 / ((~same).sum() + 2)
    slope, intercept = logistic(x, right, wrong, high, low)
    p = np.clip(1 / (1 + np.exp(slope * distance - intercept)), low, high)
    return {
        "name": name, "distance": distance.tolist(), "same": same.tolist(), "weight": weight.tolist(),
        "isotonic": plain.tolist(), "smoothed": smoothed.tolist(), "knots": knots(x, r, r + d, smoothed, 64),
        "few": knots(x, r, r + d, smoothed, 5), "slope": float(slope), "intercept": float(intercept), "lowest": float(low),
        "highest": float(high), "report": report(p, distance, same, weight)}


def drawn(name, seed, n, steep, middle, digits, weights):
    random = np.random.default_rng(seed)
    distance = np.round(random.uniform(0, 2, n), digits)
    same = random.uniform(size=n) < 1 / (1 + np.exp(steep * (distance - middle)))
    weight = np.round(np.where(same, 1, random.uniform(*weights, n)), 3)
    return case(name, distance, same, weight)


cases = [
    drawn("plain", 1, 80, 6, 0.8, 9, (1, 1)),
    drawn("weighted", 2, 90, 5, 0.6, 9, (1, 4)),
    drawn("ties", 3, 90, 5, 0.9, 1, (2, 3)),
    drawn("rising", 4, 60, -4, 1, 9, (1, 2)),
    case("apart", [0.1, 0.2, 0.3, 1.1, 1.2, 1.3, 1.4], [1, 1, 1, 0, 0, 0, 0], [1, 1, 1, 2, 2, 2, 2]),
    case("one distance", [0.5] * 5, [1, 1, 0, 0, 0], [1, 1, 2, 2, 2]),
    case("two pairs", [0.25, 0.75], [1, 0], [1, 1]),
]
with open("calibration.json", "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
