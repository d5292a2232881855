#!/usr/bin/env python3
"""Starts a PostgreSQL of its own, runs a command with its address in WABOT_TEST_POSTGRES, and stops it: with_postgres.py [--pooled] COMMAND...

With --pooled the address is that of a pooler before it, which gives each transaction whatever session is free.
"""
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TOOLS = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))


class Server:
    """In a folder of its own, reached by a socket there. As the user postgres when we are root, whom PostgreSQL refuses."""

    def __init__(self, *settings, parent=None):
        if not TOOLS:
            sys.exit("no PostgreSQL server is installed: scripts/install-deps")
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("asked to end"))  # so that it is closed
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="wabot-pg-", dir=parent))
        self.settings = settings
        self.user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres")
        self.tool("initdb", "-D", self.data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8")
        self.start()

    @property
    def data(self):
        return str(self.folder / "data")

    @property
    def url(self):
        return f"postgresql://postgres@/{{}}?host={self.folder}"

    def tool(self, name, *arguments, check=True):
        command = [str(TOOLS[-1] / name), *arguments]
        if os.getuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        done = subprocess.run(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
        if check and done.returncode != 0:
            sys.exit(f"{name} failed:\n{done.stdout}")
        return done

    def start(self):
        options = ["-k", str(self.folder), "-c", "listen_addresses=''", "-c", "max_connections=200", "-c", "autovacuum_naptime=5s"]
        for setting in self.settings:
            options += ["-c", setting]
        # Its output goes to a file: a pipe would stay open for as long as the server lives.
        self.tool("pg_ctl", "-D", self.data, "-w", "-l", str(self.folder / "log"), "-o", " ".join(options), "start")

    def stop(self, how="immediate"):
        self.tool("pg_ctl", "-D", self.data, "-w", "-m", how, "stop", check=False)

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Pooler:
    """In the folder of a server, between it and those who take its `url`."""

    def __init__(self, server):
        self.url = f"{server.url}&port=6432"
        settings = server.folder / "pooler.ini"
        settings.write_text(f"""[databases]
* = host={server.folder} user=postgres
[pgbouncer]
unix_socket_dir = {server.folder}
listen_port = 6432
auth_type = any
pool_mode = transaction
default_pool_size = 5
max_client_conn = 500
""")
        command = [shutil.which("pgbouncer", path="/usr/sbin:/usr/bin"), "-q", str(settings)]
        if os.getuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 30
        while not (server.folder / ".s.PGSQL.6432").exists():
            if self.process.poll() is not None or time.monotonic() > end:
                sys.exit("pgbouncer does not start: scripts/install-deps")
            time.sleep(0.02)

    def close(self):
        self.process.terminate()
        self.process.wait()


def memory():
    """A folder in memory where there is room. No test here cuts the power, and waiting for the disk is most of what hundreds of databases take."""
    folder, bytes_least = pathlib.Path("/dev/shm"), 4 << 30
    return folder if folder.is_dir() and os.access(folder, os.W_OK) and shutil.disk_usage(folder).free >= bytes_least else None


if __name__ == "__main__":
    is_pooled = sys.argv[1] == "--pooled"
    server = Server(parent=memory())
    try:
        pooler = Pooler(server) if is_pooled else None
        url = pooler.url if pooler else server.url
        code = subprocess.run(sys.argv[1 + is_pooled:], env=dict(os.environ, WABOT_TEST_POSTGRES=url)).returncode
        if pooler:
            pooler.close()
    finally:
        server.close()
    sys.exit(code)
