#!/usr/bin/env python3
"""A registry on loopback for the test of image.sh, in memory, with one base image in it.

usage: registry.py PORT COMMAND...

Runs COMMAND while it serves, then prints each image that was pushed: its name, digest, and configuration, as one line of JSON. `base/image:1`
is there from the start: an image of one empty layer. Exit code: that of COMMAND.
"""
import gzip
import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BLOBS, MANIFESTS, UPLOADS = {}, {}, {}
TYPE = "application/vnd.docker.distribution.manifest.v2+json"


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def blob(content):
    BLOBS[digest(content)] = content
    return {"digest": digest(content), "size": len(content)}


def base():
    tar = io.BytesIO()
    tarfile.open(fileobj=tar, mode="w").close()
    config = {"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": [digest(tar.getvalue())]}}
    manifest = {
        "schemaVersion": 2, "mediaType": TYPE,
        "config": {"mediaType": "application/vnd.docker.container.image.v1+json", **blob(json.dumps(config).encode())},
        "layers": [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", **blob(gzip.compress(tar.getvalue(), mtime=0))}],
    }
    keep("base/image", "1", json.dumps(manifest).encode(), TYPE)


def keep(name, tag, content, media):
    for reference in (tag, digest(content)):
        MANIFESTS[name, reference] = (content, media)


class Registry(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, code, content=b"", **headers):
        self.send_response(code)
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        whole = b""
        while size := int(self.rfile.readline(), 16):
            whole += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return whole

    def do_GET(self):
        path = self.path.split("?")[0]
        if path == "/v2/":
            return self.answer(200)
        if found := re.fullmatch(r"/v2/(.+)/manifests/(.+)", path):
            content, media = MANIFESTS.get(found.groups(), (None, None))
            return self.answer(200, content, Content_Type=media, Docker_Content_Digest=digest(content)) if content else self.answer(404)
        content = BLOBS.get(path.rsplit("/", 1)[-1])
        return self.answer(200, content, Content_Type="application/octet-stream") if content is not None else self.answer(404)

    do_HEAD = do_GET

    def do_POST(self):
        self.body()
        UPLOADS[str(len(UPLOADS))] = b""
        self.answer(202, Location=self.path.split("?")[0].rstrip("/") + "/" + str(len(UPLOADS) - 1))

    def do_PATCH(self):
        path = self.path.split("?")[0]
        UPLOADS[path.rsplit("/", 1)[-1]] += self.body()
        self.answer(202, Location=path)

    def do_PUT(self):
        path, _, query = self.path.partition("?")
        if found := re.fullmatch(r"/v2/(.+)/manifests/(.+)", path):
            content = self.body()
            keep(*found.groups(), content, self.headers["Content-Type"])
            return self.answer(201, Docker_Content_Digest=digest(content))
        content = UPLOADS.pop(path.rsplit("/", 1)[-1], b"") + self.body()
        UPLOADS[path.rsplit("/", 1)[-1]] = b""
        BLOBS[digest(content)] = content
        self.answer(201)

    def log_message(self, *_):
        pass


def main():
    base()
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Registry)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    code = subprocess.run(sys.argv[2:]).returncode
    for (name, tag), (content, _) in sorted(MANIFESTS.items()):
        if name != "base/image" and not tag.startswith("sha256:"):
            config = json.loads(BLOBS[json.loads(content)["config"]["digest"]])
            layers = {}
            for layer in json.loads(content)["layers"]:
                with tarfile.open(fileobj=io.BytesIO(BLOBS[layer["digest"]])) as tar:
                    layers |= {member.name: digest(tar.extractfile(member).read())[7:19] for member in tar if member.isreg()}
            print(json.dumps({"name": name, "tag": tag, "digest": digest(content), "config": config["config"], "files": layers}, sort_keys=True))
    sys.exit(code)


if __name__ == "__main__":
    main()
