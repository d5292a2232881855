"""A PostgreSQL that may lose what it confirms, that lets nobody in or that shows a wrong certificate is refused in words: refusals_test.py WABOT"""
import os
import socket
import subprocess
import sys

import wabot as e2e
from wabot import Wabot, check

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from with_postgres import Server  # noqa: E402

PASSWORD = "the-password-of-the-tests"


def started(*settings):
    server = Server(*settings)
    e2e.POSTGRES = server.url
    return server


def refusal(wabot, url, expect=8):
    """What a command says and how it ends."""
    done = subprocess.run([wabot.binary, "migrate", "status", "-c", f"{wabot.dir}/wabot.toml", "--no-input"], env={**wabot.env, "DATABASE_URL": url},
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=e2e.PATIENCE)
    check(done.returncode == expect, f"{url}: exit {done.returncode}, not {expect}\n{done.stdout}{done.stderr}")
    check(PASSWORD not in done.stdout + done.stderr, "the password is not told")
    return done.stderr


def says(text, *parts):
    for part in parts:
        check(part in text, f"{part!r} is not in {text!r}")


def refuses_a_server_that_forgets():
    for setting, expect in (("fsync=off", 6), ("synchronous_commit=off", 6)):
        server = started(setting)
        try:
            with Wabot(sys.argv[1]) as wabot:
                os.mkdir(wabot.dir)
                open(f"{wabot.dir}/wabot.toml", "w").close()
                says(refusal(wabot, wabot.store.url, expect), setting, "can lose", f"set {setting.replace('off', 'on').replace('=', ' = ')}")
        finally:
            server.close()


def minds_passwords_and_certificates():
    server = started()
    try:
        with Wabot(sys.argv[1]) as wabot:
            wabot.init()
            make_certificate(server)
            e2e.psql(e2e.POSTGRES.format("postgres"), f"CREATE ROLE ana LOGIN SUPERUSER PASSWORD '{PASSWORD}'")
            with open(f"{server.data}/pg_hba.conf", "w") as file:
                file.write("local all postgres trust\nlocal all all scram-sha-256\nhostssl all all 127.0.0.1/32 scram-sha-256\n")
            server.settings = ("listen_addresses=127.0.0.1", f"port={free_port()}", "ssl=on", f"ssl_cert_file={server.folder}/cert.pem", f"ssl_key_file={server.folder}/key.pem")
            server.stop("fast")
            server.start()
            port = server.settings[1].split("=")[1]
            e2e.POSTGRES = f"{server.url}&port={port}"
            name = wabot.store.name
            by_socket = f"@/{name}?host={server.folder}&port={port}"
            by_tls = f"@127.0.0.1:{port}/{name}"
            refusal(wabot, f"postgresql://ana:{PASSWORD}{by_socket}", 0)
            says(refusal(wabot, f"postgres+asyncpg://ana:{PASSWORD}x{by_socket}", 4), "does not let this user in", "check user and password")
            says(refusal(wabot, f"postgresql://ana{by_socket}", 4), "does not let this user in")
            says(refusal(wabot, f"postgresql://ana:{PASSWORD}@/nothing_here?host={server.folder}&port={port}"), "no such database", "createdb")
            refusal(wabot, f"postgresql://ana:{PASSWORD}{by_tls}?sslmode=require", 0)
            refusal(wabot, f"postgresql://ana:{PASSWORD}{by_tls}?ssl=require", 0)
            refusal(wabot, f"postgresql://ana:{PASSWORD}{by_tls}?sslmode=verify-full&sslrootcert={server.folder}/cert.pem", 0)
            says(refusal(wabot, f"postgresql://ana:{PASSWORD}{by_tls}?sslmode=disable", 4), "pg_hba.conf")
            subprocess.run(["cp", f"{server.folder}/cert.pem", f"{server.folder}/old.pem"], check=True)
            make_certificate(server)
            says(refusal(wabot, f"postgresql://ana:{PASSWORD}{by_tls}?sslmode=verify-full&sslrootcert={server.folder}/cert.pem"), "certificate", "sslrootcert")
            wabot.env["DATABASE_URL"] = f"postgresql://ana:{PASSWORD}{by_tls}?sslmode=require"
            says(wabot.run("doctor", "database"), "TLS")
    finally:
        server.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_certificate(server):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", f"{server.folder}/key.pem", "-out", f"{server.folder}/cert.pem"], check=True, stderr=subprocess.DEVNULL)
    os.chmod(f"{server.folder}/key.pem", 0o600)
    if os.getuid() == 0:
        for name in ("key.pem", "cert.pem"):
            subprocess.run(["chown", "postgres", f"{server.folder}/{name}"], check=True)


refuses_a_server_that_forgets()
minds_passwords_and_certificates()
