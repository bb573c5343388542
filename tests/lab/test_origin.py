"""A loopback server that stops while it answers."""

import socket
from socketserver import StreamRequestHandler

import pytest

from obs_check.lab.origin import HangUpServer, LoopbackServer

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


class _HangsUpBeforeItAnswers(StreamRequestHandler):
    server: HangUpServer

    def handle(self) -> None:
        for line in self.rfile:
            self.server.hang_up()
            self.wfile.write(b"answer to " + line)


def test_an_answer_that_is_under_way_still_goes_out() -> None:
    with (
        LoopbackServer("test", _HangsUpBeforeItAnswers) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=30) as client,
    ):
        client.sendall(b"one\n")
        with client.makefile("rb") as answer:
            assert answer.read() == b"answer to one\n"
