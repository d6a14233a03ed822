#!/usr/bin/env python3
"""Builds an OCI image out of a Dockerfile and this machine's own files: no registry, no daemon.

usage: image.py KIND OUT.tar [NAME=VALUE...]

  jvm      the sidecar on a JVM, by src/main/docker/Dockerfile.jvm, of target/quarkus-app
  native   the sidecar as a binary, by src/main/docker/Dockerfile.native-micro; binary=FILE is what `make native` made
  engine   the simulated engine, by scripts/node/Dockerfile.engine, of target/test-classes; name=... is what it is called
  engine-bare  the same without a shell, by scripts/node/Dockerfile.engine-bare
  pause    what holds a pod's namespaces, by scripts/node/Dockerfile.pause

Of a Dockerfile COPY, WORKDIR, ENV, USER, ENTRYPOINT, CMD, EXPOSE and LABEL are followed; FROM is replaced by a layer of this machine's
files: glibc, and with it the JDK that scripts/java-home.sh finds, or a shell and python3. RUN is no instruction that this can follow.
The sidecar's images have no shell, so nothing of theirs can depend on one. Layers of the machine's files are kept in the cache.
Prints the image's name. Exit codes: 64 wrong use, 69 something is missing.
"""
import glob
import hashlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tarfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CACHE = os.path.join(
    os.environ.get("PILOTLIGHT_CACHE")
    or os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "pilotlight"),
    "node-bin",
)
KINDS = {  # kind: Dockerfile, layers that its FROM becomes, name
    "jvm": ("src/main/docker/Dockerfile.jvm", ["glibc", "jdk"], "pilotlight.test/pilotlight:jvm"),
    "native": ("src/main/docker/Dockerfile.native-micro", ["glibc"], "pilotlight.test/pilotlight:native"),
    "engine": ("scripts/node/Dockerfile.engine", ["glibc", "jdk", "tools"], "pilotlight.test/engine:1"),
    "engine-bare": ("scripts/node/Dockerfile.engine-bare", ["glibc", "jdk"], "pilotlight.test/engine-bare:1"),
    "pause": ("scripts/node/Dockerfile.pause", ["busybox"], "pilotlight.test/pause:1"),
}
TOOLS = "bash cat cp date env head id kill ls mkdir printenv rm seq sleep stat tail test timeout tr wc".split()
# The users of the images that FROM names, so that the same uid has the same name and home.
PASSWD = "root:x:0:0:root:/root:/sbin/nologin\njboss:x:185:0:JBoss user:/home/jboss:/sbin/nologin\nquarkus:x:1001:0::/home/quarkus:/sbin/nologin\n"


def fail(code, why):
    sys.exit((sys.stderr.write("image.py: " + why + "\n"), code)[1])


# --- layers ---------------------------------------------------------------------------------------------------------


class Layer:
    """An uncompressed tar in the cache, which is written once."""

    def __init__(self, path):
        self.path = path
        self.new = path + ".%d" % os.getpid()
        self.tar = tarfile.open(self.new, "w", format=tarfile.PAX_FORMAT)
        self.names = set()

    def add(self, source, name, uid=0, gid=0, mode=None, deref=True):
        name = name.strip("/")
        if name in self.names:
            return
        self.folder(os.path.dirname(name))
        self.names.add(name)
        path = os.path.realpath(source) if deref else source
        info = self.tar.gettarinfo(path, name)
        info.uid, info.gid, info.uname, info.gname, info.mtime = uid, gid, "", "", 0
        if info.islnk():  # of two names for one file each is a file here
            info.type, info.size = tarfile.REGTYPE, os.path.getsize(path)
        if mode is not None:
            info.mode = mode
        if info.isreg():
            with open(path, "rb") as content:
                self.tar.addfile(info, content)
        else:
            self.tar.addfile(info)

    def tree(self, source, name, uid=0, gid=0, mode=None, without=()):
        for folder, folders, files in os.walk(source):
            folders[:] = sorted(f for f in folders if os.path.relpath(os.path.join(folder, f), source) not in without)
            for file in sorted(files):
                path = os.path.join(folder, file)
                if os.path.relpath(path, source) not in without:
                    self.add(path, os.path.join(name, os.path.relpath(path, source)), uid, gid, mode, deref=False)

    def entry(self, name, kind, mode=0o755, uid=0, gid=0, link="", text=""):
        if name.strip("/") in self.names:
            return
        self.folder(os.path.dirname(name.strip("/")))
        self.names.add(name.strip("/"))
        info = tarfile.TarInfo(name.strip("/"))
        info.type, info.mode, info.uid, info.gid, info.linkname, info.size = kind, mode, uid, gid, link, len(text)
        self.tar.addfile(info, io.BytesIO(text.encode()))

    def folder(self, name, **more):
        if name:
            self.entry(name, tarfile.DIRTYPE, **more)

    def program(self, path, name=None):
        """A program or library with the libraries that the loader finds for it."""
        self.add(path, name or path)
        said = subprocess.run(["ldd", path], capture_output=True, text=True).stdout
        for library in re.findall(r"(/\S+) \(0x", said):
            # One name per file: the folders /lib and /lib64 are links into /usr, as on most systems of today.
            self.add(library, re.sub(r"^/lib", "/usr/lib", library))

    def close(self):
        self.tar.close()
        os.rename(self.new, self.path)


def java_home():
    found = subprocess.run([os.path.join(ROOT, "scripts/java-home.sh")], capture_output=True, text=True)
    if found.returncode:
        fail(69, found.stderr.strip())
    return os.path.realpath(found.stdout.strip())


def glibc(layer):
    for link in "bin", "sbin", "lib", "lib64":
        layer.entry(link, tarfile.SYMTYPE, link="usr/" + link)
    layer.folder("tmp", mode=0o1777)
    for folder in "proc", "sys", "dev", "etc", "usr/bin", "usr/sbin", "usr/lib64":
        layer.folder(folder)
    layer.folder("home/jboss", uid=185, mode=0o770)
    layer.folder("home/quarkus", uid=1001, mode=0o770)
    layer.entry("etc/passwd", tarfile.REGTYPE, mode=0o664, text=PASSWD)
    layer.entry("etc/group", tarfile.REGTYPE, mode=0o644, text="root:x:0:\n")
    layer.entry("etc/nsswitch.conf", tarfile.REGTYPE, mode=0o644, text="hosts: files dns\n")
    for library in "libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libgcc_s.so.1", "libstdc++.so.6", "libz.so.1":
        for found in glob.glob("/usr/lib/x86_64-linux-gnu/" + library) + glob.glob("/usr/lib64/" + library):
            layer.program(found)


def jdk(layer):
    home = java_home()
    layer.tree(home, "usr/lib/jvm/java-25", without=("jmods", "src.zip", "lib/src.zip", "man", "demo", "include", "legal", "lib/ct.sym"))
    layer.entry("usr/bin/java", tarfile.SYMTYPE, link="/usr/lib/jvm/java-25/bin/java")
    for program in [home + "/bin/java"] + glob.glob(home + "/lib/*.so") + glob.glob(home + "/lib/server/*.so"):
        for library in re.findall(r"(/\S+) \(0x", subprocess.run(["ldd", program], capture_output=True, text=True).stdout):
            if not library.startswith(home):
                layer.add(library, re.sub(r"^/lib", "/usr/lib", library))


def tools(layer):
    for tool in TOOLS:
        found = "/usr/bin/" + tool
        if not os.path.exists(found):
            fail(69, found + " is missing")
        layer.program(found)
    layer.entry("usr/bin/sh", tarfile.SYMTYPE, link="bash")
    python = os.path.realpath("/usr/bin/python3")
    if not os.path.exists(python):
        fail(69, "/usr/bin/python3 is missing, which vLLM's image has; Debian: apt-get install python3")
    layer.program(python)
    layer.entry("usr/bin/python3", tarfile.SYMTYPE, link=os.path.basename(python))
    library = "/usr/lib/" + os.path.basename(python)
    layer.tree(library, library, without=("test", "idlelib", "tkinter", "lib2to3", "ensurepip", "dist-packages", "pydoc_data"))
    for module in glob.glob(library + "/lib-dynload/_s[so]*.so") + glob.glob(library + "/lib-dynload/_hashlib*.so"):
        layer.program(module)


def busybox(layer):
    found = os.path.join(CACHE, "debian/bin/busybox")
    if not os.path.exists(found):
        fail(69, found + " is missing: node.sh build fetches it")
    layer.add(found, "busybox")


def machine_layer(name):
    """The layer of that name; created again when its JDK or this script changes."""
    key = hashlib.sha256(open(__file__, "rb").read() + (java_home() if name == "jdk" else "").encode()).hexdigest()[:12]
    os.makedirs(CACHE + "/layers", exist_ok=True)
    path = "%s/layers/%s-%s.tar" % (CACHE, name, key)
    if not os.path.exists(path):
        for old in glob.glob("%s/layers/%s-*" % (CACHE, name)):
            os.unlink(old)
        layer = Layer(path)
        globals()[name](layer)
        layer.close()
    return path


# --- the Dockerfile ---------------------------------------------------------------------------------------------------


def instructions(dockerfile):
    text = re.sub(r"\\\n", " ", open(dockerfile).read())
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, rest = line.strip().partition(" ")
            yield name.upper(), rest.strip()


