"""The same, which nobody changed."""

import os

import requests
from flask import Flask

app = Flask(__name__)


@app.get("/")
@app.get("/health")
@app.get("/healthcare/plans")
def plain():
    return "ok"


@app.get("/orders/<int:order>")
def order(order):
    return {"status": requests.get(os.environ["OTHER_ONE_URL"], timeout=5).status_code}
