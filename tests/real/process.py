"""A real program on loopback, started and stopped by the tests that compare with it."""

import os
import socket
from pathlib import Path

from obs_check.lab.native.program import NativeProgram


class RealProcess(NativeProgram):
    """As the lab starts it; says what it costs."""

    def cpu_s(self) -> float:
        """CPU seconds of all its threads so far (Linux: /proc/PID/stat)."""
        assert self._process is not None
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens at."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports
