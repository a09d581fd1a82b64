"""Spark for the suite: one small machine in one JVM, with a session of the classic API and one of Connect."""

import os
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from support import needs, needs_program

CONNECT = "org.apache.spark.sql.connect"
# The workers' Python is none: whatever would need one there, such as a function of ours, fails.
ENVIRONMENT = {
    "PYSPARK_DRIVER_PYTHON": sys.executable,
    "PYSPARK_PYTHON": "no-python-on-workers",
    "SPARK_LOCAL_IP": "127.0.0.1",
}
OPTIONS = {
    "spark.driver.memory": "1g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",  # short queries: half the time
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "OFF",
    "spark.sql.shuffle.partitions": "2",
    "spark.python.sql.dataFrameDebugging.enabled": "false",  # which asks the JVM at every step of a query
    "spark.plugins": f"{CONNECT}.SparkConnectPlugin",
    "spark.connect.grpc.binding.address": "127.0.0.1",
    "spark.connect.grpc.binding.port": "0",  # any that is free
}


@dataclass(frozen=True)
class Sessions:
    """Two ways to the same Spark."""

    classic: Any
    connect: Any


@contextmanager
def spark_sessions(folder):
    """Start Spark with its files in a folder; its JVM ends with the context.

    The server of Connect is a plug-in of the classic session: one process for both, and no port to agree upon.
    """
    needs_program("java")
    needs("pyspark")
    needs("grpc_status")
    with ExitStack() as ends:
        ends.enter_context(patch.dict(os.environ, ENVIRONMENT))
        folders = {"spark.local.dir": str(folder), "spark.sql.warehouse.dir": str(folder / "warehouse")}
        builder = needs("pyspark.sql").SparkSession.builder.master("local[2]").config(map=OPTIONS | folders)
        classic = builder.getOrCreate()
        ends.callback(_end_of_jvm)
        ends.callback(classic.stop)
        service = getattr(getattr(classic._jvm, f"{CONNECT}.service.SparkConnectService$"), "MODULE$")
        remote = needs("pyspark.sql.connect.session").SparkSession.builder
        connect = remote.remote(f"sc://127.0.0.1:{service.localPort()}").create()
        ends.callback(connect.stop)
        yield Sessions(classic, connect)


def _end_of_jvm():
    """Stop the JVM, which would live as long as this interpreter."""
    context = needs("pyspark").SparkContext
    gateway, context._gateway, context._jvm = context._gateway, None, None
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait(timeout=60)