def words(rest):
    return json.loads(rest) if rest.startswith("[") else shlex.split(rest)


def copy(layer, rest, workdir, replaced):
    options, names = {}, []
    for word in words(rest):
        if word.startswith("--"):
            key, _, value = word[2:].partition("=")
            options[key] = value
        else:
            names.append(word)
    unknown = set(options) - {"chown", "chmod"}
    if unknown:
        fail(69, "COPY --%s is nothing that this can follow" % unknown.pop())
    uid, _, gid = options.get("chown", "0:0").partition(":")
    uid, gid = int(uid), int(gid or uid)
    mode = int(options["chmod"], 8) if "chmod" in options else None
    target = names[-1] if names[-1].startswith("/") else os.path.join(workdir, names[-1])
    sources = [s for name in names[:-1] for s in ([replaced[name]] if name in replaced else sorted(glob.glob(os.path.join(ROOT, name))))]
    if not sources:
        fail(69, "COPY %s: there is no such file; `make package` makes the application" % names[0])
    for source in sources:
        if os.path.isdir(source):
            layer.folder(target, uid=uid, gid=gid)
            layer.tree(source, target, uid, gid, mode)
        else:
            layer.add(source, os.path.join(target, os.path.basename(source)) if target.endswith("/") else target, uid, gid, mode)


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in KINDS or any("=" not in s for s in sys.argv[3:]):
        print(__doc__, file=sys.stderr)
        sys.exit(64)
    kind, out = sys.argv[1:3]
    settings = dict(s.split("=", 1) for s in sys.argv[3:])
    dockerfile, below, name = KINDS[kind]
    name = settings.get("name", name)
    replaced = {"target/*-runner": settings["binary"]} if "binary" in settings else {}
    config = {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], "WorkingDir": "/"}
    if "jdk" in below:
        config["Env"].append("JAVA_HOME=/usr/lib/jvm/java-25")
    layer = Layer(out + ".layer")
    for instruction, rest in instructions(os.path.join(ROOT, dockerfile)):
        if instruction == "FROM":
            if " as " in rest.lower():
                fail(69, "%s has several stages, which this cannot follow" % dockerfile)
        elif instruction == "COPY":
            copy(layer, rest, config["WorkingDir"], replaced)
        elif instruction == "WORKDIR":
            config["WorkingDir"] = rest
            layer.folder(rest.strip("/"))
        elif instruction == "ENV":
            config["Env"] += words(rest)
        elif instruction == "USER":
            config["User"] = rest
        elif instruction in ("ENTRYPOINT", "CMD"):
            config[{"ENTRYPOINT": "Entrypoint", "CMD": "Cmd"}[instruction]] = words(rest) if rest.startswith("[") else ["/bin/sh", "-c", rest]
        elif instruction == "EXPOSE":
            config["ExposedPorts"] = {port + "/tcp": {} for port in rest.split()}
        elif instruction != "LABEL":
            fail(69, "%s: %s is no instruction that this can follow" % (dockerfile, instruction))
    layer.close()
    write(out, name, config, [machine_layer(part) for part in below] + [layer.path])
    os.unlink(layer.path)
    print(name)


# --- the archive ----------------------------------------------------------------------------------------------------


def digest(path):
    with open(path, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def write(out, name, config, layers):
    """An OCI image layout in a tar; containerd reads the name from the index."""
    files = {digest(path): path for path in layers}
    texts = {}

    def text(value):
        content = json.dumps(value).encode()
        key = hashlib.sha256(content).hexdigest()
        texts[key] = content
        return {"digest": "sha256:" + key, "size": len(content)}

    keys = {path: key for key, path in files.items()}
    media = "application/vnd.oci.image."
    described = text({
        "architecture": "amd64", "os": "linux", "config": config,
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + keys[path] for path in layers]},
        "history": [{"created_by": os.path.basename(path)} for path in layers],
    })
    manifest = text({
        "schemaVersion": 2, "mediaType": media + "manifest.v1+json",
        "config": {"mediaType": media + "config.v1+json", **described},
        "layers": [{"mediaType": media + "layer.v1.tar", "digest": "sha256:" + keys[path], "size": os.path.getsize(path)} for path in layers],
    })
    annotations = {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name.rsplit(":", 1)[1]}
    index = {"schemaVersion": 2, "manifests": [{"mediaType": media + "manifest.v1+json", **manifest, "annotations": annotations}]}
    with tarfile.open(out, "w") as archive:
        def put(where, content):
            info = tarfile.TarInfo(where)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))

        put("oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
        put("index.json", json.dumps(index).encode())
        for key, content in texts.items():
            put("blobs/sha256/" + key, content)
        for key, path in files.items():
            archive.add(path, "blobs/sha256/" + key)


if __name__ == "__main__":
    main()
