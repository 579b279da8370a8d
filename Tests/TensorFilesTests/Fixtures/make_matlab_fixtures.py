"""Writes matlab/plain.mat and matlab/compressed.mat, and matlab/expected.json with what they hold.

Run `python3 make_matlab_fixtures.py` in this folder. Written with SciPy 1.17.1's savemat, NumPy 2.4.6: the same variables twice, plain and compressed.
"""

import json
import numpy as np
from scipy.io import savemat

numbers = {
    "row": np.array([[1.5, -2.25, 1e300]]),
    "column": np.array([[1], [2], [3]], np.float64),
    "matrix": np.arange(6, dtype=np.float64).reshape(2, 3),
    "cube": np.arange(24, dtype=np.int32).reshape(2, 3, 4),
    "empty": np.zeros((0, 0)),
    "single": np.array([[0.1, -3]], np.float32),
    "truth": np.array([[True, False, True]]),
} | {
    f"{kind}": np.array([[np.iinfo(kind).min, 7, np.iinfo(kind).max]], kind)
    for kind in ("int8", "uint8", "int16", "uint16", "int32", "uint32")
} | {
    "int64": np.array([[-(1 << 52), 1 << 52]], np.int64),
    "uint64": np.array([[0, 1 << 52]], np.uint64),
}
texts = {"word": "1_001_1_01.png", "letters": "Größe ≥ 1", "lines": np.array(["one", "two", "six"]), "nothing": ""}


def cells(values, shape):
    array = np.empty(shape, object)
    for place, value in zip(np.ndindex(shape), values):
        array[place] = value
    return array


files = [f"{i}_{i:03}_1_{i:02}.png" for i in range(1, 8)]
lists = {
    "filelist": cells(files, (7, 1)),
    "mixed": cells(["a", np.array([[1.0, 2.0]]), cells(["deep"], (1, 1)), np.zeros((0, 0))], (2, 2)),
}
others = {"structure": {"a": 1.0}, "complex": np.array([[1 + 2j]])}

for name, compressed in (("plain", False), ("compressed", True)):
    savemat(f"matlab/{name}.mat", numbers | texts | lists | others, do_compression=compressed, oned_as="row")

expected = {
    "numbers": {k: {"shape": list(v.shape), "elements": [float(x) for x in v.flatten("F")]} for k, v in numbers.items()},
    "texts": {k: list(v) if isinstance(v, np.ndarray) else ([v] if v else []) for k, v in texts.items()},
    "files": files,
}
with open("matlab/expected.json", "w") as out:
    json.dump(expected, out, indent=1, sort_keys=True)
    out.write("\n")
