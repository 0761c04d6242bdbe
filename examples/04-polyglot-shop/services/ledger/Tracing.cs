using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using OpenTelemetry;
using OpenTelemetry.Context.Propagation;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

/// <summary>
/// Tracing of this service. Call <c>builder.AddTracing("Orders")</c> before the application is built, with the names of
/// your activity sources: those of libraries count too, such as "MassTransit". It goes for web applications and workers.
/// Everything is read from the environment: see otel.env. In your code:
/// <code>
/// static readonly ActivitySource Source = new("Orders");
/// using var activity = Source.StartActivity("load order");
/// activity?.SetTag("order.id", id);
/// activity?.AddEvent(new ActivityEvent("cache.miss"));
/// Tracing.RecordError(exception); // the current activity failed
///
/// Baggage.GetBaggage("customer.tier"); // what a caller said
/// Baggage.SetBaggage("customer.tier", "gold"); // callees hear it
///
/// // Carries the context by hand: into a message or a request, and out of it on the other side.
/// var context = new PropagationContext(activity.Context, Baggage.Current);
/// Propagators.DefaultTextMapPropagator.Inject(context, headers, (carrier, key, value) => carrier[key] = value);
/// var sender = Propagators.DefaultTextMapPropagator.Extract(default, headers, (carrier, key) => [carrier[key]]);
/// </code>
/// The scopes of your logs have TraceId and SpanId; <c>builder.Logging.AddJsonLines()</c> makes the console write JSON with
/// trace_id and span_id. Tasks and threads carry the context by themselves. The host sends what is left when it stops, also at SIGTERM.
/// </summary>
public static class Tracing
{
    private static readonly string HealthPath = Setting("TRACING_HEALTH_PATH", "/healthz");

    private static readonly string[] BaggageKeys = Setting("TRACING_BAGGAGE_KEYS", "")
        .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Makes spans of requests that come in and go out, and sends them.</summary>
    public static TBuilder AddTracing<TBuilder>(this TBuilder builder, params string[] sources)
        where TBuilder : IHostApplicationBuilder
    {
        // The SDK does not read OTEL_PROPAGATORS.
        Sdk.SetDefaultTextMapPropagator(NewPropagator(Setting("OTEL_PROPAGATORS", "tracecontext,baggage")));
        builder.Logging.Configure(
            logs => logs.ActivityTrackingOptions |= ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId);
        builder.Services.AddOpenTelemetry().WithTracing(tracing =>
        {
            // The name is for when nobody says another: the environment comes after it and wins.
            tracing.ConfigureResource(resource => resource.Clear()
                .AddService("ledger")
                .AddTelemetrySdk()
                .AddEnvironmentVariableDetector());
            tracing.AddSource(sources);
            // OTEL_TRACES_SAMPLER is read by the SDK; one that it does not know is told by its own event source only.
            WarnOfSampler();
            tracing.AddAspNetCoreInstrumentation(requests =>
            {
                requests.RecordException = true;
                requests.Filter = context => context.Request.Path != HealthPath;
                requests.EnrichWithHttpRequest = (activity, _) => CopyBaggage(activity);
            });
            tracing.AddHttpClientInstrumentation();
            tracing.AddProcessor(new BaggageToTags());
            switch (Setting("OTEL_TRACES_EXPORTER", "otlp"))
            {
                case "otlp": tracing.AddOtlpExporter(AddDefaults); break;
                case "console": tracing.AddConsoleExporter(); break;
                case "none": break;
                case var name: Console.Error.WriteLine($"OTEL_TRACES_EXPORTER: {name} is not known here"); break;
            }
        });
        return builder;
    }

    /// <summary>Makes the console write JSON, one object a line; other providers of logs stay as they are.</summary>
    public static ILoggingBuilder AddJsonLines(this ILoggingBuilder logging) => logging
        .AddConsole(console => console.FormatterName = JsonLines.FormatterName)
        .AddConsoleFormatter<JsonLines, ConsoleFormatterOptions>();

    /// <summary>Marks the current activity as failed by an exception that does not leave it.</summary>
    public static void RecordError(Exception exception)
    {
        Activity.Current?.AddException(exception);
        Activity.Current?.SetTag("error.type", exception.GetType().FullName);
        Activity.Current?.SetStatus(ActivityStatusCode.Error, exception.Message);
    }

    private static void AddDefaults(OtlpExporterOptions options)
    {
        // The exporter's own default is gRPC.
        if (Setting("OTEL_EXPORTER_OTLP_PROTOCOL", "") == "")
        {
            options.Protocol = OtlpExportProtocol.HttpProtobuf;
        }
    }

    private static TextMapPropagator NewPropagator(string names)
    {
        var found = new List<TextMapPropagator>();
        foreach (var name in names.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            switch (name)
            {
                case "tracecontext": found.Add(new TraceContextPropagator()); break;
                case "baggage": found.Add(new BaggagePropagator()); break;
                case "none": break;
                default: Console.Error.WriteLine($"OTEL_PROPAGATORS: the spec asks for no {name}"); break;
            }
        }
        return new CompositeTextMapPropagator(found);
    }

    private static void WarnOfSampler()
    {
        string[] known =
        [
            "always_on", "always_off", "traceidratio",
            "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio",
        ];
        var name = Setting("OTEL_TRACES_SAMPLER", known[3]);
        if (!known.Contains(name))
        {
            Console.Error.WriteLine($"OTEL_TRACES_SAMPLER: {name} is not known here, every trace is kept");
        }
    }

    private static void CopyBaggage(Activity activity)
    {
        foreach (var key in BaggageKeys)
        {
            if (Baggage.GetBaggage(key) is { } value)
            {
                activity.SetTag(key, value);
            }
        }
    }

    private static string Setting(string variable, string otherwise)
    {
        var value = Environment.GetEnvironmentVariable(variable);
        return string.IsNullOrEmpty(value) ? otherwise : value;
    }

    /// <summary>Only the keys that are asked for: baggage may hold anything that a caller liked to say.</summary>
    private sealed class BaggageToTags : BaseProcessor<Activity>
    {
        public override void OnStart(Activity activity) => CopyBaggage(activity);
    }

    /// <summary>One JSON object a line, with the ids of the trace and span that the line belongs to.</summary>
    private sealed class JsonLines : ConsoleFormatter
    {
        public const string FormatterName = "json-lines";

        public JsonLines() : base(FormatterName)
        {
        }

        public override void Write<TState>(
            in LogEntry<TState> entry, IExternalScopeProvider? scopes, TextWriter writer)
        {
            var line = new Dictionary<string, string?>
            {
                ["time"] = DateTimeOffset.UtcNow.ToString("O"),
                ["level"] = entry.LogLevel.ToString(),
                ["logger"] = entry.Category,
                ["message"] = entry.Formatter(entry.State, entry.Exception),
                ["trace_id"] = Activity.Current?.TraceId.ToHexString() ?? "",
                ["span_id"] = Activity.Current?.SpanId.ToHexString() ?? "",
            };
            if (entry.Exception is not null)
            {
                line["exception"] = entry.Exception.ToString();
            }
            AddFields(line, entry.State);
            scopes?.ForEachScope((scope, fields) => AddFields(fields, scope), line);
            writer.WriteLine(JsonSerializer.Serialize(line));
        }

        private static void AddFields(Dictionary<string, string?> line, object? from)
        {
            foreach (var (name, value) in from as IEnumerable<KeyValuePair<string, object?>> ?? [])
            {
                line.TryAdd(name, value?.ToString());
            }
        }
    }
}
