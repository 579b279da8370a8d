"""Writes jpeg.json, orientation.json, png.json, resize.json and bmp.json: images as files, and the RGB they must become.
Writes exif.json: images as files, and the time of capture that they must give, or null. Writes camera.json: JPEGs with
the faults of cameras, and the RGB they must become.

Run `python3 make_fixtures.py` in this folder. All images are drawn or noise. Written with Python 3.11, NumPy 2.4,
Pillow 13.0.0 and its libjpeg-turbo 3.2.0.

What is expected, and how closely:
- jpeg, orientation: what Pillow decodes, `convert("RGB")` and `ImageOps.exif_transpose` included. Within 2 levels: the
  decoders promise the same integer transform, but not across versions how chroma is spread; CMYK adds a rounding.
- camera: what Pillow decodes of the file before the fault was put in, and of the file itself where Pillow takes it (it wants
  something behind the image data). Within 2 levels, as for jpeg.
- png: computed here from the samples by the PNG specification (13.12 for depths), not by any decoder. Within 1 level: with
  16 bits and alpha, rounding to 8 bits before or after the multiplication differs by one.
- bmp: the samples that were put in. Equal.
- exif: Pillow writes the directories; the times are those that were put in, read by EXIF 2.32: a blank offset is unknown.
- resize: Pillow's `resize(..., BILINEAR)`. Equal; other versions of Pillow than 13 may differ by one level where the height
  shrinks more than twice as many pixels as the width, because they begin with the width.
"""

import base64, io, json, struct, zlib

import numpy as np
from PIL import Image, ImageDraw, ImageOps

noise = np.random.default_rng(20260301)


def text(data):
    return base64.b64encode(bytes(data)).decode()


def case(name, file, image, **more):
    rgb = np.asarray(image, np.uint8)
    assert rgb.ndim == 3 and rgb.shape[2] == 3
    more |= {"file": text(file)} if file is not None else {}
    return {"name": name, "width": rgb.shape[1], "height": rgb.shape[0], "rgb": text(rgb.tobytes())} | more


def save(name, cases):
    with open(name, "w") as out:
        out.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")


