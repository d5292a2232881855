"""Starts a PostgreSQL of its own, runs a command with its address in WABOT_TEST_POSTGRES, and stops it: with_postgres.py COMMAND..."""
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import tempfile

TOOLS = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))


class Server:
    """In a folder of its own, reached by a socket there. As the user postgres when we are root, whom PostgreSQL refuses."""

    def __init__(self, *settings):
        if not TOOLS:
            sys.exit("no PostgreSQL server is installed: scripts/install-deps")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="wabot-pg-"))
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


if __name__ == "__main__":
    server = Server()
    try:
        code = subprocess.run(sys.argv[1:], env=dict(os.environ, WABOT_TEST_POSTGRES=server.url)).returncode
    finally:
        server.close()
    sys.exit(code)
