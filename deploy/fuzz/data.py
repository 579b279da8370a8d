"""Test data for schemathesis: images and batches that are what they claim to be, and ids that the demo gallery has.

Loaded by `deploy/fuzz/run` through SCHEMATHESIS_HOOKS.
"""

import datetime
import io
import json
import os
import struct
import tarfile
import urllib.request
import uuid
import zlib

import schemathesis
from hypothesis import strategies

QUERY = os.environ["REID_QUERY"]
ADMIN = os.environ["REID_ADMIN"]
TOKEN = os.environ["REID_TOKEN"]
BACKUPS = os.environ["REID_BACKUPS"]


def ask(url, body=None, **headers):
    """The answer to a GET, or to a POST of `body`."""
    with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as answer:
        return answer.read()


def ids(url, member, **headers):
    """The ids of a list's first items."""
    return [item[member] for item in json.loads(ask(url, **headers))["items"]]


def png(value):
    """A gray PNG of 16×32 pixels; another value gives another image."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 16, 32, 8, 0, 0, 0, 0)
    rows = b"".join(b"\0" + bytes((value * 7 + x * y) % 256 for x in range(16)) for y in range(32))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def tar(count):
    """A tar of `count` images."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for index in range(count):
            member = tarfile.TarInfo(f"{index}.png")
            member.size = len(png(index))
            archive.addfile(member, io.BytesIO(png(index)))
    return file.getvalue()


def embeddings(count):
    """A safetensors body of `count` embeddings of the model being served."""
    width = MODEL["dimensions"]
    data = b"".join(struct.pack("<f", row + place % 7 + 1) for row in range(count) for place in range(width))
    header = {
        "__metadata__": {"model": MODEL["sha256"]},
        "embeddings": {"dtype": "F32", "shape": [count, width], "data_offsets": [0, len(data)]}}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


MODEL = json.loads(ask(f"{QUERY}/v1/model"))
IMAGES = ids(f"{QUERY}/v1/galleries/demo/images?limit=200", "image_id")
JPEGS = [ask(f"{QUERY}/v1/images/{image}/content") for image in IMAGES[:5]]
KEPT = f"{QUERY}/v1/galleries/demo/queries?limit=3"
KNOWN = {
    "image": IMAGES,
    "query": [json.loads(ask(KEPT, JPEGS[0], **{"Content-Type": "image/jpeg"}))["query_id"] for _ in range(20)],
    "batch": ids(f"{ADMIN}/admin/v1/batches", "id", Authorization=f"Bearer {TOKEN}"),
    "job": ids(f"{ADMIN}/admin/v1/jobs", "id", Authorization=f"Bearer {TOKEN}"),
}

schemathesis.openapi.media_type("image/jpeg", strategies.sampled_from(JPEGS))
schemathesis.openapi.media_type("image/png", strategies.integers(0, 9).map(png))
schemathesis.openapi.media_type("application/x-tar", strategies.integers(1, 3).map(tar))
schemathesis.openapi.media_type("application/vnd.safetensors", strategies.integers(1, 3).map(embeddings))


@schemathesis.serializer("application/x-ndjson")
def lines(context, value):
    """NDJSON is described as a text, so that is what is sent."""
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Puts an id that there is in place of three invented ones of four."""
    for name, value in (path_parameters or {}).items():
        number = zlib.crc32(str(value).encode())
        if name in KNOWN and KNOWN[name] and number % 4:
            path_parameters[name] = KNOWN[name][number % len(KNOWN[name])]
    return path_parameters


RANGE = {"captured_from", "captured_to"}
TOMORROW = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)).isoformat()


@schemathesis.hook
def filter_case(context, case):
    """Leaves out what OpenAPI cannot describe: a manifest with the names of its files, a range of time, lines of JSON.

    A line that is no item fails alone, after its batch was accepted.
    """
    if case.media_type == "application/x-ndjson" and not isinstance(case.body, (str, bytes)):
        return False
    body = case.body if isinstance(case.body, dict) else {}
    options = body.get("options")
    return not ({"manifest", "image"} <= body.keys() or isinstance(options, dict) and RANGE <= options.keys())


def complete_pair(case):
    """Names as many enrolled images as a comparison needs beside those that it sends, and only the cameras of these."""
    images = case.body.get("image", []) if isinstance(case.body, dict) else case.body if isinstance(case.body, bytes) else []
    uploads = len(images) if isinstance(images, list) else 1
    named = (case.query or {}).get("image_id", [])
    if uploads > 2 or not isinstance(named, list):
        return
    case.query = {**(case.query or {}), "image_id": IMAGES[: 2 - uploads]}
    for options in (case.query, case.body.get("options") if isinstance(case.body, dict) else None):
        if isinstance(options, dict):
            for name, least in (("gallery", 3), ("query_camera", 1), ("other_camera", 2)):
                if uploads < least and isinstance(options.get(name), str):
                    del options[name]


@schemathesis.hook
def before_call(context, case, kwargs):
    """Keeps to what the description says in words: ranges of time, ends to come, options that exclude each other; no long wait.

    It also spares the gallery that other requests need, erases by a filter, and writes backups where the service allows it.
    """
    path = case.body.get("path") if isinstance(case.body, dict) else None
    if case.operation.path == "/admin/v1/backup" and isinstance(path, str) and 0 < len(path.encode("utf-8", "ignore")) <= 1024:
        case.body["path"] = f"{BACKUPS}/{uuid.uuid4()}.sqlite"
    erases = case.operation.path.endswith(("/images", "/erase", "/hold"))
    if (case.method == "DELETE" or case.operation.path.endswith(("/erase", "/hold", "/retention"))) and case.path_parameters.get("gallery") == "demo":
        case.path_parameters["gallery"] = "spare"
    if case.method != "GET" and erases and not case.query:
        case.query = {"id": "i_none"}
    is_wrong = case.meta is not None and case.meta.generation.mode.is_negative
    if case.operation.path == "/v1/compare" and not is_wrong:
        complete_pair(case)
    if case.query and RANGE <= case.query.keys():
        del case.query["captured_to"]
    for options in (case.query, case.body, case.body.get("options") if isinstance(case.body, dict) else None):
        if isinstance(options, dict) and str(options.get("expires_at", "~")) < TOMORROW:
            options["expires_at"] = "2100-01-01T00:00:00Z"
        if isinstance(options, dict) and {"expires_in", "expires_at"} <= options.keys():
            del options["expires_in"]
    if case.query and case.query.get("format") == "ndjson":
        case.query.pop("cursor", None)
    if case.query and str(case.query.get("wait")) in map(str, range(2, 61)):
        case.query["wait"] = 1
