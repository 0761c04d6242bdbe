<?php

declare(strict_types=1);

// Stands in for the packages of OpenTelemetry, Guzzle and PSR: see ../README.md.

namespace {
    final class StandIn
    {
        public static array $spans = [];
        public static array $current = [['span' => null, 'baggage' => []]];
        public static array $transports = [];

        public static function current(): array
        {
            return self::$current[array_key_last(self::$current)];
        }

        public static function write(): void
        {
            $lines = array_map(fn ($span) => json_encode($span) . "\n", self::$spans);
            file_put_contents(getenv('STAND_IN_SPANS'), implode('', $lines), FILE_APPEND);
        }
    }

    // As the SDK does: its own function for the end goes behind all others when that comes.
    register_shutdown_function(static fn () => register_shutdown_function(StandIn::write(...)));
}

namespace Psr\Http\Client {
    interface ClientInterface
    {
    }
}

namespace Psr\Http\Message {
    interface RequestInterface
    {
    }
    interface ResponseInterface
    {
    }
}

namespace OpenTelemetry\Context {
    interface ContextInterface
    {
    }

    final class Scope
    {
        public function detach(): void
        {
            array_pop(\StandIn::$current);
        }
    }

    final class Context implements ContextInterface
    {
        public function __construct(public array $values)
        {
        }

        public static function getCurrent(): self
        {
            return new self(\StandIn::current());
        }

        public function activate(): Scope
        {
            \StandIn::$current[] = $this->values;

            return new Scope();
        }
    }
}

namespace OpenTelemetry\API\Trace {
    use OpenTelemetry\Context\Context;
    use OpenTelemetry\Context\ContextInterface;
    use OpenTelemetry\Context\Scope;

    interface SpanInterface
    {
    }
    interface TracerInterface
    {
    }
    final class SpanKind
    {
        public const KIND_INTERNAL = 0;
        public const KIND_CLIENT = 1;
        public const KIND_SERVER = 2;
        public const KIND_PRODUCER = 3;
        public const KIND_CONSUMER = 4;
    }
    final class StatusCode
    {
        public const STATUS_ERROR = 'Error';
    }

    final class Ids
    {
        public function __construct(public string $traceId, public string $spanId)
        {
        }

        public function isValid(): bool
        {
            return $this->traceId !== '';
        }

        public function getTraceId(): string
        {
            return $this->traceId;
        }

        public function getSpanId(): string
        {
            return $this->spanId;
        }
    }

    final class Span implements SpanInterface
    {
        public array $attributes = [];
        public array $events = [];
        public string $status = '';

        public function __construct(public string $name, public int $kind, public string $traceId, public string $parent)
        {
            $this->spanId = bin2hex(random_bytes(8));
        }

        public string $spanId;

        public static function getCurrent(): self
        {
            return \StandIn::current()['span'] ?? new self('none', 0, '', '');
        }

        public function getContext(): Ids
        {
            return new Ids($this->traceId, $this->spanId);
        }

        public function activate(): Scope
        {
            return $this->storeInContext(Context::getCurrent())->activate();
        }

        public function storeInContext(ContextInterface $context): Context
        {
            return new Context(['span' => $this] + $context->values);
        }

        public function setAttribute(string $key, mixed $value): self
        {
            $this->attributes[$key] = $value;

            return $this;
        }

        public function addEvent(string $name): self
        {
            $this->events[] = $name;

            return $this;
        }

        public function recordException(\Throwable $error): self
        {
            return $this->addEvent('exception');
        }

        public function setStatus(string $status): self
        {
            $this->status = $status;

            return $this;
        }

        public function end(): void
        {
            \StandIn::$spans[] = $this;
        }
    }

    final class Builder implements TracerInterface
    {
        private int $kind = 0;
        private array $attributes = [];
        private ?Context $parent = null;

        public function __construct(private string $name = '')
        {
        }

        public function spanBuilder(string $name): self
        {
            return new self($name);
        }

        public function setSpanKind(int $kind): self
        {
            $this->kind = $kind;

            return $this;
        }

        public function setParent(ContextInterface $parent): self
        {
            $this->parent = $parent;

            return $this;
        }

        public function setAttribute(string $key, mixed $value): self
        {
            $this->attributes[$key] = $value;

            return $this;
        }

        public function startSpan(): Span
        {
            $parent = ($this->parent ?? Context::getCurrent())->values['span'];
            $span = new Span($this->name, $this->kind, $parent?->traceId ?: bin2hex(random_bytes(16)), $parent?->spanId ?? '');
            $span->attributes = $this->attributes;

            return $span;
        }
    }
}

namespace OpenTelemetry\API\Baggage {
    use OpenTelemetry\Context\ContextInterface;

    final class Entry
    {
        public function __construct(private string $value)
        {
        }

