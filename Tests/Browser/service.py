"""A service of its own for the tests: starts the program on free ports, ends it, and starts it again."""

import json
import os
import pathlib
import socket
import subprocess
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
START_SECONDS = 180


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Service:
    """The program `reid serve` with a data folder; it keeps its ports when it is started again."""

    def __init__(self, data, *options):
        self.data = pathlib.Path(data)
        self.data.mkdir(parents=True, exist_ok=True)
        query, admin = free_port(), free_port()
        self.address = f"http://127.0.0.1:{query}"
        self.command = [
            os.environ["REID"], "serve", "--data", str(self.data), "--public", str(ROOT / "Public"),
            "--query-address", f"127.0.0.1:{query}", "--admin-address", f"127.0.0.1:{admin}", *options,
        ]
        self.process = None

    def start(self):
        """Returns once the program has said that it is ready."""
        log = open(self.data / "service.log", "ab")
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=log)
        log.close()
        line = self.process.stdout.readline()
        assert line, f"the service did not start; see {self.data / 'service.log'}"
        json.loads(line)
        return self

    def stop(self):
        if self.process is None:
            return
        self.process.terminate()
        self.process.wait(timeout=30)
        self.process.stdout.close()
        self.process = None

    def images(self, gallery):
        """How many images a gallery has; 0 if there is no gallery yet."""
        try:
            with urllib.request.urlopen(f"{self.address}/v1/galleries/{gallery}") as answer:
                return json.load(answer)["images"]
        except urllib.error.HTTPError:
            return 0

    def query_image(self, person):
        """The path of a rendered image of a person whom the demo gallery has."""
        return str(self.data / "demo" / f"person-{person}.jpg")

    @property
    def token(self):
        return (self.data / "admin-token").read_text().strip()