def drawn(width, height):
    """A gradient with a disc, a bar and a little noise: edges and slopes, and no photograph."""
    y, x = np.mgrid[0:height, 0:width]
    base = np.stack([x * 255 / width, y * 255 / height, 255 - (x + y) * 255 / (width + height)], -1)
    image = Image.fromarray(np.clip(base + noise.normal(0, 4, base.shape), 0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(image)
    pen.ellipse([width * 0.2, height * 0.1, width * 0.7, height * 0.6], fill=(220, 40, 30))
    pen.rectangle([width * 0.5, height * 0.5, width * 0.95, height * 0.7], fill=(10, 200, 230))
    return image


# JPEG

def jpeg(image, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", **({"quality": 90} | options))
    return out.getvalue()


def segments(file):
    """The marker segments before the scan as (marker, whole bytes), then the rest."""
    at, parts = 2, []
    while file[at + 1] != 0xDA:
        size = 2 + struct.unpack(">H", file[at + 2:at + 4])[0]
        parts.append((file[at + 1], file[at:at + size]))
        at += size
    return parts, file[at:]


def without(file, marker):
    parts, rest = segments(file)
    return b"\xff\xd8" + b"".join(p for m, p in parts if m != marker) + rest


def with_adobe_transform(file, transform):
    parts, rest = segments(file)
    parts = [p[:-1] + bytes([transform]) if m == 0xEE else p for m, p in parts]
    return b"\xff\xd8" + b"".join(parts) + rest


def one_scan_per_component(image):
    """A baseline file of three scans: each component encoded as a gray file, and their scans joined."""
    grays = [segments(jpeg(plane)) for plane in image.convert("YCbCr").split()]
    frame = struct.pack(">HBHHB", 17, 8, image.height, image.width, 3) + b"".join(bytes([i, 0x11, 0]) for i in (1, 2, 3))
    out = b"\xff\xd8" + b"".join(p for m, p in grays[0][0] if m == 0xDB) + b"\xff\xc0" + frame
    for i, (parts, scan) in enumerate(grays, 1):
        out += b"".join(p for m, p in parts if m == 0xC4)
        out += b"\xff\xda" + struct.pack(">HBBBBBB", 8, 1, i, 0x00, 0, 63, 0) + scan[10:-2]
    return out + b"\xff\xd9"


def inks(image):
    """C, M, Y, K with some black taken out of the colors."""
    cmy = 255 - np.asarray(image).astype(int)
    k = cmy.min(-1, keepdims=True) // 2
    return np.concatenate([cmy - k, k], -1).astype(np.uint8)


def jpeg_cases():
    image = drawn(37, 23)
    cmyk = Image.fromarray(inks(image), "CMYK")
    ycc = Image.merge("RGB", cmyk.split()[:3]).convert("YCbCr")
    ycck = Image.merge("CMYK", (*ycc.split(), cmyk.split()[3]))
    files = {
        "baseline 4:4:4": jpeg(image, subsampling="4:4:4"),
        "baseline 4:2:2": jpeg(image, subsampling="4:2:2"),
        "baseline 4:2:0": jpeg(image, subsampling="4:2:0"),
        "progressive": jpeg(image, progressive=True),
        "restart markers": jpeg(image, restart_marker_blocks=2),
        "stored as RGB": jpeg(image, keep_rgb=True),
        "gray": jpeg(image.convert("L")),
        "progressive gray": jpeg(image.convert("L"), progressive=True),
        "CMYK, Adobe's inverted": jpeg(cmyk),
        "CMYK, progressive": jpeg(cmyk, progressive=True),
        "CMYK, no Adobe marker": without(jpeg(cmyk), 0xEE),
        "YCCK": with_adobe_transform(jpeg(ycck, quality=95), 2),
        "one scan per component": one_scan_per_component(image),
        "one pixel": jpeg(drawn(1, 1)),
        "one column": jpeg(drawn(1, 19)),
        "larger than a block row": jpeg(drawn(70, 130), subsampling="4:2:0"),
    }
    for name, file in files.items():
        yield case(name, file, Image.open(io.BytesIO(file)).convert("RGB"))


def camera_cases():
    """Files as cameras write them: libjpeg's decoder skips what belongs to nothing, and fills in the tables of T.81 K.3."""
    image = drawn(37, 23)
    usual, restarts = jpeg(image, subsampling="4:2:2"), jpeg(image, restart_marker_blocks=2)
    progressive = jpeg(image, progressive=True)
    parts, rest = segments(usual)
    avi = b"\xff\xe0" + struct.pack(">H", 16) + b"AVI1" + bytes(10)
    joined = lambda between: b"\xff\xd8" + parts[0][1] + b"".join(between + p for _, p in parts[1:])
    files = [
        ("stray bytes between segments", usual, joined(b"\x00\x01\x7f") + b"\x12" + rest),
        ("fill bytes before each marker", usual, joined(b"\xff\xff\xff") + b"\xff" + rest),
        ("stuffed bytes between segments", usual, joined(b"\xff\x00") + rest),
        ("zeros before the end mark", usual, usual[:-2] + bytes(40) + usual[-2:]),
        ("zeros instead of the end mark", usual, usual[:-2] + bytes(40)),
        ("no Huffman tables", usual, b"\xff\xd8" + avi + b"".join(p for m, p in parts if m not in (0xC4, 0xE0)) + rest),
        ("no end mark", usual, usual[:-2]),
        ("half an end mark", usual, usual[:-1]),
        ("no end mark, restart markers", restarts, restarts[:-2]),
        ("no end mark, progressive", progressive, progressive[:-2]),
    ]
    for name, whole, file in files:
        expected = Image.open(io.BytesIO(whole)).convert("RGB")
        if file[-2:] == b"\xff\xd9" or file[-1:] == b"\0":
            assert Image.open(io.BytesIO(file)).convert("RGB").tobytes() == expected.tobytes(), name
        yield case(name, file, expected)


def tiff(orientation, order):
    mark = b"II" if order == "<" else b"MM"
    entries = struct.pack(order + "HHIHH", 0x0100, 3, 1, 9, 0) + struct.pack(
        order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    return mark + struct.pack(order + "HIH", 42, 8, 2) + entries + struct.pack(order + "I", 0)


def orientation_cases():
    image = drawn(21, 13)
    for orientation in range(1, 9):
        for order in "<>":
            file = jpeg(image, exif=b"Exif\0\0" + tiff(orientation, order))
            upright = ImageOps.exif_transpose(Image.open(io.BytesIO(file)))
            yield case(f"JPEG {orientation} {order}", file, upright)
        out = io.BytesIO()
        image.save(out, "PNG", exif=tiff(orientation, ">"))
        yield case(f"PNG {orientation}", out.getvalue(), ImageOps.exif_transpose(Image.open(out)))


# EXIF

def exif_cases():
    original, offset = 0x9003, 0x9011
    time = "2026:11:22 10:00:00"
    cases = [
        ("with an offset", {original: time, offset: "+01:00"}, "2026-11-22T10:00:00+01:00"),
        ("west of UTC", {original: time, offset: "-05:30"}, "2026-11-22T10:00:00-05:30"),
        ("without an offset", {original: time}, "2026-11-22T10:00:00Z"),
        ("with a blank offset", {original: time, offset: "   :  "}, "2026-11-22T10:00:00Z"),
        ("among other tags", {0x829A: (1, 60), 0x9000: b"0232", original: time, 0x9004: "2001:01:01 00:00:00",
                              0x9010: "+09:00", offset: "+00:00", 0xA002: 40}, "2026-11-22T10:00:00+00:00"),
        ("with a zone's name", {original: time, offset: "CET"}, None),
        ("with an offset of other signs", {original: time, offset: "+1:000"}, None),
        ("an offset alone", {offset: "+01:00"}, None),
        ("only digitized", {0x9004: time}, None),
        ("blank", {original: "    :  :     :  :  "}, None),
        ("with dashes", {original: "2026-11-22 10:00:00"}, None),
        ("a day alone", {original: "2026:11:22"}, None),
        ("too long", {original: time + ".5"}, None),
        ("empty", {original: ""}, None),
        ("bytes instead of text", {original: time.encode()}, None),
        ("nothing in the directory", {}, None),
    ]
    image = Image.new("RGB", (9, 5), (40, 90, 200))
    for name, inner, captured in cases:
        for form in ("JPEG", "PNG"):
            for order in "<>":
                exif = Image.Exif()
                exif.endian = order
                exif[0x0132] = "1999:12:31 23:59:59"  # when the file was changed: never meant
                exif[0x010F] = "a maker"
                exif.get_ifd(0x8769).update(inner)
                out = io.BytesIO()
                image.save(out, form, exif=exif.tobytes())
                yield {"name": f"{form} {order} {name}", "file": text(out.getvalue()), "captured": captured}
    for form in ("JPEG", "PNG"):
        out = io.BytesIO()
        image.save(out, form)
        yield {"name": f"{form} without EXIF", "file": text(out.getvalue()), "captured": None}


# PNG

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed_rows(samples, depth):
    """Rows of unfiltered (type 0) bytes for samples of shape [height, width, channels]."""
    out = b""
    for row in samples:
        flat = row.reshape(-1)
        if depth == 16:
            data = flat.astype(">u2").tobytes()
        else:
            bits = "".join(format(int(v), f"0{depth}b") for v in flat)
            bits += "0" * (-len(bits) % 8)
            data = bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))
        out += b"\0" + data
    return out


def png(samples, kind, depth, interlaced=False, palette=None, transparent=None, extra=b""):
    height, width, _ = samples.shape
    if interlaced:
        parts = [samples[y::dy, x::dx] for x, y, dx, dy in ADAM7]
        data = b"".join(packed_rows(p, depth) for p in parts if p.size)
    else:
        data = packed_rows(samples, depth)
    data = zlib.compress(data, 9)
    half = len(data) // 2
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced))
            + chunk(b"gAMA", struct.pack(">I", 100000)) + extra
            + (chunk(b"PLTE", palette.tobytes()) if palette is not None else b"")
            + (chunk(b"tRNS", transparent) if transparent is not None else b"")
            + chunk(b"IDAT", data[:half]) + chunk(b"IDAT", data[half:]) + chunk(b"IEND", b""))


