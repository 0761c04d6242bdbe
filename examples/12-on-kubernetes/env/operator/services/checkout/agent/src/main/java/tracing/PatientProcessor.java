package tracing;

import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SpanProcessor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Lets requests that are under way end before tracing does.
 *
 * <p>At SIGTERM the JVM runs all shutdown hooks at once: without this, tracing would be gone while
 * the server still answers, and the spans of its last requests lost.
 */
final class PatientProcessor implements SpanProcessor {
  private static final long LONGEST_WAIT_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(250);
  private static final long LONGEST_FLUSH_SECONDS = 3;

  private final SpanProcessor next;
  private final AtomicInteger underWay = new AtomicInteger();

  PatientProcessor(SpanProcessor next) {
    this.next = next;
  }

  @Override
  public void onStart(Context parent, ReadWriteSpan span) {
    if (beginsHere(span.getParentSpanContext())) {
      underWay.incrementAndGet();
    }
    if (next.isStartRequired()) {
      next.onStart(parent, span);
    }
  }

  @Override
  public boolean isStartRequired() {
    return true;
  }

  @Override
  public void onEnd(ReadableSpan span) {
    if (next.isEndRequired()) {
      next.onEnd(span);
    }
    if (beginsHere(span.getParentSpanContext())) {
      underWay.decrementAndGet();
    }
  }

  @Override
  public boolean isEndRequired() {
    return true;
  }

  @Override
  public CompletableResultCode shutdown() {
    awaitQuiet();
    // A collector that is away must not use up the time that the container has to stop.
    next.shutdown().join(LONGEST_FLUSH_SECONDS, TimeUnit.SECONDS);
    return CompletableResultCode.ofSuccess();
  }

  @Override
  public CompletableResultCode forceFlush() {
    return next.forceFlush();
  }

  private static boolean beginsHere(SpanContext parent) {
    return !parent.isValid() || parent.isRemote();
  }

  private void awaitQuiet() {
    long end = System.nanoTime() + LONGEST_WAIT_NANOS;
    long busy = System.nanoTime();
    while (System.nanoTime() < end && System.nanoTime() - busy < QUIET_NANOS) {
      if (underWay.get() > 0) {
        busy = System.nanoTime();
      }
      try {
        Thread.sleep(10);
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }
}