        public function getValue(): string
        {
            return $this->value;
        }
    }

    final class Baggage
    {
        public function __construct(private array $values)
        {
        }

        public static function getCurrent(): self
        {
            return new self(\StandIn::current()['baggage']);
        }

        public static function fromContext(ContextInterface $context): self
        {
            return new self($context->values['baggage']);
        }

        public function getValue(string $key): ?string
        {
            return $this->values[$key] ?? null;
        }

        public function getAll(): iterable
        {
            return array_map(fn ($value) => new Entry($value), $this->values);
        }
    }
}

namespace OpenTelemetry\API {
    use OpenTelemetry\API\Trace\Builder;
    use OpenTelemetry\API\Trace\Span;
    use OpenTelemetry\Context\Context;

    final class Globals
    {
        public static function tracerProvider(): self
        {
            return new self();
        }

        public static function propagator(): self
        {
            return new self();
        }

        public function getTracer(string $name): Builder
        {
            return new Builder();
        }

        public function inject(array &$headers): void
        {
            $ids = Span::getCurrent()->getContext();
            $headers['traceparent'] = "00-{$ids->traceId}-{$ids->spanId}-01";
        }

        public function extract(array $headers): Context
        {
            parse_str(strtr($headers['baggage'] ?? '', ',', '&'), $pairs);
            $baggage = array_combine(array_map(fn ($key) => strtr((string) $key, '_', '.'), array_keys($pairs)), $pairs);
            if (!isset($headers['traceparent'])) {
                return new Context(['span' => null, 'baggage' => $baggage]);
            }
            [, $traceId, $spanId] = explode('-', $headers['traceparent']);
            $caller = new Span('caller', 0, $traceId, '');
            $caller->spanId = $spanId;

            return new Context(['span' => $caller, 'baggage' => $baggage]);
        }
    }
}

namespace OpenTelemetry\SDK\Common\Export {
    interface TransportInterface
    {
    }
    interface TransportFactoryInterface
    {
    }
}

namespace OpenTelemetry\SDK\Common\Export\Http {
    use OpenTelemetry\SDK\Common\Export\TransportInterface;

    // Says what it was made with.
    final class PsrTransportFactory implements TransportInterface
    {
        public array $made = [];

        public function __construct(public ?\GuzzleHttp\Client $client = null)
        {
        }

        public function create(
            string $endpoint,
            string $contentType,
            array $headers = [],
            $compression = null,
            float $timeout = 10.,
            int $retryDelay = 100,
            int $maxRetries = 3,
        ): TransportInterface {
            $this->made = ['timeout' => $timeout, 'retries' => $maxRetries, 'client' => $this->client?->options];

            return $this;
        }
    }
}

namespace OpenTelemetry\Contrib\Otlp {
    final class OtlpHttpTransportFactory
    {
    }
}

namespace OpenTelemetry\SDK {
    final class Registry
    {
        public static function registerTransportFactory(string $protocol, string $factory, bool $clobber): void
        {
            \StandIn::$transports[$protocol] = $factory;
        }
    }
}

namespace GuzzleHttp {
    final class Client implements \Psr\Http\Client\ClientInterface
    {
        public function __construct(public array $options)
        {
        }

        public function sendRequest(Psr7\Request $request): Psr7\Response
        {
            $lines = array_map(fn ($name) => "{$name}: {$request->headers[$name]}", array_keys($request->headers));
            $context = stream_context_create(['http' => ['header' => $lines, 'ignore_errors' => true]]);
            if (@file_get_contents($request->url, false, $context) === false) {
                throw new \RuntimeException('nobody there');
            }

            return new Psr7\Response((int) explode(' ', $http_response_header[0])[1]);
        }
    }
}

namespace GuzzleHttp\Psr7 {
    final class Response implements \Psr\Http\Message\ResponseInterface
    {
        public function __construct(private int $status)
        {
        }

        public function getStatusCode(): int
        {
            return $this->status;
        }
    }

    final class Request implements \Psr\Http\Message\RequestInterface
    {
        public function __construct(private string $method, public string $url, public array $headers)
        {
        }

        public function getMethod(): string
        {
            return $this->method;
        }

        public function withHeader(string $name, string $value): self
        {
            return new self($this->method, $this->url, [$name => $value] + $this->headers);
        }

        public function getUri(): self
        {
            return $this;
        }

        public function withUserInfo(string $user): string
        {
            return $this->url;
        }

        public function getHost(): string
        {
            return parse_url($this->url, PHP_URL_HOST);
        }

        public function getPort(): ?int
        {
            return parse_url($this->url, PHP_URL_PORT);
        }

        public function getScheme(): string
        {
            return parse_url($this->url, PHP_URL_SCHEME);
        }
    }
}
