"""What storages of Jaeger share: Elasticsearch and OpenSearch, and the job that reads who calls whom."""
