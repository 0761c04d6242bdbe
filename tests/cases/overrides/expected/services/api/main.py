"""An example service with Flask. Replace it by your own, and keep tracing.py."""

# First: tracing starts before what it traces is imported.
from tracing import log_as_json, start_tracing, trace_application

start_tracing()
log_as_json()

import requests
from flask import Flask, request
from opentelemetry import baggage

import work

app = Flask(__name__)
trace_application(app)
work.start()


@app.get(work.HEALTH_PATH)
def health():
    return "ok"


@app.get("/")
def home():
    calls = {}
    for variable, url, headers in work.callees(
        request.headers.get(work.PATH_HEADER, "")
    ):
        try:
            # The trace goes along: requests is instrumented.
            calls[variable] = requests.get(url, headers=headers, timeout=10).status_code
        except requests.RequestException:
            calls[variable] = 0
    return work.answer(calls)


@app.get("/items/<item>")
def item(item: str):
    return work.find_item(item)


@app.get("/slow")
def slow():
    return work.be_slow()


@app.get("/error")
def error():
    work.fail()


@app.get("/work")
def send_work():
    work.send_work()
    return {"sent": True}, 202


@app.get("/baggage")
def show_baggage():
    return dict(baggage.get_all())
