"""Stock: one line over plain TCP to whoever connects."""

import os
from socketserver import StreamRequestHandler, ThreadingTCPServer


class Stock(StreamRequestHandler):
    """Says its line at once: the server speaks first."""

    def handle(self) -> None:
        self.wfile.write(b"17 copies\n")


ThreadingTCPServer.allow_reuse_address = True
ThreadingTCPServer(("127.0.0.1", int(os.environ["PORT"])), Stock).serve_forever()
