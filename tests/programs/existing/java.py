"""Spring Boot below a parent of the team's own: JDBC, Kafka, Logback's JSON with a trace_id of its own in the MDC."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from programs.existing import Existing, run

PARENT = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>example.acme</groupId>
  <artifactId>shop</artifactId>
  <version>7</version>
  <packaging>pom</packaging>
  <modules>
    <module>orders</module>
  </modules>
  <properties>
    <maven.compiler.source>17</maven.compiler.source>
    <maven.compiler.target>17</maven.compiler.target>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <dependencyManagement>
    <dependencies>
      <dependency>
        <groupId>org.springframework.boot</groupId>
        <artifactId>spring-boot-dependencies</artifactId>
        <version>4.1.2</version>
        <type>pom</type>
        <scope>import</scope>
      </dependency>
    </dependencies>
  </dependencyManagement>
</project>
"""

MODULE = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <parent>
    <groupId>example.acme</groupId>
    <artifactId>shop</artifactId>
    <version>7</version>
  </parent>
  <artifactId>orders</artifactId>
  <dependencies>
    <dependency>
      <groupId>org.springframework.boot</groupId>
      <artifactId>spring-boot-starter-webmvc</artifactId>
    </dependency>
    <dependency>
      <groupId>org.springframework.boot</groupId>
      <artifactId>spring-boot-starter-restclient</artifactId>
    </dependency>
    <dependency>
      <groupId>org.springframework.boot</groupId>
      <artifactId>spring-boot-starter-jdbc</artifactId>
    </dependency>
    <dependency>
      <groupId>org.springframework.boot</groupId>
      <artifactId>spring-boot-starter-kafka</artifactId>
    </dependency>
    <dependency>
      <groupId>org.postgresql</groupId>
      <artifactId>postgresql</artifactId>
      <scope>runtime</scope>
    </dependency>
  </dependencies>
  <build>
    <finalName>orders</finalName>
    <plugins>
      <plugin>
        <groupId>org.springframework.boot</groupId>
        <artifactId>spring-boot-maven-plugin</artifactId>
        <version>4.1.2</version>
        <executions>
          <execution>
            <goals>
              <goal>repackage</goal>
            </goals>
          </execution>
        </executions>
      </plugin>
    </plugins>
  </build>
</project>
"""

PROPERTIES = """\
server.address=127.0.0.1
server.port=${PORT}
server.shutdown=graceful
spring.datasource.url=jdbc:postgresql://${DATABASE_HOST}/postgres?sslmode=disable&prepareThreshold=0
spring.datasource.username=postgres
spring.datasource.hikari.maximum-pool-size=1
spring.kafka.bootstrap-servers=${BROKER}
spring.kafka.consumer.group-id=${GROUP}
spring.kafka.consumer.auto-offset-reset=earliest
logging.structured.format.console=logstash
logging.level.root=warn
logging.level.acme=info
"""

MAIN = """\
package acme.orders;

import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestClient;

@SpringBootApplication
@RestController
public class Orders {
  private static final Logger log = LoggerFactory.getLogger(Orders.class);
  private final JdbcClient database;
  private final KafkaTemplate<String, String> kafka;
  private final RestClient prices = RestClient.create();

  @Value("${TOPIC}")
  private String topic;

  @Value("${PRICES_URL}")
  private String pricesUrl;

  Orders(JdbcClient database, KafkaTemplate<String, String> kafka) {
    this.database = database;
    this.kafka = kafka;
  }

  record Order(int order, int rows, int price) {}

  public static void main(String[] arguments) {
    SpringApplication.run(Orders.class, arguments);
  }

  @GetMapping("/healthz")
  String health() {
    return "ok";
  }

  @GetMapping("/v1/orders/{id}")
  Order read(
      @PathVariable("id") int id,
      @RequestHeader(name = "x-correlation-id", defaultValue = "-") String correlation)
      throws ExecutionException, InterruptedException {
    try (var own = MDC.putCloseable("trace_id", correlation)) {
      int rows = database.sql("SELECT ?::int + 1").param(id).query(Integer.class).single();
      int price = prices.get().uri(pricesUrl).retrieve().toBodilessEntity().getStatusCode().value();
      kafka.send(topic, String.valueOf(id)).get();
      log.atInfo().addKeyValue("order", id).log("order read");
      return new Order(id, rows, price);
    }
  }

  @KafkaListener(topics = "${TOPIC}")
  void reserve(String order) {
    log.atInfo().addKeyValue("order", Integer.parseInt(order)).log("reserved");
  }
}
"""


def prepare(folder: Path, cache: Path) -> Mapping[str, str]:
    """Maven keeps what it has fetched."""
    del folder, cache
    return {}


def versions(folder: Path, variables: Mapping[str, str]) -> Mapping[str, str]:
    """The jars that are started, by name; Maven has no lock file, and names of jars hold their versions."""
    del variables
    inside = run("unzip -l orders/target/orders.jar", folder, {})
    jars = [line.split("/")[-1] for line in inside.splitlines() if line.endswith(".jar")]
    agent = ["opentelemetry-javaagent.jar"] if (folder / "agent" / "pom.xml").exists() else []
    return {each: each for each in [*jars, *agent]}


def build(folder: Path, variables: Mapping[str, str]) -> None:
    """As in its Dockerfile."""
    run("mvn --batch-mode --quiet -DskipTests package", folder, variables)


SERVICE = Existing(
    language="java",
    said={},
    files={
        "pom.xml": PARENT,
        "orders/pom.xml": MODULE,
        "orders/src/main/resources/application.properties": PROPERTIES,
        "orders/src/main/java/acme/orders/Orders.java": MAIN,
    },
    edits=(),
    prepare=prepare,
    versions=versions,
    commands={"orders": ["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-jar", "orders/target/orders.jar"]},
    adopted={
        "orders": [
            "JAVA_TOOL_OPTIONS=-javaagent:agent/target/opentelemetry-javaagent.jar"
            " -Dotel.javaagent.extensions=agent/target/tracing-extension.jar",
            "OTEL_INSTRUMENTATION_COMMON_LOGGING_TRACE_ID=otel_trace_id",
            "OTEL_INSTRUMENTATION_COMMON_LOGGING_SPAN_ID=otel_span_id",
            "java",
            "-Xmx256m",
            "-XX:TieredStopAtLevel=1",
            "-jar",
            "orders/target/orders.jar",
        ]
    },
    route="GET /v1/orders/{id}",
    spans=((3, "SELECT"), (3, "GET"), (4, "orders"), (5, "orders")),
    times=("@timestamp", "thread_name"),
    tools=("java", "javac", "mvn", "unzip"),
    needs=("postgres", "kafka"),
    build=build,
    files_first=True,
)
