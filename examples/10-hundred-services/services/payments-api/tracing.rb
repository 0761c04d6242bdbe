# frozen_string_literal: true

# Tracing of this service. Call `Tracing.start` once, after the libraries it shall trace are required: in
# config/initializers of Rails, or at the top of config.ru.
#
# Everything is read from the environment: see otel.env. In your code:
#
#   tracer = OpenTelemetry.tracer_provider.tracer("orders")
#   tracer.in_span("load order", attributes: { "order.id" => id }) do |span| # an exception that leaves it is recorded
#     span.add_event("cache.miss")
#   end
#
#   Tracing.record_error(error) # for an exception that you handle, but that makes the current span a failure
#
#   OpenTelemetry::Baggage.value("customer.tier") # what a caller said
#   context = OpenTelemetry::Baggage.set_value("customer.tier", "gold")
#   OpenTelemetry::Context.with_current(context) { call } # callees hear it
#
#   OpenTelemetry.propagation.inject(headers) # carries the context by hand: into a message or a request ...
#   sender = OpenTelemetry.propagation.extract(headers) # ... and out of it, on the other side
#
#   context = OpenTelemetry::Context.current # a thread does not have the context of who starts it
#   Thread.new { OpenTelemetry::Context.with_current(context) { work } }
#
# Lines of every Logger, that of Rails too, get trace_id and span_id within a span: as members where the line is a JSON
# object, else at its end. Lines that have a trace_id already stay as they are. SemanticLogger has them as named tags.

require "cgi"
require "json"
require "logger"
require "opentelemetry/sdk"
require "opentelemetry/exporter/otlp"
require "opentelemetry-instrumentation-all"

# How this service is traced.
module Tracing
  # A collector that does not answer holds up the end for a second more than this.
  SHUTDOWN_SECONDS = 3

  def self.start
    ENV["OTEL_SERVICE_NAME"] ||= "payments-api"
    ENV["OTEL_EXPORTER_OTLP_TIMEOUT"] ||= SHUTDOWN_SECONDS.to_s
    health = ENV.fetch("TRACING_HEALTH_PATH", "/healthz")
    said = ENV.fetch("OTEL_LOG_LEVEL", "warn").downcase
    OpenTelemetry.logger = logger(level: %w[debug info warn error].include?(said) ? said : "warn")
    add_ids_to_logs
    OpenTelemetry::SDK.configure do |sdk|
      sdk.resource = OpenTelemetry::SDK::Resources::Resource.create(resource_attributes)
      sdk.use_all("OpenTelemetry::Instrumentation::Rack" => { untraced_endpoints: [health] })
    end
    copy_baggage(ENV.fetch("TRACING_BAGGAGE_KEYS", "").split(",").map(&:strip).reject(&:empty?))
    # Also at SIGTERM: servers such as Puma end by themselves then.
    at_exit { OpenTelemetry.tracer_provider.shutdown(timeout: SHUTDOWN_SECONDS) }
  end

  # A logger for who has none: one JSON object a line.
  def self.logger(output = $stdout, level: "info")
    output.sync = true
    Logger.new(output, level: level, formatter: method(:json_line))
  end

  def self.json_line(severity, time, _program, message)
    line = { time: time.utc.strftime("%FT%T.%LZ"), level: severity, message: text(message) }
    "#{JSON.generate(line)}\n"
  end

  # The ids that belong into each line of a log; none outside of a span.
  def self.ids
    span = OpenTelemetry::Trace.current_span.context
    span.valid? ? { trace_id: span.hex_trace_id, span_id: span.hex_span_id } : {}
  end

  def self.add_ids_to_logs
    Logger.prepend(IdsInLines)
    SemanticLogger.on_log { |log| log.named_tags = ids.merge(log.named_tags || {}) } if defined?(SemanticLogger)
  end

  # Marks the current span as failed by an exception that does not leave it.
  def self.record_error(error)
    span = OpenTelemetry::Trace.current_span
    span.record_exception(error)
    span.set_attribute("error.type", error.class.name)
    span.status = OpenTelemetry::Trace::Status.error(error.message)
  end

  # Decoded here: the values in the variable are percent-encoded.
  def self.resource_attributes
    pairs = ENV.fetch("OTEL_RESOURCE_ATTRIBUTES", "").split(",").map { |pair| pair.split("=", 2) }
    pairs.select { |pair| pair.size == 2 }.to_h { |key, value| [key.strip, CGI.unescape(value.strip.gsub("+", "%2B"))] }
  end

  def self.copy_baggage(keys)
    # The exporter that the environment names is there already; a processor of one's own would have replaced it.
    OpenTelemetry.tracer_provider.add_span_processor(BaggageToAttributes.new(keys)) unless keys.empty?
  end

  def self.text(message)
    message.is_a?(Exception) ? message.full_message(highlight: false) : message.to_s
  end

  private_class_method :json_line, :add_ids_to_logs, :resource_attributes, :copy_baggage, :text

  # What a formatter made of a message, whichever it is, with the ids of the trace and span that it belongs to.
  module IdsInLines
    private

    def format_message(...)
      line = super
      ids = Tracing.ids
      return line if ids.empty? || !line.is_a?(String) || line.include?("trace_id")

      body = line.chomp
      rest = line[body.size..]
      return "#{body} trace_id=#{ids[:trace_id]} span_id=#{ids[:span_id]}#{rest}" unless body.match?(/\A\{.+\}\z/m)

      "#{body.chop},#{JSON.generate(ids)[1..]}#{rest}"
    end
  end

  # Only the keys that are asked for: baggage may hold anything that a caller liked to say.
  class BaggageToAttributes < OpenTelemetry::SDK::Trace::SpanProcessor
    def initialize(keys)
      super()
      @keys = keys
    end

    def on_start(span, parent_context)
      @keys.each do |key|
        value = OpenTelemetry::Baggage.value(key, context: parent_context)
        span.set_attribute(key, value) if value
      end
    end
  end
end
