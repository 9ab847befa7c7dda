"""A PostgreSQL server of the tests' own: in a temporary folder, reached over a socket in it, gone afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path
from urllib.parse import quote


def programs() -> Path | None:
    """Return the folder of ``initdb`` and ``pg_ctl``, None where PostgreSQL is not installed."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda found: float(found.parts[-3]))
    found = shutil.which("pg_ctl")
    return debian[-1].parent if debian else Path(found).resolve().parent if found else None


class Server:
    """A server that can be stopped and started; it refuses to run as root, and so runs as ``postgres`` there."""

    def __init__(self, binaries: Path) -> None:
        self._binaries = binaries
        self._folder = Path(tempfile.mkdtemp(prefix="slokit-pg-"))
        if os.getuid() == 0:
            shutil.chown(self._folder, "postgres")
        # Nobody cuts the power under a test, so nothing need be flushed.
        self._run("initdb", "-D", f"{self._folder}/data", "-U", "slo", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-c listen_addresses= -c unix_socket_directories={self._folder} -c fsync=off -c max_connections=60"
        self._run("pg_ctl", "-D", f"{self._folder}/data", "-w", "-l", f"{self._folder}/log", "-o", options, "start")

    def stop(self) -> None:
        """Stop it at once, as a failing machine would; the next start recovers."""
        self._run("pg_ctl", "-D", f"{self._folder}/data", "-w", "-m", "immediate", "stop")

    def remove(self) -> None:
        """Stop it and delete all it has."""
        self.stop()
        shutil.rmtree(self._folder)

    def database(self) -> str:
        """Create an empty database and return its URL."""
        name = f"slo_{uuid.uuid4().hex}"
        self._run("psql", "-h", str(self._folder), "-U", "slo", "-q", "-c", f"CREATE DATABASE {name}", "postgres")
        return f"postgresql://slo@/{name}?host={quote(str(self._folder), safe='')}"

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._binaries / program), *arguments]
        if os.getuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        # pg_ctl leaves the server behind, which must not hold a pipe that somebody reads to its end.
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(
                command, cwd="/", stdin=subprocess.DEVNULL, stdout=said, stderr=said, timeout=60, check=False
            )
            said.seek(0)
            assert done.returncode == 0, f"{program} failed:\n{said.read().decode(errors='replace')}"
