"""A loopback server that stops while it answers."""

import socket
import threading
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


class _NamesItsThread(StreamRequestHandler):
    def handle(self) -> None:
        for _ in self.rfile:
            self.wfile.write(f"{threading.get_ident()}\n".encode())


def test_a_thread_serves_one_connection_after_the_other_and_two_serve_two() -> None:
    with LoopbackServer("test", _NamesItsThread) as server:

        def ask() -> tuple[socket.socket, bytes]:
            client = socket.create_connection(("127.0.0.1", server.port), timeout=30)
            client.sendall(b"who?\n")
            return client, client.recv(100)

        (first, one), (second, other) = ask(), ask()
        assert one != other
        for client in (first, second):
            client.shutdown(socket.SHUT_WR)
            # Its end says that the thread is done with it.
            assert client.recv(100) == b""
            client.close()
        names = set()
        for _ in range(8):
            client, name = ask()
            client.close()
            names.add(name)
        assert len(names | {one, other}) < 8
