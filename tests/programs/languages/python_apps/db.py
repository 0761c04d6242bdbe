"""Makes its engine when it is imported, as most do."""

from sqlalchemy import create_engine, text
from sqlalchemy.pool import StaticPool

engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})


def count():
    with engine.connect() as connection:
        return connection.execute(text("SELECT 7 AS orders")).scalar()