def over_black(samples, kind, depth, palette=None, transparent=None):
    top = (1 << depth) - 1
    if kind == 3:
        index = samples[..., 0]
        alpha = np.full(256, 255)
        alpha[:len(transparent or b"")] = list(transparent or b"")
        share, color = alpha[index][..., None] / 255, palette[index] / 255
    else:
        values = samples / top
        color = values[..., :3] if kind in (2, 6) else np.repeat(values[..., :1], 3, -1)
        share = values[..., -1:] if kind in (4, 6) else 1.0
        if transparent is not None:
            key = struct.unpack(f">{len(transparent) // 2}H", transparent)
            share = 1.0 - np.all(samples == key, -1, keepdims=True)
    return np.floor(color * share * 255 + 0.5).astype(np.uint8)


def png_cases():
    for kind, depths in DEPTHS.items():
        for depth in depths:
            samples = noise.integers(0, 1 << depth, (11, 9, CHANNELS[kind]))
            palette = noise.integers(0, 256, (1 << depth, 3)).astype(np.uint8) if kind == 3 else None
            keys = [None]
            if kind in (0, 2):
                keys.append(struct.pack(f">{CHANNELS[kind]}H", *(int(v) for v in samples[3, 4])))
            elif kind == 3:
                keys.append(bytes(noise.integers(0, 256, max(1, (1 << depth) * 2 // 3)).astype(np.uint8)))
            for key in keys:
                for interlaced in (False, True):
                    name = f"type {kind}, {depth} bits" + ", tRNS" * (key is not None) + ", Adam7" * interlaced
                    yield case(name, png(samples, kind, depth, interlaced, palette, key),
                               over_black(samples, kind, depth, palette, key))
    samples = noise.integers(0, 256, (11, 9, 3))
    bomb = zlib.compress(bytes(16 << 20), 9)
    extra = chunk(b"zTXt", b"comment\0\0" + bomb) + chunk(b"iCCP", b"profile\0\0" + bomb)
    yield case("chunks that inflate to 32 MiB", png(samples, 2, 8, extra=extra), over_black(samples, 2, 8))
    one = noise.integers(0, 256, (1, 1, 3))
    yield case("one pixel, Adam7", png(one, 2, 8, True), over_black(one, 2, 8))


# Resizing

def resize_cases():
    sources = {
        "noise": Image.fromarray(noise.integers(0, 256, (47, 61, 3)).astype(np.uint8)),
        "extremes": Image.fromarray((noise.integers(0, 2, (40, 33, 3)) * 255).astype(np.uint8)),
        "drawn": drawn(90, 130),
    }
    sizes = {
        "noise": [(61, 47), (30, 47), (61, 20), (64, 96), (16, 48), (7, 5), (1, 1), (1, 60), (122, 13), (60, 46)],
        "extremes": [(33, 40), (11, 13), (70, 90), (32, 39), (34, 41)],
        "drawn": [(32, 96), (45, 65), (128, 40)],
    }
    for name, source in sources.items():
        for size in sizes[name]:
            yield case(f"{name} to {size[0]}×{size[1]}", None, source.resize(size, Image.Resampling.BILINEAR),
                       source=name)
        yield case(name, None, source)


# BMP

def bmp(rows, bits, top_down=False, palette=b"", header=40, used=0, gap=0):
    """A BMP of rows of bytes that are already in the file's order of colors."""
    height, width = rows.shape[:2]
    padded = b"".join(r.tobytes() + b"\xaa" * (-r.nbytes % 4) for r in (rows if top_down else rows[::-1]))
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, width, -height if top_down else height, 1, bits, 0, 0, 2835, 2835,
                           used, 0) + bytes(header - 40)
    offset = 14 + len(info) + len(palette) + gap
    return struct.pack("<2sIHHI", b"BM", offset + len(padded), 0, 0, offset) + info + palette + bytes(gap) + padded


def bmp_cases():
    for width in (1, 2, 3, 4, 5, 48):
        rgb = noise.integers(0, 256, (7, width, 3)).astype(np.uint8)
        for top_down in (False, True):
            yield case(f"24 bits, {width} wide" + ", top down" * top_down, bmp(rgb[..., ::-1], 24, top_down), rgb)
    for header in (12, 40, 56, 108, 124):
        rgb = noise.integers(0, 256, (5, 6, 3)).astype(np.uint8)
        yield case(f"24 bits, header of {header}", bmp(rgb[..., ::-1], 24, header=header, gap=8), rgb)
        colors = noise.integers(0, 256, (256, 3)).astype(np.uint8)
        index = noise.integers(0, 256, (5, 6)).astype(np.uint8)
        entries = b"".join(c[::-1].tobytes() + b"\0" * (header > 12) for c in colors)
        yield case(f"8 bits, header of {header}", bmp(index, 8, palette=entries, header=header), colors[index])
    index = noise.integers(0, 3, (5, 7)).astype(np.uint8)
    for top_down in (False, True):
        entries = b"".join(c[::-1].tobytes() + b"\0" for c in colors[:3])
        yield case("8 bits, palette of 3" + ", top down" * top_down,
                   bmp(index, 8, top_down, palette=entries, used=3), colors[index])
    for mode in ("RGB", "P", "L"):
        image = drawn(21, 13).convert(mode)
        out = io.BytesIO()
        image.save(out, "BMP")
        yield case(f"Pillow's {mode}", out.getvalue(), image.convert("RGB"))


save("jpeg.json", jpeg_cases())
save("orientation.json", orientation_cases())
save("png.json", png_cases())
save("resize.json", resize_cases())
save("bmp.json", bmp_cases())
save("exif.json", exif_cases())
save("camera.json", camera_cases())
