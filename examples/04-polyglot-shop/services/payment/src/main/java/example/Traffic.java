package example;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Requests to this service itself, when nobody else sends any. */
final class Traffic {
  private int sent;

  private Traffic() {}

  /** Starts what {@code EXAMPLE_REQUESTS_PER_SECOND} asks for; call it when the server listens. */
  static void start() {
    double rate = Double.parseDouble(Settings.text("EXAMPLE_REQUESTS_PER_SECOND", "0"));
    if (rate <= 0) {
      return;
    }
    Traffic traffic = new Traffic();
    ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(Traffic::daemon);
    Runtime.getRuntime().addShutdownHook(new Thread(clock::shutdownNow));
    // A slow answer holds up one of these, not the clock.
    ExecutorService senders = Executors.newFixedThreadPool(16, Traffic::daemon);
    long nanoseconds = (long) (TimeUnit.SECONDS.toNanos(1) / rate);
    clock.scheduleAtFixedRate(
        () -> senders.execute(traffic.next()), nanoseconds, nanoseconds, TimeUnit.NANOSECONDS);
  }

  private Runnable next() {
    sent++;
    String path =
        sent % 22 == 0 ? "/work" : sent % 21 == 0 ? "/error" : sent % 20 == 0 ? "/slow" : "/";
    String tier = sent % 10 == 0 ? "gold" : "basic";
    return () -> send(path, tier);
  }

  /** By a plain socket: an agent would trace any HTTP client, and traces shall begin on arrival. */
  private static void send(String path, String tier) {
    String request =
        "GET %s HTTP/1.1\r\nHost: localhost\r\nbaggage: customer.tier=%s\r\nConnection: close\r\n\r\n"
            .formatted(path, tier);
    try (Socket socket = new Socket("127.0.0.1", Settings.PORT)) {
      socket.setSoTimeout(10_000);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      socket.getInputStream().readAllBytes();
    } catch (IOException gone) {
      // The service ends, or is too busy: the next request will tell.
    }
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "traffic");
    thread.setDaemon(true);
    return thread;
  }
}
