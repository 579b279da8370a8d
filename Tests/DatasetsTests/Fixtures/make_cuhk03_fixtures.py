"""Writes cuhk03/*.mat: lists in the form of CUHK03's new protocol, for a dozen images that the tests draw.

Run `python3 make_cuhk03_fixtures.py` in this folder. Written with SciPy 1.17.1's savemat; the labeled lists are compressed, the
detected ones are not.
"""

import numpy as np
from scipy.io import savemat

# Camera pair, person of the pair, camera, image. The first three people are trained on.
names = [f"1_{person:03}_{camera}_{image:02}.png" for person in range(1, 7) for camera in (1, 2)
         for image in ((1, 2) if person % 2 else (1,))]
people = [int(n.split("_")[1]) for n in names]
cameras = [int(n.split("_")[2]) for n in names]
train = [i + 1 for i, p in enumerate(people) if p <= 3]
test = [i + 1 for i, p in enumerate(people) if p > 3]
query = [i for i in test if names[i - 1].endswith("_01.png")]
gallery = [i for i in test if i not in query] + [query[0]]


def column(values, kind):
    return np.array(values, kind).reshape(-1, 1)


def write(name, compressed, kind, prefix=""):
    files = np.empty((len(names), 1), object)
    for place, value in enumerate(names):
        files[place, 0] = prefix + value
    savemat(f"cuhk03/{name}.mat", {
        "filelist": files, "labels": column(people, kind), "camId": column(cameras, kind),
        "train_idx": column(train, kind), "query_idx": column(query, kind), "gallery_idx": column(gallery, kind),
    }, do_compression=compressed)


write("cuhk03_new_protocol_config_labeled", True, np.float64)
write("cuhk03_new_protocol_config_detected", False, np.uint16, "cuhk03_detected/")
