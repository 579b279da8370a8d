"""Writes protocol.json: features and labels at random, and what the literature's algorithms make of them in float64.

Run `PYTHONPATH=REFERENCE python3 make_fixtures.py` in this folder, REFERENCE being the project's design material with
`reranking_oracle.py` and `evaluation_oracle.py`. Written with NumPy 2.4.6.

Each case is scored plain, re-ranked as one pool and each query alone; by the common and by Market-1501's average precision; with
junk dropped from the start, or ranked and ignored.
"""

import base64
import json

import numpy as np

import evaluation_oracle as evaluation
import reranking_oracle as reranking


def score(distances, queries, gallery, market):
    """CMC, mAP and mINP over the queries that have a right answer, from the oracle's own kept lists and rules."""
    (qp, qc), (gp, gc) = queries, gallery
    result = evaluation.evaluate(distances, qp, gp, qc, gc, rule="official" if market else "torchreid")
    valid, junk = result["valid"], (gp == -1).any()
    first, ap, inp = result["first"], result["AP"], result["INP"]
    if junk and not market:
        # The common precision of lists without junk.
        kept = gp != -1
        same = evaluation.evaluate(distances[:, kept], qp, gp[kept], qc, gc[kept])
        first, ap, inp, valid = same["first"], same["AP"], same["INP"], same["valid"]
    count = int(valid.sum())
    return {"scored": count, "mAP": float(ap[valid].sum() / count), "mINP": float(inp[valid].sum() / count)} | {
        f"CMC@{k}": float(((first <= k) & valid).sum() / count) for k in (1, 5, 10, 20)}


def rankings(features, count, options):
    distances = reranking.sq_euclid(features)
    alone = [np.r_[q, count:len(features)] for q in range(count)]
    return {
        "plain": distances[:count, count:],
        "reranked": reranking.rerank(distances, count, **options),
        "reranked_single": np.concatenate([reranking.rerank(distances[np.ix_(i, i)], 1, **options) for i in alone]),
    }


def case(seed, queries, gallery, people, cameras, dimensions, spread, options):
    random = np.random.default_rng(seed)
    centers = random.standard_normal((people + 2, dimensions))
    qp = random.integers(1, people + 1, queries)
    gp = random.integers(-1, people + 1, gallery)
    if people > 3:
        gp[gp == people] = 0  # One person is looked for in vain.
    qc, gc = random.integers(1, cameras + 1, queries), random.integers(1, cameras + 1, gallery)
    features = centers[np.r_[qp, gp] + 1] + spread * random.standard_normal((queries + gallery, dimensions))
    features = (features / np.linalg.norm(features, axis=1, keepdims=True)).astype(np.float32)
    expected = {}
    for junk in ("drop", "keep"):
        kept = np.r_[np.full(queries, True), (gp != -1) | (junk == "keep")]
        own = gp[kept[queries:]], gc[kept[queries:]]
        for name, distances in rankings(features[kept], queries, options).items():
            for ap in ("common", "market"):
                expected[f"{name} {junk} {ap}"] = score(distances, (qp, qc), own, ap == "market")
    return {
        "dimensions": dimensions, "features": base64.b64encode(features.tobytes()).decode(), "queries": queries,
        "person": [int(v) for v in np.r_[qp, gp]], "camera": [int(v) for v in np.r_[qc, gc]],
        "k1": options["k1"], "k2": options["k2"], "lambda": options["lam"], "expected": expected,
    }


cases = [
    case(1, 25, 140, 12, 3, 24, 1.2, dict(k1=20, k2=6, lam=0.3)),
    case(2, 40, 90, 30, 2, 16, 0.8, dict(k1=7, k2=3, lam=0.5)),
    case(3, 12, 200, 5, 4, 8, 2.0, dict(k1=20, k2=6, lam=0.3)),
    case(4, 9, 15, 3, 2, 12, 1.0, dict(k1=25, k2=1, lam=0.0)),
]
with open("protocol.json", "w") as out:
    out.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
