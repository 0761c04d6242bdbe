<?php

declare(strict_types=1);

use GuzzleHttp\Client;
use OpenTelemetry\Contrib\Otlp\OtlpHttpTransportFactory;
use OpenTelemetry\SDK\Common\Export\Http\PsrTransportFactory;
use OpenTelemetry\SDK\Common\Export\TransportFactoryInterface;
use OpenTelemetry\SDK\Common\Export\TransportInterface;
use OpenTelemetry\SDK\Registry;

/**
 * How spans leave a request: once. The SDK's own transport tries four times and waits in between, and whoever asked
 * would wait as well; no variable turns that off.
 */
final class TracingTransport implements TransportFactoryInterface
{
    private const SECONDS = 0.5;

    public static function begin(): void
    {
        if (!filter_var(getenv('OTEL_PHP_AUTOLOAD_ENABLED'), FILTER_VALIDATE_BOOLEAN)) {
            return;
        }
        Registry::registerTransportFactory('http', self::class, true);
        // Before the SDK's own function for the end, which it puts behind all others when that comes.
        register_shutdown_function(static fn () => register_shutdown_function(self::answerFirst(...)));
    }

    public function create(
        string $endpoint,
        string $contentType,
        array $headers = [],
        $compression = null,
        float $timeout = 10.,
        int $retryDelay = 100,
        int $maxRetries = 3,
        ?string $cacert = null,
        ?string $cert = null,
        ?string $key = null,
    ): TransportInterface {
        $seconds = getenv('OTEL_EXPORTER_OTLP_TIMEOUT') ? $timeout : min($timeout, self::SECONDS);
        $factory = new OtlpHttpTransportFactory();
        if (class_exists(Client::class)) {
            $authority = $cacert ?? (getenv('OTEL_EXPORTER_OTLP_CERTIFICATE') ?: true);
            $factory = new PsrTransportFactory(new Client(['timeout' => $seconds, 'verify' => $authority]));
        }

        return $factory->create($endpoint, $contentType, $headers, $compression, $seconds, maxRetries: 0);
    }

    /** Where the server can, the answer goes out before spans are sent. */
    private static function answerFirst(): void
    {
        foreach (['fastcgi_finish_request', 'litespeed_finish_request'] as $finish) {
            if (function_exists($finish)) {
                $finish();

                return;
            }
        }
    }
}

TracingTransport::begin();
