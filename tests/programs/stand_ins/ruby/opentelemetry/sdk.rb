# frozen_string_literal: true

# Stands in for opentelemetry-sdk: see ../../README.md.
require "json"
require "logger"
require "securerandom"

module OpenTelemetry
  class << self
    attr_accessor :logger

    def tracer_provider = SDK::Trace::PROVIDER
    def propagation = Propagation
  end

  # Values by key, one stack a thread.
  class Context
    def self.current = (Thread.current[:stand_in] ||= [{}]).last

    def self.with_current(context)
      current
      Thread.current[:stand_in].push(context)
      yield
    ensure
      Thread.current[:stand_in].pop
    end
  end

  module Baggage
    def self.values(context: Context.current) = context[:baggage] || {}
    def self.value(key, context: Context.current) = values(context: context)[key]
    def self.set_value(key, value) = Context.current.merge(baggage: values.merge(key => value))
  end

  module Propagation
    def self.inject(headers)
      span = Trace.current_span.context
      headers["traceparent"] = "00-#{span.hex_trace_id}-#{span.hex_span_id}-01" if span.valid?
    end

    def self.extract(headers)
      _, trace_id, span_id = headers["traceparent"].to_s.split("-")
      trace_id ? Context.current.merge(span: Trace::Span.new("remote", Trace::Ids.new(trace_id, span_id))) : {}
    end
  end

  module Trace
    Ids = Struct.new(:hex_trace_id, :hex_span_id) do
      def valid? = !hex_trace_id.nil?
    end
    Status = Struct.new(:code, :description) do
      def self.error(description) = new("error", description)
    end

    def self.current_span = Context.current[:span] || Span.new("none", Ids.new)

    Span = Struct.new(:name, :context, :parent, :kind, :attributes, :events, :status) do
      def set_attribute(key, value) = attributes[key] = value
      def add_event(name, attributes: {}) = events << [name, attributes]
      def record_exception(error) = add_event("exception", attributes: { "exception.message" => error.message })
    end
  end

  module SDK
    module Resources
      Resource = Struct.new(:attributes) do
        def self.create(attributes) = new(attributes)
      end
    end

    # What a service configures.
    class Configurator
      attr_writer :resource

      def use_all(options) = TRACED.merge!(options)
    end
    TRACED = {}.dup

    def self.configure = yield(Configurator.new)

    module Trace
      class SpanProcessor; end

      # Keeps spans until it is shut down.
      class Provider
        def initialize
          @spans = Queue.new
          @processors = []
        end

        def tracer(_name) = self
        def add_span_processor(processor) = @processors << processor

        def in_span(name, attributes: {}, kind: :internal)
          parent = OpenTelemetry::Trace.current_span.context
          ids = OpenTelemetry::Trace::Ids.new(parent.hex_trace_id || SecureRandom.hex(16), SecureRandom.hex(8))
          span = OpenTelemetry::Trace::Span.new(name, ids, parent.hex_span_id, kind, attributes.dup, [])
          @processors.each { |each| each.on_start(span, Context.current) }
          Context.with_current(Context.current.merge(span: span)) { yield(span) }
        rescue StandardError => e
          span.record_exception(e)
          raise
        ensure
          @spans << span
        end

        def shutdown(timeout:)
          lines = Array.new(@spans.size) { line(@spans.pop, timeout) }
          File.write(ENV.fetch("STAND_IN_SPANS"), lines.join("\n"))
        end

        def line(span, timeout)
          ids = { traceId: span.context.hex_trace_id, spanId: span.context.hex_span_id }
          JSON.generate(ids.merge(name: span.name, parent: span.parent, attributes: span.attributes, timeout: timeout))
        end
      end
      PROVIDER = Provider.new
    end
  end
end
