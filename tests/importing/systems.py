"""Small systems, written for these tests: a Compose project with its sources, and manifests."""

from collections.abc import Mapping
from pathlib import Path

COMPOSE = {
    "compose.yaml": """\
name: corner
x-common: &common
  restart: unless-stopped
include: [parts/mail.yaml]
services:
  web_shop:
    <<: *common
    build: {context: ., dockerfile: web/Dockerfile}
    ports: ["${WEB_PORT:-8000}:3000"]
    environment:
      BASKET_URL: http://basket:${BASKET_PORT}/
      SERVICE_NAME: web_shop
      CORS_ORIGINS: http://prices:9000
      JAEGER_AGENT_HOST: jaeger
    depends_on: [basket, prices]
    networks: [front, back]
  basket:
    extends: {file: parts/base.yaml, service: python}
    build: ./basket
    expose: ["5000"]
    environment:
      - PRICES_HOST=prices
      - DATABASE_URL=postgres://basket:${DB_PASSWORD:-secret}@basket-db:5432/basket
      - OTEL_SERVICE_NAME=my-basket
    depends_on: {basket-db: {condition: service_healthy}}
    networks: [back]
  prices:
    image: registry.example.com/corner/prices:${PRICES_TAG}
    env_file: prices.env
    command: ["java", "-jar", "app.jar", "--orders.url=http://orders:7000"]
  orders:
    image: registry.example.com/corner/orders:2.4.1
    network_mode: host
    environment: {ASPNETCORE_URLS: "http://+:7000", Bus: "Host=rabbit;Username=guest"}
  nightly:
    image: registry.example.com/corner/nightly:1
    profiles: [night]
    entrypoint: node report.mjs
    links: ["orders:the-orders"]
  basket-db: {image: "postgres:${PG_VERSION:-17}"}
  rabbit: {image: "rabbitmq:4-management"}
  jaeger: {image: "jaegertracing/all-in-one:1.60", ports: ["16686:16686"]}
  pages: {image: "adminer"}
  migrate: {build: ./basket, command: alembic upgrade head}
""",
    "compose.override.yaml": """\
services:
  prices:
    environment: {EXTRA: "1"}
    networks: !reset null
  web_shop:
    environment: [MAIL_URL=http://mail:2525]
""",
    "parts/mail.yaml": "services:\n  mail: {build: ../mail, ports: ['2525']}\n",
    "parts/base.yaml": "services:\n  python:\n    environment: {PYTHONUNBUFFERED: '1'}\n",
    ".env": "BASKET_PORT=5000\n# a comment\nPG_VERSION='16'\n",
    "prices.env": "OTEL_EXPORTER_OTLP_ENDPOINT=http://old-collector:4318\nOTEL_EXPORTER_OTLP_HEADERS=api-key=abc\n",
    "web/Dockerfile": "FROM node:24 AS build\nCOPY web/package.json .\nFROM gcr.io/distroless/nodejs24\n",
    "web/package.json": '{"dependencies": {"fastify": "5", "ioredis": "5", "jaeger-client": "3"}}',
    "basket/Dockerfile": "ARG TAG=3.13\nFROM python:${TAG}-slim\nEXPOSE 5000\n",
    "basket/requirements.txt": "flask==3\npsycopg[binary]>=3\nopentelemetry-sdk\n",
    "mail/Dockerfile": "FROM golang:1.25 AS build\nFROM scratch\n",
    "mail/go.mod": "module m\nrequire (\n\tgithub.com/gin-gonic/gin v1.10.0\n\tgithub.com/lib/pq v1.1 // indirect)",
}  # fmt: skip

MANIFESTS = {
    "all.yaml": """\
apiVersion: v1
kind: List
items:
  - apiVersion: apps/v1
    kind: Deployment
    metadata: {name: gateway, namespace: corner}
    spec:
      selector: {matchLabels: {app: gateway}}
      template:
        metadata: {labels: {app: gateway}}
        spec:
          initContainers: [{name: wait, image: busybox}]
          containers:
            - name: istio-proxy
              image: istio/proxyv2:1.27
            - name: app
              image: registry.example.com/corner/gateway:3
              ports: [{name: http, containerPort: 8000}]
              envFrom: [{configMapRef: {name: gateway}}]
              env:
                - {name: STOCK_HOST, value: stock.corner.svc.cluster.local}
                - {name: STOCK_URL, value: "http://$(STOCK_HOST):80"}
                - {name: NODE_ENV, value: production}
                - {name: ZIPKIN_URL, value: "http://zipkin:9411/api/v2/spans"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: gateway, namespace: corner}
data: {OFFERS_ADDR: "offers.corner:9000", CACHE: "redis://cache:6379/0", OTEL_SERVICE_NAME: gw}
---
apiVersion: v1
kind: Service
metadata: {name: gateway, namespace: corner}
spec: {selector: {app: gateway}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: public, namespace: corner}
spec: {rules: [{http: {paths: [{path: /, backend: {service: {name: gateway, port: {number: 80}}}}]}}]}
""",
    "stock.yaml": """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: stock-set, namespace: corner}
spec:
  serviceName: stock
  selector: {matchLabels: {app: stock}}
  template:
    metadata: {labels: {app: stock}}
    spec:
      containers:
        - name: helper
          image: registry.example.com/corner/stock:1
          env: [{name: SPRING_PROFILES_ACTIVE, value: k8s}]
---
apiVersion: v1
kind: Service
metadata: {name: stock, namespace: corner}
spec: {selector: {app: stock}, ports: [{port: 80, targetPort: 8081}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: report, namespace: corner}
spec:
  schedule: "0 1 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: report, image: registry.example.com/corner/report:1, args: [--stock-url, "http://stock"]}]
""",
    "offers.yaml": """\
apiVersion: v1
kind: Service
metadata: {name: offers, namespace: corner}
spec: {selector: {app: offers}, ports: [{port: 9000}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: offers-v1, namespace: corner}
spec:
  selector: {matchLabels: {app: offers, version: v1}}
  template:
    metadata: {labels: {app: offers, version: v1}}
    spec: {containers: [{name: offers, image: "registry.example.com/corner/offers:1"}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: offers-v2, namespace: corner}
spec:
  selector: {matchLabels: {app: offers, version: v2}}
  template:
    metadata: {labels: {app: offers, version: v2}}
    spec: {containers: [{name: offers, image: "registry.example.com/corner/offers:2"}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cache, namespace: corner}
spec:
  selector: {matchLabels: {app: cache}}
  template:
    metadata: {labels: {app: cache}}
    spec: {containers: [{name: cache, image: "docker.io/valkey/valkey:8"}]}
---
apiVersion: v1
kind: Service
metadata: {name: cache, namespace: corner}
spec: {selector: {app: cache}, ports: [{port: 6379}]}
""",
    "kustomization.yaml": "resources: [all.yaml, stock.yaml, offers.yaml]\n",
}


def written(files: Mapping[str, str], folder: Path) -> Path:
    """The files, in a folder; the folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
