"""Writes seeds/TARGET/NAME: small valid inputs from which the fuzzers start; none is a photograph, none has 4 KB.

Run `python3 make_seeds.py` in this folder; it needs nothing but Python 3.11. Images are those of the tests' fixtures.
"""

import base64, io, json, pathlib, pickle, struct, tarfile, zipfile

here = pathlib.Path(__file__).parent
tests = here.parent


def save(target, name, data):
    assert len(data) < 4096, (target, name, len(data))
    path = here / "seeds" / target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def fixtures(name):
    return json.loads((tests / f"ImagingTests/Fixtures/{name}.json").read_text())


def images():
    wanted = {
        "jpeg": {"baseline 4:2:0", "progressive", "gray", "YCCK", "restart markers", "one scan per component", "one pixel"},
        "camera": {"no Huffman tables", "stray bytes between segments"},
        "png": {"type 6, 16 bits, Adam7", "type 3, 4 bits, tRNS", "type 0, 1 bits", "type 2, 8 bits", "one pixel, Adam7"},
    }
    for source, names in wanted.items():
        for fixture in fixtures(source):
            if fixture["name"] in names:
                name = fixture["name"].lower().replace(":", "").replace(",", "").replace(" ", "-")
                save("png" if source == "png" else "jpeg", name, base64.b64decode(fixture["file"]))


def tiff(order):
    """A directory with the orientation and a pointer to one with the time of capture."""
    entries = struct.pack(order + "HHIHH", 0x0112, 3, 1, 6, 0) + struct.pack(order + "HHII", 0x8769, 4, 1, 38)
    inner = struct.pack(order + "HHII", 0x9003, 2, 20, 68) + struct.pack(order + "HHII", 0x9011, 2, 7, 88)
    return (
        (b"II" if order == "<" else b"MM") + struct.pack(order + "HIH", 42, 8, 2) + entries
        + struct.pack(order + "I", 0) + struct.pack(order + "H", 2) + inner + struct.pack(order + "I", 0)
        + b"2026:11:22 10:00:00\0" + b"+01:00\0")


def requests():
    lines = {
        "get": "GET /v1/galleries/lobby?limit=3 HTTP/1.1\r\nHost: a.example:8080\r\n\r\n",
        "post": "POST /v1/embeddings HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
        "chunked": "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close, TE\r\n\r\n0\r\n\r\n",
        "old": "GET http://a/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "asterisk": "\r\nOPTIONS * HTTP/1.1\r\nHost:\r\nX-Y:\t z \r\n\r\n",
    }
    for name, text in lines.items():
        save("request", name, text.encode())
    save("chunked", "two", b"5\r\nhello\r\n6;a=b;c=\"d\"\r\n world\r\n0\r\n\r\n")
    save("chunked", "trailers", b"00A\r\n0123456789\r\n0;x\r\nName: value\r\nOther:\r\n\r\n")
    form = (
        b'--frontier\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\nContent-Type: image/png\r\n'
        b'\r\n\x89PNG\r\n--frontie\r\n--frontier \t\r\ncontent-disposition: form-data; name=options\r\n\r\n{}\r\n--frontier--\r\n')
    save("multipart", "two-parts", form)
    save("multipart", "preamble", b"before\r\n" + form + b"after")


def manifest():
    line = {
        "image": "in/a.jpg", "external_id": "e", "person_id": "0042", "camera_id": "c\u00e9\ud83d\udeb6",
        "captured_at": "2026-11-22T10:00:00.5Z", "box": [1, 2, 30, 40]}
    named = "\ufeff" + json.dumps(line) + "\n\n" + '{"image": "b", "person_id": null}\r\n'
    inline = json.dumps({"image_base64": "AQID"}) + "\n" + json.dumps({"embedding": [0.5, -2, 1e-3], "model": "sha256:00"})
    save("manifest", "named", named.encode())
    save("manifest", "inline", inline.encode())
    for name, form in [("ustar", tarfile.USTAR_FORMAT), ("pax", tarfile.PAX_FORMAT), ("gnu", tarfile.GNU_FORMAT)]:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=form) as tar:
            for member in ["manifest.ndjson", "in/a.jpg"] if name == "ustar" else ["in/\u00e9" + "a" * 120]:
                info = tarfile.TarInfo(member)
                info.size = 3
                tar.addfile(info, io.BytesIO(b"{}\n"))
        data = out.getvalue().rstrip(b"\0")
        save("tar", name, data + bytes(1024 + -len(data) % 512))


def tensors():
    for name, header, data in [
        ("two", {"__metadata__": {"version": "1"}, "a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
                 "b": {"dtype": "BF16", "shape": [1, 2], "data_offsets": [8, 12]}}, bytes(12)),
        ("empty", {}, b""),
    ]:
        text = json.dumps(header).encode()
        save("safetensors", name, struct.pack("<Q", len(text)) + text + data)
    items = b'{"person_id": "7"}\n{}'
    text = json.dumps({
        "__metadata__": {"model": "sha256:00"}, "embeddings": {"dtype": "F16", "shape": [2, 3], "data_offsets": [0, 12]},
        "items": {"dtype": "U8", "shape": [len(items)], "data_offsets": [12, 12 + len(items)]}}).encode()
    save("embeddings", "two", struct.pack("<Q", len(text)) + text + struct.pack("<6e", 1, 2, 3, 0.5, -1, 6e4) + items)
    for protocol in (2, 4):
        save("pickle", f"protocol-{protocol}", pickle.dumps(
            {"state_dict": {"epoch": 3, "lr": 0.5, "names": ["a", ("b", None, True)], "big": 1 << 40}}, protocol))
    for path in sorted((tests / "TensorFilesTests/Fixtures/pytorch").iterdir()):
        if path.stat().st_size < 4096 and path.suffix != ".json":
            save("pickle", path.name, path.read_bytes())
    for path in sorted((tests / "TensorFilesTests/Fixtures/matlab").iterdir()):
        if path.stat().st_size < 4096 and path.suffix == ".mat":
            save("matlab", path.name, path.read_bytes())


images()
for order in "<>":
    save("exif", "little" if order == "<" else "big", tiff(order))
requests()
manifest()
tensors()
