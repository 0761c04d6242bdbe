package example;

import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.api.OpenTelemetry;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.annotation.Bean;
import org.springframework.context.event.EventListener;

/** The example service. */
@SpringBootApplication
public class Application {
  /** Starts the service. */
  public static void main(String[] arguments) {
    SpringApplication application = new SpringApplication(Application.class);
    application.setDefaultProperties(Map.of("server.port", Settings.PORT));
    application.run(arguments);
  }

  /** The agent's. */
  @Bean
  OpenTelemetry openTelemetry() {
    return GlobalOpenTelemetry.get();
  }

  @EventListener(ApplicationReadyEvent.class)
  void ready() {
    Traffic.start();
  }
}
