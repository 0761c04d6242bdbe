<?php

declare(strict_types=1);

use OpenTelemetry\API\Baggage\Baggage;
use OpenTelemetry\API\Globals;
use OpenTelemetry\API\Trace\Span;
use OpenTelemetry\API\Trace\SpanInterface;
use OpenTelemetry\API\Trace\SpanKind;
use OpenTelemetry\API\Trace\StatusCode;
use OpenTelemetry\API\Trace\TracerInterface;
use OpenTelemetry\Context\ContextInterface;
use Psr\Http\Client\ClientInterface;
use Psr\Http\Message\RequestInterface;
use Psr\Http\Message\ResponseInterface;

/**
 * Tracing of this service. The packages of composer.json set it up from the environment when vendor/autoload.php is
 * loaded: see otel.env, whose OTEL_PHP_AUTOLOAD_ENABLED=true they need. What is left is sent when the request ends.
 *
 *     Tracing::serve('/items/{id}', fn () => showItem($id)); // around what answers a request
 *     $response = Tracing::send($client, $request); // any client of PSR-18
 *
 *     $span = Tracing::tracer()->spanBuilder('load order')->setAttribute('order.id', $id)->startSpan();
 *     $scope = $span->activate();
 *     try {
 *         $span->addEvent('cache.miss');
 *     } catch (Throwable $error) {
 *         Tracing::recordError($error);
 *         throw $error;
 *     } finally {
 *         $scope->detach();
 *         $span->end();
 *     }
 *
 *     Baggage::getCurrent()->getValue('customer.tier'); // what a caller said
 *     $scope = Baggage::getCurrent()->toBuilder()->set('customer.tier', 'gold')->build()->activate();
 *     $scope->detach(); // until here callees hear it
 *
 *     $headers = Tracing::headers(); // carries the context by hand: into a message or a request ...
 *     $sender = Globals::propagator()->extract($headers); // ... and out of it, on the other side
 *
 *     $log->pushProcessor(fn ($record) => $record->with(extra: $record->extra + Tracing::ids())); // Monolog
 */
final class Tracing
{
    private const SERVICE = "payments-worker";

    /** Calls what answers the request, within a span that continues the caller's trace and is named by the route. */
    public static function serve(string $route, callable $answer): mixed
    {
        $path = (string) parse_url($_SERVER['REQUEST_URI'] ?? '/', PHP_URL_PATH);
        if ($path === self::setting('TRACING_HEALTH_PATH', '/healthz')) {
            return $answer();
        }
        $caller = Globals::propagator()->extract(self::requestHeaders());
        $span = self::serverSpan($route, $path, $caller);
        $scope = $span->storeInContext($caller)->activate();
        try {
            $answered = $answer();
            self::recordStatus($span, http_response_code() ?: 200, 500);

            return $answered;
        } catch (Throwable $error) {
            // Whatever answers for it has not done so yet.
            $span->setAttribute('http.response.status_code', 500);
            self::recordError($error);
            throw $error;
        } finally {
            $scope->detach();
            $span->end();
        }
    }

    /** Sends a request with the context in its headers, within a span of its own. */
    public static function send(ClientInterface $client, RequestInterface $request): ResponseInterface
    {
        $url = $request->getUri();
        $span = self::tracer()
            ->spanBuilder($request->getMethod())
            ->setSpanKind(SpanKind::KIND_CLIENT)
            ->setAttribute('http.request.method', $request->getMethod())
            ->setAttribute('url.full', (string) $url->withUserInfo(''))
            ->setAttribute('server.address', $url->getHost())
            ->setAttribute('server.port', $url->getPort() ?? ($url->getScheme() === 'https' ? 443 : 80))
            ->startSpan();
        $scope = $span->activate();
        try {
            foreach (self::headers() as $name => $value) {
                $request = $request->withHeader($name, $value);
            }
            $response = $client->sendRequest($request);
            self::recordStatus($span, $response->getStatusCode(), 400);

            return $response;
        } catch (Throwable $error) {
            self::recordError($error);
            throw $error;
        } finally {
            $scope->detach();
            $span->end();
        }
    }

    /** Headers that carry the current context to a callee. */
    public static function headers(): array
    {
        $headers = [];
        Globals::propagator()->inject($headers);

        return $headers;
    }

    /** The ids that belong into each line of a log. */
    public static function ids(): array
    {
        $context = Span::getCurrent()->getContext();

        return $context->isValid() ? ['trace_id' => $context->getTraceId(), 'span_id' => $context->getSpanId()] : [];
    }

    /** Marks the current span as failed. */
    public static function recordError(Throwable $error): void
    {
        Span::getCurrent()
            ->recordException($error)
            ->setAttribute('error.type', $error::class)
            ->setStatus(StatusCode::STATUS_ERROR, $error->getMessage());
    }

    public static function tracer(): TracerInterface
    {
        return Globals::tracerProvider()->getTracer(self::SERVICE);
    }

    private static function serverSpan(string $route, string $path, ContextInterface $caller): SpanInterface
    {
        $method = $_SERVER['REQUEST_METHOD'] ?? 'GET';
        $builder = self::tracer()
            ->spanBuilder("{$method} {$route}")
            ->setSpanKind(SpanKind::KIND_SERVER)
            ->setParent($caller)
            ->setAttribute('http.request.method', $method)
            ->setAttribute('http.route', $route)
            ->setAttribute('url.scheme', empty($_SERVER['HTTPS']) ? 'http' : 'https')
            ->setAttribute('url.path', $path);
        // Only the keys that are asked for: baggage may hold anything that a caller liked to say.
        foreach (array_filter(array_map('trim', explode(',', self::setting('TRACING_BAGGAGE_KEYS', '')))) as $key) {
            $value = Baggage::fromContext($caller)->getValue($key);
            if ($value !== null) {
                $builder->setAttribute($key, (string) $value);
            }
        }

        return $builder->startSpan();
    }

    private static function recordStatus(SpanInterface $span, int $status, int $firstError): void
    {
        $span->setAttribute('http.response.status_code', $status);
        if ($status >= $firstError) {
            $span->setAttribute('error.type', (string) $status)->setStatus(StatusCode::STATUS_ERROR);
        }
    }

    private static function requestHeaders(): array
    {
        $headers = [];
        foreach ($_SERVER as $name => $value) {
            if (str_starts_with((string) $name, 'HTTP_')) {
                $headers[strtolower(strtr(substr((string) $name, 5), '_', '-'))] = $value;
            }
        }

        return $headers;
    }

    private static function setting(string $variable, string $otherwise): string
    {
        $value = getenv($variable);

        return $value === false || $value === '' ? $otherwise : $value;
    }
}
