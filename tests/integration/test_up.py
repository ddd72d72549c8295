"""`tulle up` and `tulle run` with real proxies and applications."""

import json
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.engines import ENGINES
from tests.support.tulle_process import TulleProcess, get, kill, run_tulle, running, wait_until
from tulle.agent.addresses import free_port

pytestmark = [pytest.mark.envoy, pytest.mark.processes]

EXAMPLE = Path(__file__).parents[2] / "examples" / "shop"
APPLICATION = """
import os, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'{"version": "v9", "reviews": []}'
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        if self.path.endswith("/end"):
            os._exit(7)

ThreadingHTTPServer(("0.0.0.0", int(sys.argv[1])), Handler).serve_forever()
"""


ONLY_V9 = """\
{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: reviews},
 spec: {hosts: [reviews], http: [{route: [{destination: {host: reviews, subset: v9}}]}]}}
---
{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: reviews},
 spec: {host: reviews, subsets: [{name: v9, labels: {version: v9}}]}}
"""


@dataclass(frozen=True)
class Shop:
    """The example, running."""

    up: TulleProcess
    folder: Path
    gateway: str  # URL
    engine: str


@pytest.fixture(params=ENGINES)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    """A copy of the example that a test may change."""
    folder = tmp_path / "shop"
    shutil.copytree(EXAMPLE, folder)
    with running(tmp_path, "up", str(folder), "--engine", request.param) as up:
        gateway = up.wait_for("; open http").rpartition("; open ")[2].strip()
        yield Shop(up, folder, gateway, request.param)


def reviews(gateway: str, user: str = "") -> dict[str, object]:
    status, body = get(gateway, {"end-user": user} if user else {})
    assert status == 200, body
    found = json.loads(body)
    assert found["stock"] == "17 copies"
    part: dict[str, object] = found["reviews"]
    return part


def versions(gateway: str, count: int) -> Counter[str]:
    return Counter(str(reviews(gateway).get("version")) for _ in range(count))


def test_the_example_serves_a_saved_rule_takes_effect_and_a_mistake_does_not(
    shop: Shop,
) -> None:
    up, folder, gateway = shop.up, shop.folder, shop.gateway
    assert reviews(gateway, "jason")["stars"] == {"colour": "red", "status": 200, "Reviewer1": 5, "Reviewer2": 4}
    assert versions(gateway, 40)["v1"] > 20
    assert json.loads(get(f"{gateway}/ratings/1")[1])["Reviewer1"] == 5

    rules = folder / "istio" / "reviews.yaml"
    text = rules.read_text().replace("weight: 90", "weight: 0").replace("weight: 10", "weight: 100")
    rules.write_text(text)
    err = up.wait_for("applied in")
    assert "reviews.yaml:26 → " in err
    assert set(versions(gateway, 20)) == {"v2"}

    rules.write_text(text.replace("    - route:", "    - rout:"))
    err = up.wait_for("not taken; the last good version stays in force")
    assert "reviews.yaml:24:7: error TUL0003" in err
    assert "did you mean route?" in err
    assert set(versions(gateway, 20)) == {"v2"}

    (folder / "istio" / "more.yaml").write_text(text.replace("weight: 100", "weight: 100 # now here"))
    rules.unlink()
    up.wait_for("the control plane starts again")
    assert set(versions(gateway, 20)) == {"v2"}

    assert up.interrupt() == 0
    assert "shop       │" in up.out
    assert "reviews-v1 │" in up.out


def test_an_application_that_dies_is_started_again_and_nobody_is_sent_to_it_meanwhile(
    shop: Shop,
) -> None:
    up, gateway = shop.up, shop.gateway
    ratings = next(pid for pid in up.children() if b"app/ratings.py" in Path(f"/proc/{pid}/cmdline").read_bytes())
    kill(ratings)
    up.wait_for("ratings ended with")
    wait_until(lambda: get(f"{gateway}/ratings/1")[0] == 200, "the ratings to come back")


def test_an_application_joins_the_mesh_and_leaves_it_with_its_own_exit_code(shop: Shop, tmp_path: Path) -> None:
    (shop.folder / "istio" / "reviews.yaml").write_text(ONLY_V9)
    shop.up.wait_for("applied in")
    assert reviews(shop.gateway)["status"] == 503

    port = free_port()
    options = ("--service", "reviews", "--port", str(port), "--service-port", "9080", "--version", "v9")
    command = ("--engine", shop.engine, "--", sys.executable, "-c", APPLICATION, str(port))
    application = TulleProcess(tmp_path, ("run", *options, *command), "run")
    application.wait_for("is in the mesh as reviews.default:9080")
    wait_until(lambda: reviews(shop.gateway).get("version") == "v9", "the new version to answer")

    assert get(f"http://127.0.0.1:{port}/end")[0] == 200
    assert application.process.wait(20) == 7
    wait_until(lambda: reviews(shop.gateway)["status"] == 503, "the application to be gone from the mesh")


def test_an_application_that_is_told_to_stop_is_told_so_itself(shop: Shop, tmp_path: Path) -> None:
    code = "import signal, sys; signal.signal(15, lambda *_: sys.exit(9)); print('up', flush=True); signal.pause()"
    options = ("--service", "idle", "--port", str(free_port()), "--engine", shop.engine)
    application = TulleProcess(tmp_path, ("run", *options, "--", sys.executable, "-c", code), "run")
    wait_until(lambda: "up" in application.out, application.err)
    application.process.terminate()
    assert application.process.wait(20) == 9


def test_what_is_wrong_with_a_file_is_said_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "tulle.yaml").write_text("services:\n  web: {run: x, upstreams: [ap]}\n  api: {run: x}\n")
    ended = run_tulle(tmp_path, "up", str(tmp_path))
    assert ended.returncode == 65
    assert (
        "tulle.yaml:2:29: services.web.upstreams[0]: ap is no service of this file; did you mean api?" in ended.stderr
    )
    assert "> 2 |   web: {run: x, upstreams: [ap]}" in ended.stderr
