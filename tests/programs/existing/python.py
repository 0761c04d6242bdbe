"""FastAPI with a router, SQLAlchemy, Redis and Celery; JSON logs with a trace_id of its own; its own way to end."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from programs.existing import Edit, Existing, run

#: As `pip freeze` wrote it. FastAPI brings OpenTelemetry's API by itself, later than the stub's.
LOCK = """\
amqp==5.4.2
annotated-doc==0.0.7
annotated-types==0.8.0
anyio==4.16.0
billiard==4.3.2
celery==5.7.0
certifi==2026.10.19.post1
click==8.5.1
click-didyoumean==0.3.1
click-plugins==1.1.1.2
click-repl==0.4.1
fastapi==0.165.0
greenlet==3.5.6
h11==0.16.0
httpcore==1.0.9
httpx==0.28.1
idna==3.20
kombu==5.7.0
opentelemetry-api==1.45.2
packaging==26.4
prompt_toolkit==3.0.53
pydantic==2.14.4
pydantic_core==2.50.5
python-dateutil==2.9.0.post0
python-json-logger==4.2.0
redis==8.1.0
six==1.17.0
SQLAlchemy==2.0.58
starlette==1.10.0
typing-inspection==0.4.5
typing_extensions==4.16.0
tzlocal==5.4.5
uvicorn==0.54.0
vine==5.1.0
wcwidth==0.9.4
"""

MAIN = '''\
"""The orders of the shop."""
import asyncio
import contextlib
import logging
import os
import signal

import httpx
import uvicorn
from fastapi import APIRouter, FastAPI, Request

from orders import log as _, store, tasks

log = logging.getLogger("orders")
router = APIRouter(prefix="/v1")


@router.get("/orders/{order_id}")
async def read(order_id: int, request: Request):
    correlation = request.headers.get("x-correlation-id", "-")
    found = {"order": order_id, "rows": store.count(order_id), "seen": store.seen(order_id)}
    async with httpx.AsyncClient(timeout=5) as client:
        found["price"] = (await client.get(os.environ["PRICES_URL"])).status_code
    tasks.reserve.delay(order_id)
    log.info("order read", extra={"trace_id": correlation, "order": order_id})
    return found


@router.get("/fails")
async def fails():
    raise ValueError("no such order")


def new_app():
    app = FastAPI()
    app.include_router(router)

    @app.get("/healthz")
    async def health():
        return "ok"

    return app


async def main():
    server = uvicorn.Server(uvicorn.Config(new_app(), port=int(os.environ["PORT"]), log_config=None))
    server.capture_signals = contextlib.nullcontext
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: setattr(server, "should_exit", True))
    await server.serve()
    log.info("ended in its own way", extra={"trace_id": "-"})


if __name__ == "__main__":
    asyncio.run(main())
'''

LOG = """\
import logging
import sys

from pythonjsonlogger.json import JsonFormatter

handler = logging.StreamHandler(sys.stdout)
handler.setFormatter(JsonFormatter("%(levelname)s %(name)s %(message)s"))
logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
logging.getLogger("httpx").setLevel(logging.WARNING)
"""

STORE = """\
import os

import redis
from sqlalchemy import create_engine, text

engine = create_engine("sqlite://")
cache = redis.Redis(port=int(os.environ["REDIS_PORT"]))


def count(order_id):
    with engine.connect() as connection:
        return connection.execute(text("SELECT :order + 1"), {"order": order_id}).scalar()


def seen(order_id):
    return bool(cache.set(f"order:{order_id}", "seen"))
"""

TASKS = """\
import logging
import os

from celery import Celery

from orders import log as _, store

address = f"redis://127.0.0.1:{os.environ['REDIS_PORT']}/1"
app = Celery("orders", broker=address)
app.conf.worker_hijack_root_logger = False
app.conf.worker_redirect_stdouts = False
log = logging.getLogger("orders.tasks")


@app.task(name="reserve")
def reserve(order_id):
    store.seen(order_id)
    log.info("reserved", extra={"trace_id": "worker", "order": order_id})
"""


def prepare(folder: Path, cache: Path) -> Mapping[str, str]:
    """A virtual environment of the lock file: copied, since adoption adds to it."""
    whole = cache / f"python-existing-{hashlib.sha256((LOCK + sys.version).encode()).hexdigest()[:16]}"
    if not whole.exists():
        shutil.rmtree(part := whole.with_suffix(".part"), ignore_errors=True)
        run(f"{sys.executable} -m venv {part} && {part}/bin/pip install -q -r requirements.txt", folder, {})
        part.rename(whole)
    here = folder / ".venv"
    run(f"{sys.executable} -m venv {here}", folder, {})
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    shutil.copytree(whole / "lib" / version, here / "lib" / version, dirs_exist_ok=True)
    return {"PATH": f"{here}/bin:/usr/bin:/bin", "VIRTUAL_ENV": str(here), "PYTHONUNBUFFERED": "1"}


def versions(folder: Path, variables: Mapping[str, str]) -> Mapping[str, str]:
    """What pip says is installed."""
    listed = json.loads(run("python -m pip list --format json", folder, variables))
    return {each["name"].lower().replace("_", "-"): each["version"] for each in listed}


SERVICE = Existing(
    language="python",
    said={"framework": "fastapi", "libraries": ["sqlalchemy", "redis", "celery", "httpx"]},
    files={
        "requirements.txt": LOCK,
        "orders/__init__.py": "",
        "orders/__main__.py": MAIN,
        "orders/log.py": LOG,
        "orders/store.py": STORE,
        "orders/tasks.py": TASKS,
    },
    edits=(
        Edit("orders/__main__.py", "python", 0),
        Edit("orders/tasks.py", "python", 0),
        Edit("orders/__main__.py", "python", 1, at="    return app", indent="    "),
    ),
    prepare=prepare,
    versions=versions,
    commands={
        "orders": ["python", "-m", "orders"],
        "worker": [
            "python",
            "-m",
            "celery",
            "-A",
            "orders.tasks",
            "worker",
            "--concurrency",
            "1",
            "--loglevel",
            "INFO",
        ],
    },
    adopted={},
    route="GET /v1/orders/{order_id}",
    spans=((3, "SELECT"), (3, "SET"), (3, "GET"), (4, "apply_async/reserve"), (5, "run/reserve")),
    needs=("redis",),
)
