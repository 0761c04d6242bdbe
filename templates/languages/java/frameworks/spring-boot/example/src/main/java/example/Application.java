package example;

import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.event.ApplicationReadyEvent;
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

  @EventListener(ApplicationReadyEvent.class)
  void ready() {
    Traffic.start();
  }
}
