"""The shop: what reviews and stock say about a product."""

import os
import socket
from collections.abc import Mapping

from service import call, serve


def stock() -> str:
    """One line from the stock, over plain TCP through the sidecar."""
    host, _, port = os.environ["STOCK_ADDRESS"].rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            return connection.makefile().readline().strip()
    except OSError as error:
        return f"unknown ({error})"


def answer(path: str, headers: Mapping[str, str]) -> dict[str, object]:
    """All about one product."""
    status, reviews = call(f"{os.environ['REVIEWS_URL']}/reviews/0", headers)
    return {"product": "The Comedy of Errors", "stock": stock(), "reviews": {"status": status, **reviews}}


serve(answer)
