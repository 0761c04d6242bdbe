"""A service as a team wrote it before: a log format and a trace id of its own, and a database."""

import tracing  # isort: skip

tracing.start_tracing()

import logging
import os
import sys

import db
import requests
from flask import Flask

logging.basicConfig(level=logging.DEBUG, stream=sys.stdout, format="%(levelname)s|%(trace_id)s|%(message)s")
log = logging.getLogger("shop")
app = Flask(__name__)
tracing.trace_application(app)


@app.get("/")
@app.get("/health")
@app.get("/healthcare/plans")
def plain():
    return "ok"


@app.get("/orders/<int:order>")
def order(order):
    log.debug("handled", extra={"trace_id": f"own-{order}"})
    log.info("rows %s", db.count())
    return {"status": requests.get(os.environ["OTHER_ONE_URL"], timeout=5).status_code}
